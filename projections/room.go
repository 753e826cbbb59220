package projections

import (
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/muster-dev/muster/projections/sqlite"
)

// The WAL grows until its pages are moved into the file. Moving many pages at once costs up to
// 1.6 times less. But on a small disk the WAL must not take the room that the log needs.
const (
	leastWAL = 4 << 20  // bytes
	mostWAL  = 80 << 20 // bytes
	// walShare is which part of the free space the WAL may take.
	walShare = 16
	// framed is how many bytes a page takes in the WAL.
	framed = pageSize + 24
	// shrinkTimeout is how many milliseconds [ReadModels.Shrink] and [ReadModels.Wipe] wait for
	// queries that read from the WAL. Nothing is applied meanwhile.
	shrinkTimeout = 1_000
	// busyTimeout is how many milliseconds everything else waits that writes.
	busyTimeout = "50"
)

// walPages returns how many pages the WAL may have, if so many bytes are free.
func walPages(free uint64) int64 {
	return int64(min(max(free/walShare, leastWAL), mostWAL) / framed) //nolint:gosec // at most mostWAL
}

// boundWAL bounds the WAL by the space that is free, and returns how many pages it may have.
// Moving them is left to the [mover].
func boundWAL(c *sqlite.Conn, file string) (pages int64, err error) {
	var there syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(file), &there); err != nil {
		return 0, fmt.Errorf("asking for the free space of %s: %w", file, err)
	}
	pages = walPages(there.Bavail * uint64(there.Bsize)) //nolint:gosec // a block's size is not negative
	// Queries can keep the WAL from being begun again, so it may become longer. With the
	// limit it becomes short again.
	return pages, c.Script(fmt.Sprintf(`PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = %d`, pages*framed))
}

// Shrink moves the WAL into the file and makes the WAL empty, for when the disk is full. It
// returns an error if queries keep it from doing so. Then it may be called again. What is
// reserved for the WAL stays, so that what was applied can be committed.
func (m *ReadModels) Shrink() error {
	return m.write(func(p *projector) error {
		_ = m.commit(p) // nothing can be moved within a transaction
		if size, err := m.mover.wal.Size(); err == nil && size <= m.mover.ahead && !p.lost {
			return nil
		}
		return p.shrink(shrinkTimeout)
	})
}

// shrink waits at most so many milliseconds for queries.
func (p *projector) shrink(timeout int) (err error) {
	if p.lost {
		_, _ = p.Exec("ROLLBACK") // there may be none any more
	}
	if err := p.Script(fmt.Sprintf(`PRAGMA busy_timeout = %d`, timeout)); err != nil {
		return err
	}
	defer func() {
		if again := p.Script(`PRAGMA busy_timeout = ` + busyTimeout); err == nil {
			err = again
		}
	}()
	var busy, frames, moved int
	err = p.Row([]any{sqlite.Number(&busy), sqlite.Number(&frames), sqlite.Number(&moved)}, `PRAGMA wal_checkpoint(TRUNCATE)`)
	if err == nil && busy != 0 {
		err = fmt.Errorf("the write-ahead log is being read: %d of its %d pages were moved", moved, frames)
	}
	return passing(err)
}
