package sqlite

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-dev/muster/projections/sqlite/checksum"
)

// Mode says what a file is opened for.
type Mode string

// The modes.
const (
	ReadOnly Mode = "ro"
	// Immutable is for reading a file that nobody writes to. SQLite makes no files beside
	// it and ignores a WAL.
	Immutable Mode = "immutable"
	Writing   Mode = "rw"
	Creating  Mode = "rwc" // writing; the file is made if there is none
)

// File is an open database file with its connections.
type File struct {
	Conns []*Conn
}

// readHeader is a pragma that reads the file. Without one, what is wrong with the file would
// only be noticed by the first statement.
const readHeader = "PRAGMA synchronous = NORMAL;"

// Open opens n connections to a file and runs the pragmas on each. A file that it makes
// has a checksum in each page; see the package checksum.
//
// If the file is opened for writing, only its owner may read it afterwards, and the
// files that SQLite keeps beside it: it may hold personal data.
func Open(file string, mode Mode, n int, pragmas string) (*File, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if mode == Writing || mode == Creating {
		if err := keepPrivate(path, mode); err != nil {
			return nil, err
		}
	}
	flags, query := openNoMutex|openURI|openReadOnly, ""
	reserve := 0
	switch mode {
	case Immutable:
		query = "immutable=1"
	case Writing:
		flags = openNoMutex | openURI | openReadWrite
	case Creating:
		flags = openNoMutex | openURI | openReadWrite | openCreate
		reserve = checksum.ReservedBytes // if the database has no pages yet
	case ReadOnly:
	}
	name := (&url.URL{Scheme: "file", Path: path, RawQuery: query}).String()
	f := &File{}
	for range n {
		c, err := connect(name, flags, checksum.VFS, reserve)
		if err == nil {
			f.Conns = append(f.Conns, c)
			err = c.script(readHeader + pragmas)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("opening %s: %w", path, damageOf(path, err)), f.Close())
		}
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
	return errors.Join(errs...)
}

// parts are the ends of the names of a database file and of what SQLite keeps beside it.
// The file comes first. A file without its WAL may be wrong, but a WAL without its file is
// just deleted.
var parts = []string{"", "-wal", "-shm", "-journal"}

// Delete deletes a database file and what SQLite keeps beside it, as far as they
// exist. The file must not be open.
func Delete(file string) error {
	for _, end := range parts {
		if err := os.Remove(file + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Database returns the name of the database file that SQLite keeps the file beside, and whether
// the file is such a one.
func Database(file string) (name string, beside bool) {
	for _, end := range parts[1:] {
		if name, beside = strings.CutSuffix(file, end); beside {
			return name, true
		}
	}
	return file, false
}
