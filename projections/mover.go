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
// SQLite does not begin the WAL from its start again. So when few are left, the next commit
// moves these.
type mover struct {
	file   *sqlite.File
	length *sqlite.WALLength
	most   int64         // frames that the WAL may have
	grown  chan struct{} // has an element if the WAL is to be moved
	few    atomic.Bool   // frames are left to the next commit
	moving sync.Mutex    // held while frames are moved
	ended  chan struct{}

	next int64 // how many frames the next attempt waits for; only whoever writes uses this
}

// Until fewFrames are left, the mover tries again, but not more than movePasses times: what
// writes may be as fast as it.
const (
	fewFrames  = 200
	movePasses = 4
)

// moverPragmas make the mover flush the WAL before it moves its frames, and the file afterwards.
const moverPragmas = `PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -64;`

// openMover opens the mover of a WAL that may have that many frames. The writer must have read
// from the file.
func openMover(file string, most int64) (*mover, error) {
	f, err := sqlite.Open(file, sqlite.Writing, 1, moverPragmas)
	if err != nil {
		return nil, err
	}
	length, err := sqlite.OpenWALLength(file)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &mover{file: f, length: length, most: most, grown: make(chan struct{}, 1), ended: make(chan struct{})}, nil
}

// run moves the WAL whenever it has grown, until the read models are closed.
func (v *mover) run(closed <-chan struct{}, logger *slog.Logger) {
	defer close(v.ended)
	for failed := false; ; {
		select {
		case <-v.grown:
		case <-closed:
			return
		}
		err := v.move()
		if err != nil && !failed && !errors.Is(err, ErrDamaged) { // the next commit tries it again
			logger.Warn("the write-ahead log of the read models could not be moved into their file", slog.Any("error", err))
		}
		failed = err != nil
	}
}

func (v *mover) move() error {
	for range movePasses {
		v.moving.Lock()
		_, moved, err := v.file.Conns[0].MoveWAL()
		v.moving.Unlock()
		if err != nil {
			return err
		}
		frames, err := v.length.Frames()
		if err != nil {
			return err
		}
		if frames-moved <= fewFrames {
			break
		}
	}
	v.few.Store(true)
	return nil
}

// committed is called after each commit, by whoever writes, before the next transaction begins.
// If the WAL becomes too long it waits for the mover. Frames that are being read cannot be
// moved: then it waits for nothing, and leaves the WAL alone until there are more.
func (v *mover) committed(c *sqlite.Conn) error {
	frames, err := v.length.Frames()
	if err != nil {
		return err
	}
	last := v.few.Load()
	switch {
	case frames < v.most/2:
		v.next = v.most / 2
		v.few.Store(false) // it was about the frames before
		return nil
	case frames < v.next && !last:
		return nil
	}
	v.next = frames + v.most/8
	if last || frames > v.most {
		v.moving.Lock()
		defer v.moving.Unlock()
		v.few.Store(false)
		_, _, err := c.MoveWAL()
		return err
	}
	select {
	case v.grown <- struct{}{}:
	default: // it is at work
	}
	return nil
}
