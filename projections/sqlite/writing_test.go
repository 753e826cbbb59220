package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// What [Conn.Commit] writes is whole for those who read meanwhile, also if the cache is too small
// for the transaction, if the WAL becomes longer than its index, and if it is moved. It is there
// when the file is opened again.
func TestCommitsAreWhole(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "test.db")
	create, err := Open(name, Creating, 1, `PRAGMA page_size = 512; PRAGMA journal_mode = WAL`)
	if err != nil {
		t.Fatal(err)
	}
	const rows, commits = 200, 120
	c := create.Conns[0]
	if err := c.Script(`CREATE TABLE numbers (key INTEGER PRIMARY KEY, number INTEGER NOT NULL, filling BLOB NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	for key := range rows {
		if _, err := c.Exec(`INSERT INTO numbers VALUES (?, 0, zeroblob(300))`, key); err != nil {
			t.Fatal(err)
		}
	}
	if err := create.Close(); err != nil {
		t.Fatal(err)
	}
	writer, err := Open(name, Writing, 2, `PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 50`)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := Open(name, ReadOnly, 1, `PRAGMA cache_size = 10`)
	if err != nil {
		t.Fatal(err)
	}
	requireNumber := func(c *Conn) (least int64) {
		t.Helper()
		var most, n int64
		err := c.Row([]any{Number(&least), Number(&most), Number(&n)}, `SELECT min(number), max(number), count(filling) FROM numbers`)
		if err != nil || least != most || n != rows {
			t.Errorf("numbers from %d to %d in %d rows: %v", least, most, n, err)
		}
		return least
	}
	ended := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for last := int64(0); ; {
			select {
			case <-ended:
				return
			default:
			}
			now := requireNumber(reader.Conns[0])
			if now < last {
				t.Errorf("%d after %d", now, last)
			}
			last = now
		}
	})
	others.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
			}
			if _, _, err := writer.Conns[1].MoveWAL(); err != nil && !Passes(err) {
				t.Error(err)
			}
		}
	})
	wal, err := OpenWAL(name)
	if err != nil {
		t.Fatal(err)
	}
	c = writer.Conns[0]
	longest := int64(0)
	for n := range commits {
		if n == commits/2 { // from here on the WAL is not moved, and gets a second page of its index
			close(ended)
			others.Wait()
		}
		if err := c.Script(`BEGIN IMMEDIATE`); err != nil {
			t.Fatal(err)
		}
		for range 2 { // pages that had no room in the cache are written again
			if _, err := c.Exec(`UPDATE numbers SET number = ?, filling = zeroblob(300)`, n+1); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Commit(); err != nil {
			t.Fatal(err)
		}
		if got := requireNumber(c); got != int64(n+1) {
			t.Fatalf("commit %d: %d", n, got)
		}
		if n >= commits/2 {
			if got := requireNumber(reader.Conns[0]); got != int64(n+1) {
				t.Fatalf("commit %d: others read %d", n, got)
			}
		}
		frames, err := wal.Frames()
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, frames)
	}
	if longest < 2*4096 {
		t.Errorf("the WAL had at most %d frames, fewer than two pages of its index", longest)
	}
	left := filepath.Join(t.TempDir(), "left.db") // as after a kill
	for _, end := range parts[:3] {
		content, err := os.ReadFile(name + end)
		if err == nil {
			err = os.WriteFile(left+end, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(reader.Close(), writer.Close(), wal.Close()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{name, left} {
		if err := CheckWAL(file); err != nil {
			t.Error(err)
		}
		f, err := Open(file, Writing, 1, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := requireNumber(f.Conns[0]); got != commits {
			t.Errorf("%s: %d", file, got)
		}
		found, err := f.Conns[0].QuickCheck(context.Background())
		if err := errors.Join(err, f.Close()); err != nil || len(found) > 0 {
			t.Error(found, err)
		}
	}
}
