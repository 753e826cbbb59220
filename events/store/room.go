package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

const (
	// minFree is how many bytes must be free for an append to be tried. It leaves room
	// for what follows an append: the feed, the read models and their write-ahead log,
	// and JetStream's own indexes.
	minFree = 8 << 20
	// enoughFree is how many bytes must be free for appends to go on once they were too
	// few. It is more, so that appends do not stop and go on all the time.
	enoughFree = 12 << 20
)

// room returns an error if fewer bytes are free where the directory or its JetStream
// store is.
func (d *directory) room(wanted uint64) error {
	for _, path := range []string{d.path, d.file(jetstreamDir)} {
		var there syscall.Statfs_t
		err := syscall.Statfs(path, &there)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("asking for the free space of %s: %w", path, err)
		}
		if free := there.Bavail * uint64(there.Bsize); free < wanted { //nolint:gosec // a block's size is not negative
			return fmt.Errorf("the disk is full: %d MiB are free in %s, and at least %d MiB are needed", free>>20, path, enoughFree>>20)
		}
	}
	return nil
}

// probeSize is how much is written to find out whether the disk takes it.
const probeSize = 64 << 10

// writable returns an error unless there is enough room, and a file can be written and
// flushed.
func (d *directory) writable() error {
	if err := d.room(enoughFree); err != nil {
		return err
	}
	f, err := os.CreateTemp(d.path, ".probe")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, probeSize))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}
