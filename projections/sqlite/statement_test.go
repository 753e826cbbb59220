package sqlite

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// A row may need more room than the buffers have, and rows more than one call.
func TestLargeRows(t *testing.T) {
	t.Parallel()
	file, err := Open(filepath.Join(t.TempDir(), "large.db"), Creating, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	c := closed(t, file)
	if err := c.Script(`CREATE TABLE large (key INTEGER PRIMARY KEY, text TEXT, bytes BLOB)`); err != nil {
		t.Fatal(err)
	}
	sizes := []int{0, 1, smallBuffer, largeBuffer - 20, largeBuffer, 3 * largeBuffer, 5, 100_000}
	for i, size := range sizes {
		if n, err := c.Exec(`INSERT INTO large VALUES (?, ?, ?)`, i, strings.Repeat("x", size), make([]byte, size)); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	}
	var key int
	var text string
	var blob []byte
	dest := []any{Number(&key), Text(&text), &blob}
	check := func(size int) {
		t.Helper()
		if text != strings.Repeat("x", size) || !bytes.Equal(blob, make([]byte, size)) {
			t.Errorf("%d, %d bytes, want %d", len(text), len(blob), size)
		}
	}
	for i, size := range sizes {
		if err := c.Row(dest, `SELECT key, text, bytes FROM large WHERE key = +?`, i); err != nil || key != i {
			t.Error(key, err)
		}
		check(size)
	}
	next := 0
	if err := c.Each(t.Context(), dest, func() { check(sizes[next]); next++ }, `SELECT key, text, bytes FROM large ORDER BY key`); err != nil || next != len(sizes) {
		t.Error(next, err)
	}
}

// A connection runs other statements while it reads rows, which may be left before the last
// or passed without being scanned.
func TestStatementsTakeTurns(t *testing.T) {
	t.Parallel()
	const n = 3 * maxRows
	c := closed(t, numbers(t, n, 1))
	const all = `SELECT key, name FROM numbers ORDER BY key`
	for range 3 {
		rows, err := c.Query(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		sum, key, name := 0, 0, ""
		for i := 1; rows.Next() && i < n-5; i++ {
			if i%2 == 0 {
				continue
			}
			if err := rows.Scan(Number(&key), Text(&name)); err != nil || key != i {
				t.Fatal(i, key, err)
			}
			if err := c.Each(t.Context(), []any{&key}, func() { sum += key }, `SELECT key FROM numbers WHERE key <= +?`, 2); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || sum != 3*(n-6)/2 {
			t.Error(sum, err)
		}
	}
	if len(c.rows) != 2 {
		t.Errorf("%d rows were made", len(c.rows))
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	c := closed(t, numbers(t, 2, 1))
	_, err := c.Exec(`INSERT INTO numbers VALUES (3, 'n3')`)
	var failed Error
	if !errors.As(err, &failed) || failed.primary() != codeReadOnly || !strings.Contains(err.Error(), "readonly") || !Passes(err) {
		t.Errorf("writing: %v", err)
	}
	if _, err := c.Exec(`SELECT ?`, struct{}{}); !errors.Is(err, errArgument) {
		t.Errorf("an argument that is none: %v", err)
	}
	var key int
	if err := c.Row([]any{&key, &key}, `SELECT key FROM numbers`); err == nil {
		t.Error("more columns than there are")
	}
	if err := c.Row([]any{t}, `SELECT key FROM numbers`); err == nil {
		t.Error("something that is no column")
	}
}
