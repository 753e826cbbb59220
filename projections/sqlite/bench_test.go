package sqlite

import (
	"path/filepath"
	"testing"
)

// BenchmarkConn measures what a statement costs besides SQLite's own work: a point read, a
// page of 100 rows with 10 columns, and an insert with 15 arguments.
func BenchmarkConn(b *testing.B) {
	f, err := Open(filepath.Join(b.TempDir(), "numbers.db"), Creating, 1, "PRAGMA journal_mode = WAL")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only a benchmark
	c := f.Conns[0]
	const columns = `id BLOB, name TEXT, state TEXT, a INTEGER, b INTEGER, c INTEGER, d INTEGER, e INTEGER, f INTEGER, g INTEGER, h INTEGER, i INTEGER, j TEXT, k TEXT`
	if err := c.Script(`CREATE TABLE numbers (key INTEGER PRIMARY KEY, ` + columns + `)`); err != nil {
		b.Fatal(err)
	}
	id := make([]byte, 16)
	insert := func(key int64) error {
		_, err := c.Exec(`INSERT INTO numbers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			key, id, "somebody", "active", key, key, key, key, key, key, key, key, key, nil, "user@example.com")
		return err
	}
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	var key int64
	if _, err := c.Exec("BEGIN"); err != nil {
		b.Fatal(err)
	}
	run("insert", func() error { key++; return insert(key) })
	for key < 1000 {
		key++
		if err := insert(key); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := c.Exec("COMMIT"); err != nil {
		b.Fatal(err)
	}
	var name, state string
	var to ID
	var numbers [7]int64
	dest := []any{
		&to, Text(&name), Text(&state), Number(&numbers[0]), Number(&numbers[1]), Number(&numbers[2]),
		Number(&numbers[3]), Number(&numbers[4]), Number(&numbers[5]), Number(&numbers[6]),
	}
	const selected = `SELECT id, name, state, a, b, c, d, e, f, g FROM numbers `
	run("point", func() error { return c.Row(dest, selected+`WHERE key = +?1`, 500) })
	run("page", func() error {
		return c.Each(b.Context(), dest, func() {}, selected+`WHERE key > +?1 ORDER BY key LIMIT +?2`, 500, 100)
	})
}
