package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3" // and the driver "sqlite3"
)

// Mode says what a file is opened for.
type Mode string

// The modes, as SQLite spells them.
const (
	ReadOnly Mode = "ro"
	Writing  Mode = "rw"
	Creating Mode = "rwc" // writing; the file is made if there is none
)

// File is an open database file with its connections.
type File struct {
	Conns []*Conn
	db    *sql.DB
}

// Open opens n connections to a file and runs the pragmas on each.
//
// If the file is opened for writing, only its owner may read it afterwards, and the
// files that SQLite keeps beside it: it may hold personal data.
func Open(file string, mode Mode, n int, pragmas string) (*File, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if mode != ReadOnly {
		if err := keepPrivate(path, mode); err != nil {
			return nil, err
		}
	}
	// A connection is never used by two goroutines at once: it needs no mutex.
	query := url.Values{"mode": {string(mode)}, "_mutex": {"no"}, "_busy_timeout": {"10000"}}
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	f := &File{db: db}
	for range n {
		c, err := db.Conn(context.Background())
		if err == nil {
			_, err = c.ExecContext(context.Background(), pragmas)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), f.Close())
		}
		f.Conns = append(f.Conns, &Conn{c, make(map[string]*sql.Stmt)})
	}
	return f, nil
}

// keepPrivate leaves only the owner the right to read the file. It makes the file if
// there is none and the mode allows it.
func keepPrivate(path string, mode Mode) error {
	flags := os.O_RDWR
	if mode == Creating {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		err = errors.Join(f.Chmod(0o600), f.Close())
	}
	if err != nil {
		return fmt.Errorf("opening the read models: %w", err)
	}
	return nil
}

// Close closes the connections, none of which may be in use, and the file.
func (f *File) Close() error {
	var errs []error
	for _, c := range f.Conns {
		errs = append(errs, c.close())
	}
	return errors.Join(append(errs, f.db.Close())...)
}

// IsForeign reports whether the error of [Open] says that the file is no SQLite
// database.
func IsForeign(err error) bool {
	var failed sqlite3.Error
	return errors.As(err, &failed) && failed.Code == sqlite3.ErrNotADB
}

// Delete deletes a database file and what SQLite keeps beside it, as far as they
// exist. The file must not be open.
func Delete(file string) error {
	for _, name := range []string{file, file + "-wal", file + "-shm", file + "-journal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
