package projections

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-dev/muster/projections/sqlite"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	h := newHistory(4)
	h.do(t, createOrganization(orgID(1), 1))
	script := func(text string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			file, err := sqlite.Open(filepath.Join(dir, File), sqlite.Creating, 1, text)
			if err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	made := func(more func(t *testing.T, dir string)) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := rebuild(Options{Dir: dir, Partitions: 4}, h.replay(nil)); err != nil {
				t.Fatal(err)
			}
			more(t, dir)
		}
	}
	write := func(content string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, File), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name       string
		given      func(t *testing.T, dir string)
		partitions int
		err        error
	}{
		{"no file", func(*testing.T, string) {}, 4, ErrNeedsRebuild},
		{"an empty file", write(""), 4, ErrForeignFile},
		{"another schema", made(script(fmt.Sprintf("PRAGMA user_version = %d", schemaNumber+1))), 4, ErrNeedsRebuild},
		{"other partitions", made(func(*testing.T, string) {}), 8, ErrNeedsRebuild},
		{"another program's database", script("CREATE TABLE photos (id INTEGER)"), 4, ErrForeignFile},
		{"no database", write("Dear diary, this is not a database, and longer than its header is."), 4, ErrForeignFile},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Dir: t.TempDir(), Partitions: c.partitions}
			c.given(t, o.Dir)
			if _, err := Open(o); !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			before, _ := os.ReadFile(filepath.Join(o.Dir, File))
			h := newHistory(c.partitions)
			if err := rebuild(o, h.replay(nil)); err != nil {
				t.Errorf("rebuilding: %v", err)
			}
			aside, err := os.ReadFile(filepath.Join(o.Dir, AsideDir, File))
			switch {
			case !errors.Is(c.err, ErrForeignFile) && !errors.Is(err, os.ErrNotExist):
				t.Errorf("it is set aside: %v", err)
			case errors.Is(c.err, ErrForeignFile) && !bytes.Equal(aside, before):
				t.Errorf("what is set aside is not what was there: %v", err)
			}
		})
	}
	for _, partitions := range []int{0, MaxPartitions + 1} {
		if _, err := Open(Options{Dir: t.TempDir(), Partitions: partitions}); err == nil {
			t.Errorf("%d partitions: no error", partitions)
		}
	}
}

// Nobody but the owner reads the files, whatever mode they had before.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	h := newHistory(4)
	h.do(t, createOrganization(orgID(1), 1))
	o := Options{Dir: t.TempDir(), Partitions: 4}
	if err := rebuild(o, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	private := func() {
		t.Helper()
		files, err := os.ReadDir(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s is %v, %v", f.Name(), info.Mode(), err)
			}
		}
	}
	private()
	if err := os.Chmod(filepath.Join(o.Dir, File), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	private() // and what SQLite has put beside it
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}
