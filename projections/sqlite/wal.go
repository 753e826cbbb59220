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
// to the first frame whose checksum is wrong, and silently ignores the rest. A commit does not
// flush the WAL, so a power cut may take any of the frames since the last flush. Ignoring
// them is right: the tables are as they were some commits ago, and the log still has what
// followed.
//
// It is wrong for frames whose pages may be in the database file already, while the frames
// before them still hold older pages around those. SQLite flushes these frames before it
// moves their pages, so no power cut takes them: if one is missing, that is damage.

const (
	walHeader   = 32
	frameHeader = 24
)

// The index beside a WAL begins with two copies of a header. Behind those it says how far
// the WAL is being moved to the database file. All of this is in one sector.
const (
	indexHeader = 48
	indexSize   = 136
	// These are places in the index.
	indexReady  = 12
	indexFrames = 16
	indexSalts  = 32
	indexMoved  = 128 // nBackfillAttempted
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
// be open. The error is [ErrDamaged] if SQLite would ignore frames whose pages it may have
// moved to the file.
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
	x, known := w.index(file + "-shm")
	if known && committed < x.moved {
		return fmt.Errorf("%w: the WAL has %d whole frames of %d that may be in the file", ErrDamaged, committed, x.moved)
	}
	if known && committed >= x.frames {
		return nil // what is behind them was never committed
	}
	// A power cut takes the last frames. One before others is more likely to be damaged.
	if w.continues(next) {
		return fmt.Errorf("%w: the WAL has other frames behind frame %d", ErrDamaged, next)
	}
	return nil
}

// FlushWAL flushes the WAL that a process has left beside a database file. It must be called
// before the file is opened: from then on the index counts all frames of the WAL as ones that
// may have been moved, and a power cut must not take those.
func FlushWAL(file string) error {
	f, err := os.Open(file + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
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

// walIndex is what the index beside a WAL says.
type walIndex struct {
	frames int64 // that were committed
	moved  int64 // those of them whose pages SQLite may have moved to the database file
}

// index reads the index that the process has left behind. After a power cut it may be of an
// earlier moment, which is no matter: what was moved since then was flushed before. It is not
// known if the index is of another WAL, or was being written.
func (w *wal) index(file string) (x walIndex, known bool) {
	f, err := os.Open(file)
	if err != nil {
		return x, false
	}
	defer f.Close() //nolint:errcheck // only read
	b := make([]byte, indexSize)
	if _, err := f.ReadAt(b, 0); err != nil || string(b[:indexHeader]) != string(b[indexHeader:2*indexHeader]) {
		return x, false
	}
	if b[indexReady] == 0 || [8]byte(b[indexSalts:]) != w.salts {
		return x, false
	}
	x.frames = int64(binary.NativeEndian.Uint32(b[indexFrames:]))
	x.moved = int64(binary.NativeEndian.Uint32(b[indexMoved:]))
	return x, x.moved <= x.frames
}
