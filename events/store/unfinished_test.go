package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-dev/muster/events/wire"
)

// A directory that is being made is opened by nobody else.
func TestUnfinished(t *testing.T) {
	dir := t.TempDir()
	if err := MarkUnfinished(dir); err != nil {
		t.Fatal(err)
	}
	o := Options{Dir: dir, Partitions: 1, Logger: quiet()}
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrUnfinished) {
		t.Errorf("for writing: %v", err)
	}
	making := o
	making.Unfinished = true
	s, err := Open(t.Context(), making)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.ReadOnly = true
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrUnfinished) {
		t.Errorf("for reading: %v", err)
	}
	if err := MarkFinished(dir); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWithin(t *testing.T) {
	top := t.TempDir()
	data := filepath.Join(top, "data")
	for _, dir := range []string{data, filepath.Join(data, "jetstream"), filepath.Join(top, "database")} {
		if err := os.Mkdir(dir, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(data, filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"data": true, "data/new": true, "data/jetstream/a/b": true, "link/new": true, "data/../data/new": true,
		"database": false, "database/new": false, "new": false, "data/../new": false, ".": false,
	} {
		if got := Within(filepath.Join(top, path), data); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if Within(top, "") || Within(data, filepath.Join(top, "nowhere")) {
		t.Error("within a directory that is not there")
	}
}

// A restore that was killed before it had begun is no reason to refuse.
func TestRestoreKilledAtItsBeginning(t *testing.T) {
	ends := []wire.Checkpoint{{}}
	for _, again := range []bool{false, true} {
		dir := t.TempDir()
		for _, name := range []string{lockFile, "." + restoreFile + "123"} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r, err := OpenRestore(t.Context(), Options{Dir: dir, Logger: quiet()}, "a-log", ends, again)
		if err != nil {
			t.Fatalf("again is %v: %v", again, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "."+restoreFile+"123")); !os.IsNotExist(err) {
			t.Errorf("what was left is still there: %v", err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{lockFile, "mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenRestore(t.Context(), Options{Dir: dir, Logger: quiet()}, "a-log", ends, true); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("with another file: %v", err)
	}
}
