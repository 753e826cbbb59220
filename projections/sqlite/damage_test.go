package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// An index of some rows that has another one besides is found, although SQLite's own check
// does not look for that.
func TestPartialIndexes(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "numbers.db")
	open := func() *File {
		t.Helper()
		f, err := Open(name, Creating, 1, "")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := open()
	if err := f.Conns[0].Script(`CREATE TABLE numbers (key INTEGER PRIMARY KEY, name TEXT);
		CREATE INDEX some ON numbers (name) WHERE key > 0; CREATE INDEX every ON numbers (name);
		INSERT INTO numbers VALUES (1, 'one'), (2, 'two')`); err != nil {
		t.Fatal(err)
	}
	if found, err := f.Conns[0].CheckIndexes(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("whole: %q, %v", found, err)
	}
	// From now on the index claims to have only one of the rows that it has.
	if err := f.Conns[0].Script(`PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '> 0', '> 1')`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	c := closed(t, open())
	if found, err := c.CheckIndexes(t.Context()); err != nil || len(found) != 1 || !strings.Contains(found[0], "index some: it has 2 rows of 1") {
		t.Errorf("with another row: %q, %v", found, err)
	}
	found, err := c.Check(t.Context(), "numbers")
	t.Logf("integrity_check: %q, %v", found, err)
}

// Rows that are written while an index is checked are no damage.
func TestIndexesAreCheckedWhileRowsAreWritten(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "numbers.db")
	writing, err := Open(name, Creating, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := writing.Conns[0].Script(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE numbers (key INTEGER PRIMARY KEY, name TEXT);
		CREATE INDEX some ON numbers (name) WHERE key > 0;
		INSERT INTO numbers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, 'n' FROM n`); err != nil {
		t.Fatal(err)
	}
	checking, err := Open(name, ReadOnly, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	checked := make(chan struct{})
	go func() {
		defer close(checked)
		for range 20 {
			if found, err := checking.Conns[0].CheckIndexes(t.Context()); err != nil || len(found) != 0 {
				t.Errorf("%q, %v", found, err)
				return
			}
		}
	}()
	for done := false; !done; {
		if err := writing.Conns[0].Script(`INSERT INTO numbers (name) VALUES ('n')`); err != nil {
			t.Error(err)
		}
		select {
		case <-checked:
			done = true
		default:
		}
	}
	if err := errors.Join(checking.Close(), writing.Close()); err != nil {
		t.Error(err)
	}
}
