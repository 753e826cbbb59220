package sqlite

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// WALLength tells how long the WAL of an open database is. It reads that from the index beside
// the WAL, because asking SQLite means moving the WAL.
//
// Closing a descriptor of a file drops the locks of the whole process. So it must not be closed
// before all connections to the database are.
type WALLength struct{ index *os.File }

// OpenWALLength returns the WALLength of a database file that a connection has read from.
func OpenWALLength(file string) (*WALLength, error) {
	f, err := os.Open(file + "-shm")
	return &WALLength{f}, err
}

// Frames returns how many frames have been committed since the WAL was begun from its start.
func (l *WALLength) Frames() (int64, error) {
	var b [4]byte
	_, err := l.index.ReadAt(b[:], indexFrames)
	if errors.Is(err, io.EOF) {
		return 0, nil // nothing has been written
	}
	return int64(binary.NativeEndian.Uint32(b[:])), err
}

// Close must be called after all connections are closed.
func (l *WALLength) Close() error { return l.index.Close() }

// MoveWAL moves the WAL into the database file, as far as that is possible without waiting for
// anybody. It returns how many frames the WAL has, and how many of them are in the file.
func (c *Conn) MoveWAL() (frames, moved int64, err error) {
	var busy int64
	err = c.Row([]any{Number(&busy), Number(&frames), Number(&moved)}, `PRAGMA wal_checkpoint(PASSIVE)`)
	return frames, moved, err
}
