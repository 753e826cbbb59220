package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// format is the number of the format of the data directory and the log.
const format = 1

// Mode says where the log of a data directory is.
type Mode string

// The modes. A store that was made in one mode must never be opened in the other. For
// example, a standalone store that is started as part of a cluster loses its streams.
const (
	ModeEmbedded Mode = "embedded" // in the directory itself
	ModeExternal Mode = "external" // on a NATS server or cluster
)

// marker is the content of DIR/muster.json, which prevents a directory from being opened
// as something that it is not. The metadata of the streams holds the same facts.
type marker struct {
	Format     int    `json:"format"`
	Mode       Mode   `json:"mode"`
	Partitions int    `json:"partitions"`
	Log        string `json:"log"` // the id of the log, which tells it from all others
}

const markerFile = "muster.json"

// marker reads the marker. It reports false for a new directory, which has none.
func (d *directory) marker() (m marker, found bool, err error) {
	text, err := os.ReadFile(d.file(markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return marker{}, false, nil
	}
	if err != nil {
		return marker{}, false, fmt.Errorf("reading the directory's marker: %w", err)
	}
	if json.Unmarshal(text, &m) != nil {
		return marker{}, false, d.damagedMarker()
	}
	if m.Format != format {
		return marker{}, false, fmt.Errorf("%s: format %d, not %d: %w", d.path, m.Format, format, ErrUnknownFormat)
	}
	if m.Partitions < 1 || m.Partitions > MaxPartitions || m.Log == "" || m.Mode != ModeEmbedded && m.Mode != ModeExternal {
		return marker{}, false, d.damagedMarker()
	}
	return m, true, nil
}

func (d *directory) damagedMarker() error {
	return fmt.Errorf("%s is damaged: delete it, and the next start writes it again from the log", d.file(markerFile))
}

// check refuses a directory that was made in another mode or with another number of
// partitions. 0 partitions fit any directory.
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

// bind writes the marker of a new directory. It refuses a directory that belongs to
// another log.
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
	return WriteFile(d.file(markerFile), append(text, '\n'), 0o600)
}
