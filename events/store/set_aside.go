package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/minio/highwayhash"
)

// setAsideDir is the directory that holds what was set aside.
const setAsideDir = "set-aside"

// The files in which JetStream describes a stream.
const (
	streamMeta    = "meta.inf" // its configuration, as JSON
	streamMetaSum = "meta.sum" // the checksum of that
)

// streams returns the directory with the embedded server's streams, each in a directory
// that has its name.
func (d *directory) streams() string {
	return filepath.Join(d.file(jetstreamDir), "jetstream", "$G", "streams")
}

// setAside moves streams away that JetStream could not open, before it sees them. A power
// cut can leave such streams, because JetStream does not flush what describes a stream.
//
// A feed is made again from the log. A log stream must not be lost. Only when a first
// start was cut short, before the directory had its marker, the streams of the log hold
// nothing and are made again.
func setAside(d *directory, logger *slog.Logger) error {
	entries, err := os.ReadDir(d.streams())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // then the server says what is wrong
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the streams: %w", err)
	}
	var logs []string
	var broken error // why one of the log's streams cannot be opened
	for _, entry := range entries {
		name := entry.Name()
		isLog, isFeed := strings.HasPrefix(name, logStreams), strings.HasPrefix(name, feedStreams)
		if isLog {
			logs = append(logs, name)
		}
		if !isLog && !isFeed {
			continue
		}
		why := d.openable(name)
		switch {
		case why == nil:
		case isFeed:
			if err := d.moveAside(name, why, logger); err != nil {
				return err
			}
		default:
			broken = errors.Join(broken, why)
		}
	}
	if broken == nil {
		return nil
	}
	return d.startOver(logs, broken, logger)
}

// startOver sets the log's streams aside if they hold nothing and the directory has no
// marker yet.
func (d *directory) startOver(logs []string, broken error, logger *slog.Logger) error {
	_, found, err := d.marker()
	if err != nil {
		return err
	}
	if found || slices.ContainsFunc(logs, d.holdsMessages) {
		return fmt.Errorf("the log in %s cannot be opened, and nothing was changed: restore the directory from a backup: %w", d.path, broken)
	}
	for _, name := range logs {
		if err := d.moveAside(name, broken, logger); err != nil {
			return err
		}
	}
	return nil
}

// openable returns why JetStream could not open a stream, or nil if no reason is known.
func (d *directory) openable(name string) error {
	meta, err := os.ReadFile(filepath.Join(d.streams(), name, streamMeta))
	if err != nil {
		return fmt.Errorf("stream %s: %w", name, err)
	}
	sum, err := os.ReadFile(filepath.Join(d.streams(), name, streamMetaSum))
	if err != nil {
		return fmt.Errorf("stream %s: %w", name, err)
	}
	key := sha256.Sum256([]byte(name))
	hash, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		return err
	}
	_, _ = hash.Write(meta) // never fails
	if !json.Valid(meta) || hex.EncodeToString(hash.Sum(nil)) != string(sum) {
		return fmt.Errorf("stream %s: what describes it (%s) is damaged", name, streamMeta)
	}
	return nil
}

// holdsMessages reports whether anything was written to a stream, as far as its files
// tell.
func (d *directory) holdsMessages(name string) bool {
	blocks, err := filepath.Glob(filepath.Join(d.streams(), name, "msgs", "*.blk"))
	if err != nil {
		return true
	}
	return slices.ContainsFunc(blocks, func(block string) bool {
		content, err := os.ReadFile(block)
		return err != nil || len(bytes.Trim(content, "\x00")) > 0
	})
}

// moveAside moves a stream to the directory for what was set aside. It replaces what was
// set aside earlier under the same name.
func (d *directory) moveAside(name string, why error, logger *slog.Logger) error {
	aside := d.file(setAsideDir)
	to := filepath.Join(aside, name)
	err := errors.Join(os.MkdirAll(aside, 0o750), os.RemoveAll(to))
	if err == nil {
		err = os.Rename(filepath.Join(d.streams(), name), to)
	}
	if err != nil {
		return fmt.Errorf("setting stream %s aside: %w", name, err)
	}
	logger.Warn("a stream cannot be opened: it is set aside and made again",
		slog.String("stream", name), slog.String("to", to), slog.Any("error", why))
	return nil
}
