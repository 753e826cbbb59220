package events

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// A directory is refused by another process, with other options, and over another log or
// none.
func TestRefusedDirectories(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 2})
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 2}); !errors.Is(err, store.ErrDirectoryInUse) {
		t.Fatalf("second process: %v", err)
	}
	found(t, n)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 3}); !errors.Is(err, store.ErrOtherPartitions) || !strings.Contains(err.Error(), "--partitions 2") {
		t.Fatalf("other partitions: %v", err)
	}
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 2, URL: "nats://127.0.0.1:1"}); !errors.Is(err, store.ErrOtherMode) {
		t.Fatalf("other mode: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "jetstream")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first try must not have made an empty log
		if _, err := tryStart(t, Options{Dir: dir, Partitions: 2}); !errors.Is(err, store.ErrLogMissing) {
			t.Fatalf("the log taken away: %v", err)
		}
	}
	url := natstest.Outside(t)
	other := t.TempDir()
	if err := start(t, Options{Dir: other, URL: url}).end(); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Options{Dir: other}); !errors.Is(err, store.ErrOtherMode) {
		t.Fatalf("external directory, started embedded: %v", err)
	}
	elsewhere := natstest.Outside(t)
	if _, err := tryStart(t, Options{Dir: other, URL: elsewhere}); !errors.Is(err, store.ErrLogMissing) {
		t.Fatalf("an empty server: %v", err)
	}
	start(t, Options{Dir: t.TempDir(), URL: elsewhere})
	if _, err := tryStart(t, Options{Dir: other, URL: elsewhere}); !errors.Is(err, store.ErrOtherLog) {
		t.Fatalf("another log: %v", err)
	}
}

// A log that was put back to an older state is refused, by its mark and by the read
// models.
func TestTruncatedLogIsRefused(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 2})
	a := found(t, n)
	p := n.Partition(a.org)
	end, err := n.Tip(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(dir, "jetstream"))); err != nil {
		t.Fatal(err)
	}
	n = start(t, Options{Dir: dir, Partitions: 2})
	if err := n.fold.WaitFor(t.Context(), must(t, n, a.add()).Position); err != nil {
		t.Fatal(err)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	last := n.fold.applied
	if err := os.RemoveAll(filepath.Join(dir, "jetstream")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "jetstream"), os.DirFS(copied)); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 2}); !errors.Is(err, store.ErrTruncated) {
		t.Fatalf("a log cut short: %v", err)
	}
	// A read model that knows more than the log is refused even without the mark.
	for _, name := range []string{"high-water", "high-water.recent"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Open(t.Context(), Options{Dir: dir, Partitions: 2, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := l.Follow(t.Context(), last, newFold(2)); !errors.Is(err, store.ErrTruncated) {
		t.Fatalf("a checkpoint behind the end: %v", err)
	}
	if err := l.Ready(t.Context()); !errors.Is(err, store.ErrTruncated) {
		t.Fatalf("ready: %v", err)
	}
	var stopped *StoppedError
	if err := l.Stopped(); !errors.As(err, &stopped) || stopped.After != end || strings.Count(err.Error(), store.ErrTruncated.Error()) != 1 {
		t.Fatalf("not said once that it has stopped after %s: %v", end, err)
	}
}
