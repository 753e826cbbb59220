package collector

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"testing"
	"time"
)

// set returns the collector's settings.
func set() (percent int, limit int64) {
	now := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(now)
	return int(now[0].Value.Uint64()), debug.SetMemoryLimit(-1)
}

// asked is the environment variable by which a test makes this program print its settings.
const asked = "MUSTER_COLLECTOR_TEST"

func TestMain(m *testing.M) {
	limit, ok := os.LookupEnv(asked)
	if !ok {
		os.Exit(m.Run())
	}
	tune(func() (uint64, error) { return strconv.ParseUint(limit, 10, 64) })
	for range 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	fmt.Println(set())
}

// settingsOf returns the settings of a process with the environment, in a control group
// with the limit.
func settingsOf(t *testing.T, limit string, environment ...string) (percent int, bytes int64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(environment, asked+"="+limit)
	out, err := cmd.Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), &percent, &bytes)
	}
	if err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return percent, bytes
}

func TestSettings(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		limit       string
		environment []string
		percent     int
		bytes       int64
	}{
		{"none", nil, 1600, math.MaxInt64},
		{"1073741824", nil, 1600, gib / 100 * 70},
		{"1073741824", []string{"GOGC=50"}, 50, gib / 100 * 70},
		{"1073741824", []string{"GOMEMLIMIT=2GiB"}, 1600, 2 * gib},
		{"1073741824", []string{"GOGC=50", "GOMEMLIMIT=2GiB"}, 50, 2 * gib},
		{"1073741824", []string{"GOGC=off", "GOMEMLIMIT=off"}, -1, math.MaxInt64},
	} {
		percent, bytes := settingsOf(t, c.limit, c.environment...)
		if percent != c.percent || bytes != c.bytes {
			t.Errorf("with %v and the limit %s: GOGC is %d and GOMEMLIMIT %d, want %d and %d", c.environment, c.limit, percent, bytes, c.percent, c.bytes)
		}
	}
}

// The room follows the heap: a small heap may grow many times over, a large one doubles.
func TestRoom(t *testing.T) {
	follow(true)
	until(t, func(percent int) bool { return percent > 4*byDefault })
	large := make([]byte, 2*Room)
	until(t, func(percent int) bool { return percent == byDefault })
	runtime.KeepAlive(large)
	until(t, func(percent int) bool { return percent > 4*byDefault })
}

// until collects until the setting is as expected.
func until(t *testing.T, expected func(percent int) bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); runtime.Gosched() {
		runtime.GC()
		if percent, _ := set(); expected(percent) {
			return
		}
	}
	percent, _ := set()
	t.Errorf("GOGC is %d", percent)
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 1600}, {4 << 20, 1600}, {32 << 20, 200}, {64 << 20, 100}, {1 << 30, 100}} {
		if got := percent(c.live); got != c.want {
			t.Errorf("%d bytes alive: %d, want %d", c.live, got, c.want)
		}
	}
}

func TestCollected(t *testing.T) {
	follow(true)
	for range 3 {
		for len(collected) > 0 {
			<-collected
		}
		runtime.GC()
		select {
		case <-Collected():
		case <-time.After(10 * time.Second):
			t.Fatal("a collection was not told of")
		}
	}
}
