package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	_ "unsafe" // for erasureStep

	"github.com/muster-dev/muster/projections"
)

// erasureStep is the variable of package worker that is called after each step of an erasure. It
// cannot be set from outside of tests.
//
//go:linkname erasureStep github.com/muster-dev/muster/transport/worker.erasureStep
var erasureStep func(step string)

// killVariable is the environment variable with the name of a file. A process of this test binary
// kills itself after the step of an erasure that the file names, and removes the file before.
const killVariable = "MUSTER_TEST_KILL_ERASURE"

// killErasure makes the process kill itself as the environment says.
func killErasure() {
	file := os.Getenv(killVariable)
	if file == "" {
		return
	}
	erasureStep = func(step string) {
		if wanted, err := os.ReadFile(file); err != nil || string(wanted) != step || os.Remove(file) != nil {
			return
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// TestErasureSurvivesKills kills a service after each step of an erasure. The next start finishes it:
// nothing shows the profile, neither it nor its key is in any file, and the log is whole.
func TestErasureSurvivesKills(t *testing.T) {
	t.Parallel()
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "kill")
	p := newProcess(t, dir, "--partitions", "1", nativeOnly)
	p.env = []string{killVariable + "=" + file}
	p.start()
	p.ready()
	s := p.api.found()
	var erased []canary
	for _, step := range []string{"requested", "noted", "destroyed", "wiped", "recorded"} {
		c := newCanary()
		c.enter(p.api, s)
		erased = append(erased, c)
		traced(t, []canary{c}, dir)
		secrets := secretsIn(t, dir)
		writeFile(t, file, []byte(step))
		// It may be killed before it responds.
		if r, err := p.api.do("POST", c.path(s)+"/erase", ""); err == nil && r.status != 202 && r.status != 200 {
			t.Fatalf("%s: erasing: %d: %s", step, r.status, r.body)
		}
		select {
		case <-p.ended:
		case <-time.After(patience):
		}
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("it was not killed after %q: %v", step, err)
		}
		p.kill() // it is dead
		p.api.http.CloseIdleConnections()
		verified(t, "--data", dir)
		if step == "noted" { // they are made again, with a key that is still to be destroyed
			for _, name := range []string{projections.File, projections.HistoryFile} {
				for _, suffix := range []string{"", "-wal", "-shm"} {
					if err := os.Remove(filepath.Join(dir, name+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
						t.Fatal(err)
					}
				}
			}
		}
		p.start()
		p.ready()
		c.unshown(p.api, s, "")
		c.erase(p.api, s)
		c.tombstones(t, p.api.history(s))
		untraced(t, "killed after "+step+", running", erased, dir)
		secret := secrets[c.keyOf(p.api, s)]
		if len(secret) != 32 {
			t.Fatalf("%s: the key was not there before the erasure", step)
		}
		for _, place := range trace(t, [][]byte{secret}, dir) {
			t.Errorf("killed after %s: the key: %s", step, place)
		}
	}
	p.stop()
	untraced(t, "stopped", erased, dir)
	verified(t, "--data", dir)
}
