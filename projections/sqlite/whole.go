package sqlite

import "errors"

// OpenWhole opens a file with one connection for reading. A transaction that a power cut
// has left in the middle is rolled back before, which a connection that only reads cannot
// do.
func OpenWhole(file string) (*File, error) {
	f, err := Open(file, ReadOnly, 1, "")
	var failed Error
	if !errors.As(err, &failed) || failed.primary() != codeReadOnly {
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
