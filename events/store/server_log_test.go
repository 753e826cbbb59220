package store

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/events/credentials"
)

// lockedBuilder is a [strings.Builder] that several goroutines write.
type lockedBuilder struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuilder) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Each kind of line has a quota of its own, and how many lines were left out is said when its
// time is over, also if no other comes.
func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged lockedBuilder
		log := newServerLog(slog.New(slog.NewTextHandler(&logged, nil)), func(error) {})
		for i := range 1000 { // while the server starts
			log.Errorf(fmt.Sprintf(`127.0.0.1:%d - cid:%d - %%s`, i, i), "authentication error")
		}
		log.open()
		for i := range 1000 {
			log.Errorf(fmt.Sprintf(`127.0.0.1:%d - cid:%d - "v%d:go:app" - "SUBSCRIBERS/user:%d" - Publish Violation - Subject %%q`, i, i, i, i), uuid.NewString())
			log.Warnf("%s - %s", "stream", fmt.Errorf("slow by %d ms", i))
		}
		log.Errorf("JetStream out of space, will be DISABLED")
		count := func(what string, want int) {
			t.Helper()
			if got := strings.Count(logged.String(), what); got != want {
				t.Errorf("%q is logged %d times, not %d:\n%s", what, got, want, logged.String())
			}
		}
		count("authentication error", quotaLines)
		count("Publish Violation", quotaLines)
		count("slow by", quotaLines)
		count("will be DISABLED", 1)
		count("left_out", 0)
		time.Sleep(quotaTime)
		synctest.Wait()
		count(`level=ERROR msg="jetstream says more of this kind than is logged" kind="authentication error" left_out=990`, 1)
		count(`level=ERROR msg="jetstream says more of this kind than is logged" kind="Publish Violation - Subject" left_out=990`, 1)
		count(`level=WARN msg="jetstream says more of this kind than is logged" kind="stream - slow by" left_out=990`, 1)
		for range 2 * quotaLines {
			log.Errorf("authentication error")
		}
		count("says=\"authentication error\"", quotaLines)
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		count("left_out=10", 1)
	})
}

// However many kinds there are, few lines are logged, and what could not be written is.
func TestManyKinds(t *testing.T) {
	var logged strings.Builder
	var failed int
	log := newServerLog(slog.New(slog.NewTextHandler(&logged, nil)), func(error) { failed++ })
	log.open()
	for i := range 100_000 {
		log.Errorf("%s", strings.Repeat(string(rune('a'+i%26)), i%100))
	}
	for range 100 {
		log.Warnf("Filesystem permission denied while writing msg, disabling JetStream: %v", "it is read-only")
	}
	if lines := strings.Count(logged.String(), "\n"); lines > (maxKinds+2)*quotaLines || len(log.quotas.kinds) > maxKinds+2 {
		t.Errorf("%d lines of %d kinds are logged", lines, len(log.quotas.kinds))
	}
	if n := strings.Count(logged.String(), "read-only"); n != quotaLines || failed != 100 {
		t.Errorf("what could not be written is logged %d times and told %d times", n, failed)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}

// Lines have a limited length, and what a client says of itself cannot make them longer or
// hide what the server says.
func TestLongLines(t *testing.T) {
	var logged strings.Builder
	log := newServerLog(slog.New(slog.NewTextHandler(&logged, nil)), func(error) {})
	log.open()
	subject := strings.Repeat("a.", 1500)
	for _, name := range []string{"app", strings.Repeat("n", 3000), strings.Repeat("%[1]999999s", 300), strings.Repeat(`x" - `, 500)} {
		log.Errorf(fmt.Sprintf("[::1]:4222 - cid:5 - %q - %q - Publish Violation - Subject %%q", name, "A/user:u"), subject)
	}
	lines := strings.Split(strings.TrimSpace(logged.String()), "\n")
	if len(lines) != 4 {
		t.Fatal(logged.String())
	}
	for _, line := range lines {
		if !strings.Contains(line, "cid:5 - ") || !strings.Contains(line, "Publish Violation - Subject") || len(line) > 2*(maxClient+maxComplaint) {
			t.Errorf("%d bytes: %s", len(line), line)
		}
	}
}

// A client of the embedded server can neither fill the log nor make Muster believe that the
// log cannot be written.
func TestClientsInTheLog(t *testing.T) {
	var logged lockedBuilder
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Partitions: 1, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	user := uuid.NewString()
	s.Door().Admit(credentials.Lookup{
		Find: func(name string) (credentials.Subscriber, bool, error) {
			return credentials.Subscriber{Stream: FeedStream(0), Consumer: "c", Secret: credentials.Hash("secret")}, name == user, nil
		},
		CatchUp: func() error { return nil },
	})
	var failed atomic.Int32
	s.server.stop()
	s.server.failed = func(error) { failed.Add(1) }
	if err := s.server.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	const forged = "JetStream out of space, will be DISABLED"
	for range 3 * quotaLines {
		if nc, err := nats.Connect(s.PublicURLs()[0], nats.UserInfo(forged, "wrong")); err == nil {
			nc.Close()
			t.Fatal("anybody is let in")
		}
	}
	nc, err := nats.Connect(s.PublicURLs()[0], nats.UserInfo(user, "secret"), nats.Name(forged), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), nats.NoReconnect())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	subject := strings.Repeat("a", 3000)
	for range 100 {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	_ = nc.Flush() // an error if the server has closed the connection
	s.server.stop()
	text := logged.String()
	if failed.Load() != 0 {
		t.Errorf("a client made the server say that it cannot write: %s", text)
	}
	if n := strings.Count(text, "authentication error"); n < quotaLines || n > quotaLines+1 {
		t.Errorf("wrong logins have %d lines: %s", n, text)
	}
	if n := strings.Count(text, "Publish Violation"); n < quotaLines || n > quotaLines+1 || len(text) > 64<<10 {
		t.Errorf("forbidden subjects have %d lines of %d bytes: %s", n, len(text), text)
	}
	if strings.Count(text, "left_out") != 2 {
		t.Errorf("it is not said how much was left out: %s", text)
	}
	if err := s.server.open(t.Context()); err != nil {
		t.Fatal(err)
	}
}
