package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// leftWAL returns a copy of a database whose process was killed. The WAL has a commit for each
// of the numbers from 1 to 20, of which SQLite has moved those up to the given one to the file.
func leftWAL(t *testing.T, moved int) (file string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "numbers.db")
	f, err := Open(name, Creating, 2, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0")
	if err != nil {
		t.Fatal(err)
	}
	closed(t, f)
	writer, reader := f.Conns[0], f.Conns[1]
	var n int
	if err := writer.Script(`CREATE TABLE numbers (key INTEGER PRIMARY KEY); PRAGMA wal_checkpoint(RESTART)`); err != nil {
		t.Fatal(err)
	}
	for key := 1; key <= 20; key++ {
		if _, err := writer.Exec(`INSERT INTO numbers VALUES (?)`, key); err != nil {
			t.Fatal(err)
		}
		if key == moved {
			// While this reader reads, the WAL does not begin again.
			if _, err := reader.Exec(`BEGIN`); err != nil {
				t.Fatal(err)
			}
			if err := reader.Row([]any{&n}, `SELECT count(*) FROM numbers`); err != nil {
				t.Fatal(err)
			}
			if err := writer.Row([]any{&n, &n, &n}, `PRAGMA wal_checkpoint`); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := filepath.Join(t.TempDir(), "left.db")
	for _, end := range parts[:3] {
		b, err := os.ReadFile(name + end)
		if err == nil {
			err = os.WriteFile(left+end, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return left
}

// A power cut may take the last frames, which were not flushed. That is no damage, whatever
// the index says, and the database is as it was some commits ago. A frame that was moved
// to the file cannot be missing without damage, nor is one before others.
func TestALostEndOfTheWALIsNoDamage(t *testing.T) {
	t.Parallel()
	const frame = frameHeader + 4096
	cut := func(frames int64) func(*testing.T, string) {
		return func(t *testing.T, wal string) {
			t.Helper()
			if err := os.Truncate(wal, walHeader+frames*frame); err != nil {
				t.Fatal(err)
			}
		}
	}
	zero := func(at int64) func(*testing.T, string) {
		return func(t *testing.T, wal string) {
			t.Helper()
			f, err := os.OpenFile(wal, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt(make([]byte, frame), walHeader+at*frame)
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := func(*testing.T, string) {}
	for name, c := range map[string]struct {
		moved    int
		withhold bool // the index
		harm     func(*testing.T, string)
		damaged  bool
		rows     int
	}{
		"whole":                                    {0, false, nothing, false, 20},
		"whole, without an index":                  {0, true, nothing, false, 20},
		"the end is missing":                       {0, false, cut(15), false, 15},
		"everything is missing":                    {0, false, cut(0), false, 0},
		"the last is zero":                         {0, false, zero(19), false, 19},
		"one before others is zero":                {0, false, zero(15), true, 0},
		"the end is missing behind what was moved": {8, false, cut(8), false, 8},
		"one is zero behind what was moved":        {8, false, zero(12), true, 0},
		"the last that was moved is missing":       {8, false, cut(7), true, 0},
		"one that was moved is zero":               {8, false, zero(3), true, 0},
		"the last of all, which were moved":        {20, false, cut(19), true, 0},
		"the end is missing, without an index":     {0, true, cut(15), false, 15},
		"one before others, and there is no index": {0, true, zero(15), true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := leftWAL(t, c.moved)
			if c.withhold {
				if err := os.Remove(file + "-shm"); err != nil {
					t.Fatal(err)
				}
			}
			c.harm(t, file+"-wal")
			err := CheckWAL(file)
			if c.damaged {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("it is no damage: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			f, err := Open(file, ReadOnly, 1, "")
			if err != nil {
				t.Fatal(err)
			}
			conn := closed(t, f)
			var rows int
			if err := conn.Row([]any{&rows}, `SELECT count(*) FROM numbers`); err != nil || rows != c.rows {
				t.Errorf("%d rows of %d: %v", rows, c.rows, err)
			}
			if found, err := conn.QuickCheck(t.Context()); err != nil || len(found) > 0 {
				t.Errorf("%q, %v", found, err)
			}
		})
	}
}
