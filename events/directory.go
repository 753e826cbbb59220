package events

import (
	"encoding/json"
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

// format is the number of the layout of the data directory and of the log.
const format = 1

// Mode says where the log is that belongs to a data directory.
type Mode string

// The modes. A store that was made by one must never be opened by the other: a
// standalone store that is started as part of a cluster loses its streams.
const (
	ModeEmbedded Mode = "embedded" // in the directory itself
	ModeExternal Mode = "external" // on a NATS server or cluster
)

// marker is what DIR/muster.json says, so that a directory is never opened as
// what it is not.
type marker struct {
	Format     int    `json:"format"`
	Mode       Mode   `json:"mode"`
	Partitions int    `json:"partitions"`
	Log        string `json:"log"` // the log's own id: another log is another history
}

const markerFile = "muster.json"

// directory is a locked data directory.
type directory struct {
	path string
	lock *flock.Flock
}

// openDirectory takes the directory for this process alone and makes it where it
// is missing, unless it must be there.
func openDirectory(path string, mustExist bool) (*directory, error) {
	if mustExist {
		if _, err := os.Stat(filepath.Join(path, markerFile)); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w: name the directory that muster serve was given", path, ErrDirectoryMissing)
		}
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
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

// marker reads the marker; none is a new directory.
func (d *directory) marker() (m marker, found bool, err error) {
	text, err := os.ReadFile(d.file(markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return marker{}, false, nil
	}
	if err != nil {
		return marker{}, false, fmt.Errorf("reading the directory's marker: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return marker{}, false, fmt.Errorf("%s is damaged: %w", d.file(markerFile), err)
	}
	if m.Format != format {
		return marker{}, false, fmt.Errorf("%s: format %d, not %d: %w", d.path, m.Format, format, ErrUnknownFormat)
	}
	return m, true, nil
}

// check refuses a directory that was made otherwise than it is to be used.
func (d *directory) check(mode Mode, partitions int) error {
	m, found, err := d.marker()
	if err != nil || !found {
		return err
	}
	if m.Mode != mode {
		hint := "start without --nats-url"
		if m.Mode == ModeExternal {
			hint = "start with the --nats-url that it belongs to"
		}
		return fmt.Errorf("%s holds a node in %s mode: %w: %s, or take another directory", d.path, m.Mode, ErrOtherMode, hint)
	}
	if partitions != 0 && m.Partitions != partitions {
		return otherPartitions(m.Partitions, partitions)
	}
	return nil
}

func otherPartitions(has, wanted int) error {
	return fmt.Errorf("%w: it was made with %d, and %d were asked for; the number cannot change: start with --partitions %d",
		ErrOtherPartitions, has, wanted, has)
}

// bind notes which log the directory belongs to, and refuses any other.
func (d *directory) bind(m marker) error {
	old, found, err := d.marker()
	if err != nil {
		return err
	}
	if found {
		if old.Log != m.Log {
			return fmt.Errorf("%s: %w: it belongs to log %s, and the one found is %s: point to the right server, or take an empty directory",
				d.path, ErrOtherLog, old.Log, m.Log)
		}
		return nil
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeDurably(d.file(markerFile), append(text, '\n'), 0o600)
}

func (d *directory) file(name string) string { return filepath.Join(d.path, name) }

// writeDurably puts a file in its place whole or not at all, power cuts included.
func writeDurably(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
