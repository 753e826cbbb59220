package sqlite

import (
	"errors"
	"slices"

	"github.com/mattn/go-sqlite3"
)

// passing are the codes of errors that say nothing about the database, but about the
// moment: no room, no memory, no file descriptor, a disk that does not answer, a file
// system that is mounted for reading only, or somebody else who uses the file.
var passing = []sqlite3.ErrNo{
	sqlite3.ErrFull, sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrIoErr, sqlite3.ErrNomem,
	sqlite3.ErrCantOpen, sqlite3.ErrInterrupt, sqlite3.ErrProtocol, sqlite3.ErrReadonly,
}

// Passes reports whether the same statement may succeed later. Damage does not pass, although
// SQLite reports a wrong checksum as a disk that does not answer.
func Passes(err error) bool {
	var failed sqlite3.Error
	return !errors.Is(damage(err), ErrDamaged) && errors.As(err, &failed) && slices.Contains(passing, failed.Code)
}
