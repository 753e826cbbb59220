package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

// A file whose last transaction was cut in the middle, so that its journal is still there,
// can be read.
func TestOpenWhole(t *testing.T) {
	dir := t.TempDir()
	name, cut := filepath.Join(dir, "whole.db"), filepath.Join(dir, "cut.db")
	f, err := Open(name, Creating, 1, "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1;")
	if err != nil {
		t.Fatal(err)
	}
	c := f.Conns[0]
	if err := c.Script("CREATE TABLE t (n); BEGIN IMMEDIATE; INSERT INTO t VALUES (1); COMMIT; BEGIN IMMEDIATE; UPDATE t SET n = zeroblob(1000000)"); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-journal"} {
		content, err := os.ReadFile(name + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cut+end, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Script("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err := Open(cut, ReadOnly, 1, "PRAGMA user_version"); err == nil {
		_ = f.Close()
		t.Fatal("the journal is not a hot one: the test proves nothing")
	}
	f, err = OpenWhole(cut)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := f.Conns[0].Row([]any{&n}, "SELECT n FROM t"); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
