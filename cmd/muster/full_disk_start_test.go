package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStartOnFullDisk starts a service whose disk is full. It stays, says why it is not ready,
// and goes on once there is room, whether the read models are there or must be rebuilt.
func TestStartOnFullDisk(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]string{"with read models": "no space left", "without": "disk is full"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := onTmpfs(t)
			dir, filler := filepath.Join(top, "data"), filepath.Join(top, "filler")
			p := serving(t, dir, "--partitions", "2", nativeOnly)
			d := &fullDisk{process: p, site: p.api.found()}
			for range 20 {
				d.write()
			}
			p.stop()
			if name == "without" {
				if err := os.Remove(filepath.Join(dir, "read-models.db")); err != nil {
					t.Fatal(err)
				}
			}
			fill(t, filler)
			p.start()
			p.saysWhy(why)
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			p.ready()
			if n := strings.Count(p.log.String(), "the read models cannot be opened"); n != 1 {
				t.Errorf("it was logged %d times", n)
			}
			d.again()
			d.check(dir)
		})
	}
}

// saysWhy waits until /readyz says 503 and why, and checks that it goes on saying that.
func (p *process) saysWhy(why string) {
	p.t.Helper()
	const long = 2500 * time.Millisecond // enough for several attempts
	var said time.Time
	for deadline := time.Now().Add(patience); said.IsZero() || time.Since(said) < long; time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.ended:
			p.t.Fatalf("it has ended:\n%s", p.log.last(3))
		default:
		}
		r, err := p.api.do("GET", "/readyz", "")
		says := err == nil && r.status == http.StatusServiceUnavailable && strings.Contains(string(r.body), why)
		switch {
		case says && said.IsZero():
			said = time.Now()
		case !says && (!said.IsZero() || time.Now().After(deadline)):
			p.t.Fatalf("it does not say why: %d %s %v", r.status, r.body, err)
		}
	}
}
