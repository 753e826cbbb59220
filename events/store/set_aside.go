package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/muster-dev/muster/events/block"
)

// broken is a stream that JetStream could not open. A power cut can leave such streams,
// because JetStream does not flush what describes a stream.
type broken struct {
	name string
	why  error
}

// streams returns the names of the streams that begin with the prefix, and those among them
// that cannot be opened.
func (d *directory) streams(prefix string) (names []string, unopenable []broken, _ error) {
	entries, err := os.ReadDir(d.file(streamsDir))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // then the server says what is wrong
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("looking at the streams: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		names = append(names, name)
		_, err := block.Stream{Dir: filepath.Join(d.file(streamsDir), name), Name: name}.Metadata()
		_, damaged := errors.AsType[*block.Damage](err)
		switch {
		case err == nil:
		case damaged || errors.Is(err, fs.ErrNotExist):
			unopenable = append(unopenable, broken{name, fmt.Errorf("stream %s: %w", name, err)})
		default:
			return nil, nil, fmt.Errorf("stream %s: %w", name, err)
		}
	}
	return names, unopenable, nil
}

// checkLog returns an error if a stream of the log cannot be opened. Only when a first start
// was cut short, before the directory had its marker, the streams of the log hold nothing.
// Then checkLog sets them aside, and they are made again.
func (d *directory) checkLog(logger *slog.Logger) error {
	logs, unopenable, err := d.streams(logStreams)
	if err != nil || len(unopenable) == 0 {
		return err
	}
	var why error
	for _, b := range unopenable {
		why = errors.Join(why, b.why)
	}
	_, found, err := d.marker()
	if err != nil {
		return err
	}
	if found || slices.ContainsFunc(logs, d.holdsMessages) {
		return fmt.Errorf("the log in %s cannot be opened, and nothing was changed: restore the directory from a backup: %w", d.path, why)
	}
	for _, name := range logs {
		if err := d.moveAside(broken{name, why}, logger); err != nil {
			return err
		}
	}
	return nil
}

// setBrokenAside moves streams away that JetStream could not open, before it sees them: feeds,
// which are made again from the log, and streams beside the log that hold nothing, because a
// power cut came before what describes them was flushed. It returns an error if a stream beside
// the log holds something. Those of the log itself are for [directory.checkLog].
func (d *directory) setBrokenAside(logger *slog.Logger) error {
	_, unopenable, err := d.streams(ownStreams)
	if err != nil {
		return err
	}
	for _, b := range unopenable {
		if !strings.HasPrefix(b.name, feedStreams) && d.holdsMessages(b.name) {
			return fmt.Errorf("%s cannot be opened, and nothing was changed: restore the directory from a backup: %w", d.path, b.why)
		}
	}
	for _, b := range unopenable {
		if err := d.moveAside(b, logger); err != nil {
			return err
		}
	}
	return nil
}

// holdsMessages reports whether anything was written to a stream, as far as its files
// tell.
func (d *directory) holdsMessages(name string) bool {
	blocks, err := filepath.Glob(filepath.Join(d.file(streamsDir), name, "msgs", "*.blk"))
	if err != nil {
		return true
	}
	return slices.ContainsFunc(blocks, func(block string) bool {
		content, err := os.ReadFile(block)
		return err != nil || len(bytes.Trim(content, "\x00")) > 0
	})
}

// moveAside moves a stream to the directory for what was set aside. It never replaces what
// is there already.
func (d *directory) moveAside(b broken, logger *slog.Logger) error {
	to, err := d.asidePath(b.name)
	from := filepath.Join(d.file(streamsDir), b.name)
	if err == nil {
		err = os.Rename(from, to)
	}
	if err == nil {
		err = errors.Join(syncDirectory(filepath.Dir(to)), syncDirectory(filepath.Dir(from)))
	}
	if err != nil {
		return fmt.Errorf("setting stream %s aside: %w", b.name, err)
	}
	logger.Warn("a stream cannot be opened: it is set aside and made again",
		slog.String("stream", b.name), slog.String("to", to), slog.Any("error", b.why))
	return nil
}
