package projections

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/muster-dev/muster/projections/sqlite"
)

// mover moves the WAL into the file. It has a connection of its own, so nobody waits while it
// does that. But it never moves all frames while others come, and as long as one is left
// SQLite does not begin the WAL from its start again. So when few are left, whoever writes
// moves the rest after the next commit, before it begins another transaction.
type mover struct {
	conn   *sqlite.Conn
	wal    *sqlite.WAL
	most   int64         // frames that the WAL may have
	ahead  int64         // bytes, see reserveAhead
	grown  chan struct{} // has an element if the WAL is to be moved
	few    atomic.Bool   // frames are left for after the next commit
	moving sync.Mutex    // held while frames are moved
	closed <-chan struct{}
	ended  chan struct{}

	// Only whoever writes uses these.
	next     int64 // how many frames the next attempt waits for
	frames   int64 // that the WAL had after the last commit
	reserved int64 // bytes of the WAL for which there is disk space
}

// reserveAhead is for how many bytes of the WAL disk space is taken ahead, as soon as there is
// less than half of it. So if others fill the disk, what was applied by then can be committed,
// and read. Room for the log is made by giving up the rest of the WAL, so it must not be much.
const reserveAhead = 4 << 20

// fewFrames is how many frames may be left. The mover goes on until no more are left.
const fewFrames = 200

// newMover returns the mover of a file's WAL, which may have that many frames. The connection
// must have been opened together with the others that write: opening one later drops the
// locks of those.
func newMover(c *sqlite.Conn, file string, most int64, closed <-chan struct{}) (*mover, error) {
	wal, err := sqlite.OpenWAL(file)
	if err != nil {
		return nil, err
	}
	v := &mover{conn: c, wal: wal, most: most, ahead: min(reserveAhead, most*framed), grown: make(chan struct{}, 1), closed: closed, ended: make(chan struct{})}
	v.reserve(0)
	return v, nil
}

// reserve takes disk space for frames that follow the WAL's last one. If the WAL was begun again
// it may have been made empty before.
func (v *mover) reserve(frames int64) {
	if frames < v.frames {
		v.reserved = 0
	}
	v.frames = frames
	if at := frames * framed; at+v.ahead/2 > v.reserved {
		v.reserved = at + v.ahead
		v.wal.Reserve(v.reserved)
	}
}

// run moves the WAL whenever it has grown, until the read models are closed.
func (v *mover) run(logger *slog.Logger) {
	defer close(v.ended)
	for failed := false; ; {
		select {
		case <-v.grown:
		case <-v.closed:
			return
		}
		err := v.move()
		if err != nil && !failed && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrClosed) { // the next commit tries it again
			logger.Warn("the write-ahead log of the read models could not be moved into their file", slog.Any("error", err))
		}
		failed = err != nil
	}
}

// move moves the WAL without keeping the disk from others for long. What it gives the disk, it
// gives in pieces: first the WAL, which must be on the disk before its pages are moved, and then
// the pages.
func (v *mover) move() error {
	written, before := int64(0), int64(0) // frames that the disk has, and that were moved
	for {
		frames, err := v.wal.Frames()
		if err != nil {
			return err
		}
		v.wal.Write(written, frames, framed)
		written = frames
		moved, err := v.pass()
		if err != nil {
			return err
		}
		if frames, err = v.wal.Frames(); err != nil {
			return err
		}
		switch {
		case frames-moved <= fewFrames:
			v.few.Store(true)
			return nil
		case moved <= before: // what is left is being read
			return nil
		}
		before = moved
	}
}

// pass moves the frames that the WAL has, as far as nobody reads them, and returns how many of
// them were moved.
func (v *mover) pass() (moved int64, err error) {
	v.moving.Lock()
	defer v.moving.Unlock()
	select {
	case <-v.closed:
		return 0, ErrClosed
	default:
		_, moved, err = v.conn.MoveWAL()
		return moved, err
	}
}

// committed is called after each commit, by whoever writes, before the next transaction begins.
// Only the next transaction waits meanwhile. Loads do not. The mover begins at a quarter of what
// the WAL may have: while it moves one frame, another may come. If the WAL becomes too long,
// committed waits for the mover. Frames that are being read cannot be moved: then it waits for
// nothing, and leaves the WAL alone until there are more.
func (v *mover) committed() {
	frames, err := v.wal.Frames()
	if err == nil {
		v.reserve(frames)
	}
	last := v.few.Load()
	switch {
	case err != nil: // the mover finds out what is wrong
	case frames < v.most/4:
		v.next = v.most / 4
		v.few.Store(false) // it was about the frames before
		return
	case frames < v.next && !last:
		return
	case last || frames > v.most:
		v.next = frames + v.most/8
		_, err = v.pass()
		v.few.Store(false)
		if err == nil {
			return
		}
	default:
		v.next = frames + v.most/8
	}
	select {
	case v.grown <- struct{}{}:
	default: // it is at work
	}
}
