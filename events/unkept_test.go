package events

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/store"
)

// A partition takes no commands while its feed has events that the log lacks and that
// cannot be kept, and takes them as soon as they were kept.
func TestCommandsWaitUntilWhatTheLogLacksIsKept(t *testing.T) {
	whole := t.TempDir()
	n := start(t, Options{Dir: whole, Partitions: 1})
	a := found(t, n)
	fed := func() {
		t.Helper()
		if err := n.WaitFor(t.Context(), must(t, n, a.add()).Position); err != nil {
			t.Fatal(err)
		}
	}
	fed()
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() // with the older log and the newer feed
	if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
		t.Fatal(err)
	}
	n = start(t, Options{Dir: whole, Partitions: 1})
	fed()
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	feed := func(dir string) string {
		paths, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "*", "streams", store.FeedStream(0)))
		if err != nil || len(paths) != 1 {
			t.Fatalf("%v, %v", paths, err)
		}
		return paths[0]
	}
	old := feed(dir)
	if err := os.RemoveAll(old); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(old, os.DirFS(feed(whole))); err != nil {
		t.Fatal(err)
	}
	obstacle := filepath.Join(dir, "set-aside")
	if err := os.WriteFile(obstacle, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n = start(t, Options{Dir: dir, Partitions: 1})
	eventually := func(what string, holds func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("never: %s", what)
			}
		}
	}
	eventually("commands are refused", func() bool { return n.Ready(t.Context()) != nil })
	if _, err := n.Run(t.Context(), a.add()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a command was taken: %v", err)
	}
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	eventually("commands are taken", func() bool { return n.Ready(t.Context()) == nil })
	fed()
	if kept, err := filepath.Glob(filepath.Join(dir, "set-aside", "*.jsonl")); err != nil || len(kept) != 1 {
		t.Errorf("%v, %v", kept, err)
	}
}
