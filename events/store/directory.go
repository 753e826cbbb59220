package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
)

// The ways in which a data directory can be refused.
var (
	ErrDirectoryInUse   = errors.New("the data directory is in use by another process: stop it, or take another directory")
	ErrOtherMode        = errors.New("the data directory was made in another mode")
	ErrOtherLog         = errors.New("the data directory belongs to another log")
	ErrOtherPartitions  = errors.New("the log has another number of partitions")
	ErrUnknownFormat    = errors.New("the format is unknown: a newer Muster made it")
	ErrDirectoryMissing = errors.New("there is no Muster data directory here")
	ErrForeignDirectory = errors.New("the directory holds other things and is not a Muster data directory")
)

// directory is a locked data directory.
type directory struct {
	path string
	lock *flock.Flock // nil if the directory has none and must not be changed
}

const (
	lockFile     = "lock"
	jetstreamDir = "jetstream"
)

// ownNames are the names of everything that Muster writes to a data directory, as patterns
// of [filepath.Match]. A directory that has lost its marker is still recognised by them. A
// file that was being replaced when the process was killed has a dot before its name and
// digits behind it. The last one belongs to the file system.
var ownNames = []string{
	lockFile, jetstreamDir, highWaterFile, recentFile, scrubFile, secretFile, "root-token", "demo.json", "read-models.db*", "history.db*",
	setAsideDir, repairDir, restoreFile, unfinishedFile, "proof", "personal-keys.db*", "erasure-ledger",
	"feed-check-[0-9][0-9].json", ".feed-check-[0-9][0-9].json[0-9]*",
	"." + markerFile + "[0-9]*", "." + scrubFile + "[0-9]*", "." + secretFile + "[0-9]*", "." + highWaterFile + "[0-9]*", "." + restoreFile + "[0-9]*",
	".root-token[0-9]*", ".demo.json[0-9]*", ".probe[0-9]*",
	"lost+found",
}

// openDirectory locks the directory for this process. A missing directory is made,
// or is [ErrDirectoryMissing] if it must exist. A directory that holds other things and
// has no marker is [ErrForeignDirectory]. The file that is locked is made if it is
// missing, but not in a directory that must exist, which is left as it is.
func openDirectory(path string, mustExist bool) (*directory, error) {
	if unfinished, err := exists(filepath.Join(path, restoreFile)); err != nil {
		return nil, fmt.Errorf("looking for the data directory: %w", err)
	} else if unfinished {
		return nil, fmt.Errorf("%s: %w", path, ErrRestoreUnfinished)
	}
	if !mustExist {
		if err := os.MkdirAll(path, 0o750); err != nil {
			return nil, fmt.Errorf("making the data directory: %w", err)
		}
	} else if _, err := os.Stat(filepath.Join(path, markerFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: name the directory that muster serve was given", path, ErrDirectoryMissing)
	} else if err != nil {
		return nil, fmt.Errorf("looking for the data directory: %w", err)
	}
	if !mustExist {
		if err := checkOwn(path); err != nil {
			return nil, err
		}
	}
	flag := os.O_CREATE | os.O_RDONLY
	if mustExist {
		flag = os.O_RDONLY
	}
	lock := flock.New(filepath.Join(path, lockFile), flock.SetPermissions(0o600), flock.SetFlag(flag))
	taken, err := lock.TryLock()
	if mustExist && errors.Is(err, fs.ErrNotExist) {
		return &directory{path, nil}, nil // no process has the directory open
	}
	if err != nil {
		return nil, fmt.Errorf("locking the data directory: %w", err)
	}
	if !taken {
		return nil, fmt.Errorf("%s: %w", path, ErrDirectoryInUse)
	}
	return &directory{path, lock}, nil
}

// checkOwn returns [ErrForeignDirectory] if the directory has no marker and holds
// something that Muster has not written.
func checkOwn(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("reading the data directory: %w", err)
	}
	foreign := ""
	for _, entry := range entries {
		if entry.Name() == markerFile {
			return nil
		}
		if foreign == "" && !isOwn(entry.Name()) {
			foreign = entry.Name()
		}
	}
	if foreign != "" {
		return fmt.Errorf("%s: %w: it has %q; name an empty directory or a new one (--data)", path, ErrForeignDirectory, foreign)
	}
	return nil
}

// trial is the prefix of the temporary file that JetStream makes to test whether it can write. If
// one is left, the next server takes it for the directory of an account that it does not know, and is
// never healthy.
const trial = "_test_"

// tidy deletes what a process that was killed has left of files that it was writing.
func (d *directory) tidy() {
	removeFiles(d.path, func(name string) bool { return strings.HasPrefix(name, ".") && isOwn(name) })
	removeFiles(d.file(filepath.Join(jetstreamDir, server.JetStreamStoreDir)), func(name string) bool { return strings.HasPrefix(name, trial) })
}

// removeFiles deletes the files of the directory that the condition holds for. What cannot be
// deleted stays.
func removeFiles(dir string, which func(name string) bool) {
	entries, _ := os.ReadDir(dir) // whoever needs the directory says what is wrong with it
	for _, entry := range entries {
		if entry.Type().IsRegular() && which(entry.Name()) {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

func isOwn(name string) bool {
	return slices.ContainsFunc(ownNames, func(pattern string) bool {
		own, _ := filepath.Match(pattern, name)
		return own
	})
}

func (d *directory) close() error {
	if d.lock == nil {
		return nil
	}
	return d.lock.Close()
}

func (d *directory) file(name string) string { return filepath.Join(d.path, name) }
