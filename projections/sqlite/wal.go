package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A WAL is what a process leaves behind that did not close its database. SQLite reads it up
// to the first frame whose checksum is wrong, and silently ignores the rest. That is right
// after a power cut, which the last frames may not survive. After damage it is not: pages
// of the ignored frames may be in the database file already, while older frames still
// hold the pages around them.

const (
	walHeader   = 32
	frameHeader = 24
)

// wal is an open WAL.
type wal struct {
	file  *os.File
	order binary.ByteOrder // of the checksums
	page  int              // bytes
	salts [8]byte          // of the frames that belong to it
	sum   [2]uint32        // the checksum so far
	frame []byte
}

// CheckWAL checks the WAL that a process has left beside a database file. The file must not
// be open. The error is [ErrDamaged] if SQLite would ignore frames that were committed.
func CheckWAL(file string) error {
	f, err := os.Open(file + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	if info, err := f.Stat(); err != nil || info.Size() == 0 {
		return err
	}
	w := &wal{file: f}
	if err := w.open(); err != nil {
		return err
	}
	committed, next, err := w.committed()
	if err != nil {
		return err
	}
	if expected, known := w.indexed(file + "-shm"); known {
		if committed < expected {
			return fmt.Errorf("%w: the WAL has %d whole frames of %d", ErrDamaged, committed, expected)
		}
		return nil
	}
	if w.continues(next) {
		return fmt.Errorf("%w: the WAL has other frames behind frame %d", ErrDamaged, next)
	}
	return nil
}

// open reads the header.
func (w *wal) open() error {
	header := make([]byte, walHeader)
	if _, err := w.file.ReadAt(header, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch binary.BigEndian.Uint32(header) {
	case 0x377f0682:
		w.order = binary.LittleEndian
	case 0x377f0683:
		w.order = binary.BigEndian
	default:
		return fmt.Errorf("%w: the WAL has no header", ErrDamaged)
	}
	w.page = int(binary.BigEndian.Uint32(header[8:]))
	copy(w.salts[:], header[16:24])
	w.add(header[:24])
	if !w.isSum(header[24:]) || w.page < 512 || w.page > 1<<16 || w.page&(w.page-1) != 0 {
		return fmt.Errorf("%w: the header of the WAL has a wrong checksum", ErrDamaged)
	}
	w.frame = make([]byte, frameHeader+w.page)
	return nil
}

// add continues the checksum with the bytes, whose number is a multiple of 8.
func (w *wal) add(b []byte) {
	for ; len(b) > 0; b = b[8:] {
		w.sum[0] += w.order.Uint32(b) + w.sum[1]
		w.sum[1] += w.order.Uint32(b[4:]) + w.sum[0]
	}
}

// isSum reports whether the bytes are the checksum so far.
func (w *wal) isSum(b []byte) bool {
	return binary.BigEndian.Uint32(b) == w.sum[0] && binary.BigEndian.Uint32(b[4:]) == w.sum[1]
}

// read reads a frame, counted from 0, and reports whether it is whole and belongs to the
// WAL as it is now.
func (w *wal) read(frame int64) (bool, error) {
	_, err := w.file.ReadAt(w.frame, walHeader+frame*int64(len(w.frame)))
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil && [8]byte(w.frame[8:16]) == w.salts, err
}

// committed returns how many frames there are up to the last commit that SQLite finds,
// and the first frame that it does not take.
func (w *wal) committed() (frames, next int64, err error) {
	for ; ; next++ {
		ok, err := w.read(next)
		if err != nil || !ok {
			return frames, next, err
		}
		w.add(w.frame[:8])
		w.add(w.frame[frameHeader:])
		if !w.isSum(w.frame[16:]) {
			return frames, next, nil
		}
		if binary.BigEndian.Uint32(w.frame[4:]) != 0 { // it ends a transaction
			frames = next + 1
		}
	}
}

// continues reports whether the WAL has frames after the given one.
func (w *wal) continues(frame int64) bool {
	info, err := w.file.Stat()
	if err != nil {
		return false
	}
	for frame++; walHeader+frame*int64(len(w.frame)) < info.Size(); frame++ {
		if ok, _ := w.read(frame); ok {
			return true
		}
	}
	return false
}

// indexed returns how many frames were committed, according to the index that the process
// has left behind. It is not known if the index is of another WAL, or was being written.
func (w *wal) indexed(file string) (frames int64, known bool) {
	const copies, size = 2, 48
	header := make([]byte, copies*size)
	f, err := os.Open(file)
	if err != nil {
		return 0, false
	}
	defer f.Close() //nolint:errcheck // only read
	if _, err := f.ReadAt(header, 0); err != nil || string(header[:size]) != string(header[size:]) {
		return 0, false
	}
	if header[12] == 0 || [8]byte(header[32:40]) != w.salts { // not initialized, or of another WAL
		return 0, false
	}
	return int64(binary.NativeEndian.Uint32(header[16:])), true
}
