package sqlite

import (
	"path/filepath"
	"testing"
)

// numbers opens a file with the table numbers, which has the keys from 1 to n.
func numbers(t *testing.T, n, conns int) *File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "numbers.db")
	file, err := Open(name, Creating, 1, "PRAGMA journal_mode = WAL")
	if err != nil {
		t.Fatal(err)
	}
	c := file.Conns[0]
	if err := c.Script(`CREATE TABLE numbers (key INTEGER PRIMARY KEY, name TEXT)`); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(`WITH RECURSIVE r (key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM r WHERE key < ?)
		INSERT INTO numbers SELECT key, 'n' || key FROM r`, n); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if file, err = Open(name, ReadOnly, conns, "PRAGMA query_only = ON"); err != nil {
		t.Fatal(err)
	}
	return file
}

// closed closes the file at the end of the test.
func closed(t *testing.T, file *File) *Conn {
	t.Helper()
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return file.Conns[0]
}
