package sqlite

import (
	"errors"
	"slices"
)

// passing are the codes of errors that say nothing about the database, but about the
// moment: no room, no memory, no file descriptor, a disk that does not answer, a file
// system that is mounted for reading only, or somebody else who uses the file.
var passing = []int{
	codeFull, codeBusy, codeLocked, codeIO, codeNoMemory, codeCantOpen, codeInterrupt, codeProtocol, codeReadOnly,
}

// Passes reports whether the same statement may succeed later. Damage does not pass, although
// SQLite reports a wrong checksum as a disk that does not answer.
func Passes(err error) bool {
	var failed Error
	return !errors.Is(damage(err), ErrDamaged) && errors.As(err, &failed) && slices.Contains(passing, failed.primary())
}
