package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestRows(t *testing.T) {
	t.Parallel()
	c := closed(t, numbers(t, 3, 1))
	var key int64
	var name string
	if err := c.Row([]any{Number(&key), Text(&name)}, `SELECT key, name FROM numbers WHERE key = +?`, 2); err != nil || key != 2 || name != "n2" {
		t.Errorf("%d, %q, %v", key, name, err)
	}
	if err := c.Row([]any{Number(&key)}, `SELECT key FROM numbers WHERE key = +?`, 9); !errors.Is(err, ErrNotFound) {
		t.Errorf("no row: %v", err)
	}
	if _, err := c.prepared(`SELECT key FROM letters`); err == nil {
		t.Error("a statement about a table that does not exist is prepared")
	}
	if texts := c.Texts(); len(texts) != 2 || !slices.IsSorted(texts) {
		t.Errorf("%q", texts)
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	file, err := Open(filepath.Join(t.TempDir(), "numbers.db"), Creating, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	c := closed(t, file)
	if err := c.Script(`CREATE TABLE numbers (key INTEGER PRIMARY KEY); INSERT INTO numbers VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	if err := c.Change(`UPDATE numbers SET key = ? WHERE key = ?`, 2, 1); err != nil {
		t.Error(err)
	}
	if err := c.Change(`UPDATE numbers SET key = ? WHERE key = ?`, 2, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("no row to change: %v", err)
	}
}

// When the context ends, a statement ends, and the connection goes on.
func TestQueryIsInterrupted(t *testing.T) {
	t.Parallel()
	c := closed(t, numbers(t, 3, 1))
	const forever = `WITH RECURSIVE r (key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM r) SELECT count(*) FROM r`
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var n int64
	err := c.Together(func() error { return c.RowContext(ctx, []any{Number(&n)}, forever) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("counting for ever: %v", err)
	}
	if err := c.Together(func() error { return c.Row([]any{Number(&n)}, `SELECT count(*) FROM numbers`) }); err != nil || n != 3 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	p := NewPool(numbers(t, 1, 2))
	first, err1 := p.Take(t.Context())
	second, err2 := p.Take(t.Context())
	if err1 != nil || err2 != nil || first == second {
		t.Fatal(err1, err2)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Take(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with none left: %v", err)
	}
	p.Give(second)
	if again, err := p.Take(t.Context()); err != nil || again != second {
		t.Errorf("given back: %v", err)
	}
	done := make(chan error)
	go func() { done <- p.Close() }()
	if _, err := p.Take(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	select {
	case err := <-done:
		t.Errorf("closed while connections are in use: %v", err)
	default:
	}
	p.Give(first)
	p.Give(second)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "diary")
	if err := os.WriteFile(name, []byte("Dear diary, this is not a database, and longer than its header is."), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name, ReadOnly, 1, "PRAGMA user_version"); !errors.Is(err, ErrDamaged) {
		t.Errorf("a diary: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "nothing"), Writing, 1, ""); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("no file: %v", err)
	}
	for _, more := range []string{"-wal", "-journal"} {
		if err := os.WriteFile(name+more, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Delete(name); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
