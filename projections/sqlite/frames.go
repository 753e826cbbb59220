package sqlite

// #include "writing.h"
import "C"

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// WAL looks at the WAL of an open database. How long it is, it reads from the index beside the
// WAL, because asking SQLite means moving the WAL.
//
// Closing a descriptor of a file drops the locks of the whole process. So it must not be closed
// before all connections to the database are.
type WAL struct{ file, index *os.File }

// OpenWAL opens the WAL of a database file that a connection has read from.
func OpenWAL(file string) (*WAL, error) {
	wal, err := os.OpenFile(file+"-wal", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	index, err := os.Open(file + "-shm")
	if err != nil {
		return nil, errors.Join(err, wal.Close())
	}
	return &WAL{wal, index}, nil
}

// Frames returns how many frames have been committed since the WAL was begun from its start.
func (w *WAL) Frames() (int64, error) {
	var b [4]byte
	_, err := w.index.ReadAt(b[:], indexFrames)
	if errors.Is(err, io.EOF) {
		return 0, nil // nothing has been written
	}
	return int64(binary.NativeEndian.Uint32(b[:])), err
}

// walPiece is how many bytes of the WAL [WAL.Write] hands to the disk at once.
const walPiece = 256 << 10

// Write hands the bytes of some frames to the disk, in pieces, and waits for each piece. It is
// not a flush, but it leaves little to do for the flush that comes before the frames are moved.
// So others who flush a file meanwhile need not wait until the disk has all frames. What fails
// here fails again in that flush, because SQLite has a descriptor of its own.
func (w *WAL) Write(from, to, frameBytes int64) {
	for at, end := walHeader+from*frameBytes, walHeader+to*frameBytes; at < end; at += walPiece {
		_ = C.muster_write_piece(C.int(w.file.Fd()), C.int64_t(at), C.int64_t(min(walPiece, end-at)))
	}
}

// Size returns how many bytes the file has.
func (w *WAL) Size() (int64, error) {
	info, err := w.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Reserve takes disk space for the first bytes of the WAL, as far as it does not have it, so that
// writing them does not fail if others fill the disk meanwhile. Whether it can is not reported:
// what writes to the WAL finds out.
func (w *WAL) Reserve(bytes int64) { C.muster_reserve(C.int(w.file.Fd()), C.int64_t(bytes)) }

// Close must be called after all connections are closed.
func (w *WAL) Close() error { return errors.Join(w.file.Close(), w.index.Close()) }

// MoveWAL moves the WAL into the database file, as far as that is possible without waiting for
// anybody. It returns how many frames the WAL has, and how many of them are in the file.
func (c *Conn) MoveWAL() (frames, moved int64, err error) {
	var busy int64
	s, err := c.begin(move, 1, `PRAGMA wal_checkpoint(PASSIVE)`, nil, &c.row)
	if err == nil {
		err = c.scanRow(s, []any{Number(&busy), Number(&frames), Number(&moved)})
	}
	return frames, moved, c.noted(err)
}
