package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Files that a power cut has left without their content do not keep a service from
// starting, and do not open its NATS server to everybody.
func TestBlankFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"--partitions", "1", nativeOnly, "--nats-listen", "127.0.0.1:0", "--demo"}
	p := serving(t, dir, args...)
	p.stop()
	for _, content := range [][]byte{nil, make([]byte, 64)} {
		for _, name := range []string{"root-token", "nats-token", "demo.json", "high-water", "read-models.db"} {
			if name == "read-models.db" && content != nil {
				continue // no SQLite database: see the tests of package projections
			}
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p := newProcess(t, dir, args...)
		p.env = []string{"MUSTER_ROOT_TOKEN="}
		p.start()
		select {
		case <-p.log.listening:
		case <-p.ended:
			t.Fatalf("it has ended:\n%s", p.log.last(3))
		}
		for _, name := range []string{"root-token", "nats-token", "demo.json"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || len(text) < 20 || text[0] == 0 {
				t.Errorf("%s has %q: %v", name, text, err)
			}
		}
		p.stop()
	}
}
