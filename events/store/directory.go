package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// The ways in which a data directory can be refused.
var (
	ErrDirectoryInUse   = errors.New("the data directory is in use by another process: stop it, or take another directory")
	ErrOtherMode        = errors.New("the data directory was made in another mode")
	ErrOtherLog         = errors.New("the data directory belongs to another log")
	ErrOtherPartitions  = errors.New("the log has another number of partitions")
	ErrUnknownFormat    = errors.New("the format is unknown: a newer Muster made it")
	ErrDirectoryMissing = errors.New("there is no Muster data directory here")
)

// directory is a locked data directory.
type directory struct {
	path string
	lock *flock.Flock
}

// openDirectory locks the directory for this process. A missing directory is made,
// or is [ErrDirectoryMissing] if it must exist. The file that is locked is made if it is
// missing.
func openDirectory(path string, mustExist bool) (*directory, error) {
	if !mustExist {
		if err := os.MkdirAll(path, 0o750); err != nil {
			return nil, fmt.Errorf("making the data directory: %w", err)
		}
	} else if _, err := os.Stat(filepath.Join(path, markerFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: name the directory that muster serve was given", path, ErrDirectoryMissing)
	} else if err != nil {
		return nil, fmt.Errorf("looking for the data directory: %w", err)
	}
	lock := flock.New(filepath.Join(path, "lock"), flock.SetPermissions(0o600))
	taken, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the data directory: %w", err)
	}
	if !taken {
		return nil, fmt.Errorf("%s: %w", path, ErrDirectoryInUse)
	}
	return &directory{path, lock}, nil
}

func (d *directory) close() error { return d.lock.Close() }

func (d *directory) file(name string) string { return filepath.Join(d.path, name) }
