package sqlite

import (
	"errors"

	"github.com/mattn/go-sqlite3"
)

// OpenWhole opens a file with one connection for reading. A transaction that a power cut
// has left in the middle is rolled back before, which a connection that only reads cannot
// do.
func OpenWhole(file string) (*File, error) {
	f, err := Open(file, ReadOnly, 1, "")
	var failed sqlite3.Error
	if !errors.As(err, &failed) || failed.Code != sqlite3.ErrReadonly {
		return f, err
	}
	writer, err := Open(file, Writing, 1, "PRAGMA user_version")
	if err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return Open(file, ReadOnly, 1, "")
}
