package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-dev/muster/events/wire"
)

// ErrTruncated reports that the log lacks messages that this node has read before:
// somebody has truncated it, or the disk has lost them. Muster refuses to write to it.
var ErrTruncated = errors.New("the log does not hold what this node has read before")

// highWater is the high-water mark, which says how far this node has read each partition.
// Its file is kept outside the JetStream store, because JetStream does not notice if its
// store comes back shorter or changed. The file has one line of fixed width for each
// partition. The line of a partition that was never read is missing or consists of zeros:
//
//	partition message event hash
//	       00 00000000000000000042 00000000000000000108 9f86d08…
//
// A message that this process has appended counts as read as soon as it is acknowledged.
//
// The file is replaced and flushed about once a second while the mark moves, and when the
// log is closed. So it survives a power cut, and may lag behind. A second file, which is
// overwritten in place and never flushed, says exactly how far the node has read, also after
// the process was killed. Each of its lines ends with a checksum, because a power cut may
// leave anything of it. The later mark counts: what either names was durable before.
type highWater struct {
	path   string
	logger *slog.Logger

	mu     sync.Mutex
	lines  []byte                // what the file holds once it is written
	dirty  bool                  // the file does not hold it yet
	marks  [MaxPartitions]uint64 // the messages that the mark names
	recent *os.File              // the file that is overwritten; nil for reading only, or if it cannot be made
	exact  []byte                // what that file held when it was opened
	line   []byte                // the buffer of the line that is being written

	moved  chan struct{} // has room for one signal
	closed chan struct{}
	ended  chan struct{} // closed when run has returned; nil if it was never started
}

const (
	highWaterFile  = "high-water"
	highWaterWidth = 2 + 1 + 20 + 1 + 20 + 1 + 64 + 1
	recentFile     = highWaterFile + ".recent"
	recentWidth    = highWaterWidth + 8 + 1 // with the checksum

	// markEvery is the least time between two writes of the file.
	markEvery = time.Second
)

// openHighWater reads the files. If both are missing that is no mark, or [fs.ErrNotExist] for
// reading only. A service that has just written for the first time only has the one that is
// overwritten.
func openHighWater(path string, readOnly bool, logger *slog.Logger) (*highWater, error) {
	lines, err := os.ReadFile(path)
	recent := filepath.Join(filepath.Dir(path), recentFile)
	exact, none := os.ReadFile(recent) // without it, the other file is the mark
	if err != nil && (readOnly && none != nil || !errors.Is(err, fs.ErrNotExist)) {
		return nil, fmt.Errorf("opening the high-water mark: %w", err)
	}
	h := &highWater{path: path, logger: logger, lines: lines, exact: exact, moved: make(chan struct{}, 1), closed: make(chan struct{})}
	if !readOnly {
		if h.recent, err = os.OpenFile(recent, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
			logger.Warn("the exact high-water mark cannot be kept", slog.Any("error", err))
		}
		for p := range h.marks {
			c, _, _ := h.read(p) // a damaged mark is reported when it is compared
			h.marks[p] = c.Message
		}
		h.ended = make(chan struct{})
		go h.run()
	}
	return h, nil
}

// read returns the mark of a partition. It reports false if neither file has one.
func (h *highWater) read(partition int) (wire.Checkpoint, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	flushed, found, err := h.flushed(partition)
	if exact, ok := h.exactly(partition); ok && (!found || exact.Message > flushed.Message) {
		return exact, true, nil
	}
	return flushed, found, err
}

// flushed returns the mark in the file that is flushed. It reports false for a line that was
// never written or that a power cut left as zeros.
func (h *highWater) flushed(partition int) (wire.Checkpoint, bool, error) {
	from := partition * highWaterWidth
	if len(h.lines) < from+highWaterWidth || strings.Trim(string(h.lines[from:from+highWaterWidth]), "\x00") == "" {
		return wire.Checkpoint{}, false, nil
	}
	if c, ok := parseMark(partition, string(h.lines[from:from+highWaterWidth])); ok {
		return c, true, nil
	}
	return wire.Checkpoint{}, false, fmt.Errorf("%w: %s, line %d: check the disk; if muster audit verify finds log and feed whole, move the file away and keep it", ErrMarkDamaged, h.path, partition+1)
}

// ErrMarkDamaged reports that the file of the high-water mark is not what Muster has written.
var ErrMarkDamaged = errors.New("the high-water mark is damaged")

// exactly returns the mark in the file that is overwritten. It reports false if that has none,
// or is not whole.
func (h *highWater) exactly(partition int) (wire.Checkpoint, bool) {
	from := partition * recentWidth
	if len(h.exact) < from+recentWidth {
		return wire.Checkpoint{}, false
	}
	line, sum := h.exact[from:from+highWaterWidth], h.exact[from+highWaterWidth:from+recentWidth]
	if !bytes.Equal(sum, appendSum(nil, line)) {
		return wire.Checkpoint{}, false
	}
	return parseMark(partition, string(line))
}

// torn reports whether the file that is overwritten has a line of the partition that is not whole.
func (h *highWater) torn(partition int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := partition * recentWidth
	if len(h.exact) < from+recentWidth || strings.Trim(string(h.exact[from:from+recentWidth]), "\x00") == "" {
		return false
	}
	_, whole := h.exactly(partition)
	return !whole
}

// set moves the mark of the checkpoint's partition forward. The files follow. The mark never
// moves back, also when the read models are made again.
func (h *highWater) set(c wire.Checkpoint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.Message <= h.marks[c.Partition] {
		return
	}
	h.marks[c.Partition] = c.Message
	h.line = appendMark(h.line[:0], c)
	from := c.Partition * highWaterWidth
	if missing := from + highWaterWidth - len(h.lines); missing > 0 {
		h.lines = append(h.lines, make([]byte, missing)...)
	}
	copy(h.lines[from:], h.line)
	h.dirty = true
	if h.recent != nil {
		// What cannot be written is no harm: the line is then not whole, or that of before.
		h.line = appendSum(h.line, h.line)
		_, _ = h.recent.WriteAt(h.line, int64(c.Partition)*recentWidth)
	}
	select {
	case h.moved <- struct{}{}:
	default:
	}
}

// run writes the file when the mark has moved, until the mark is closed. What could not be
// written is written later, because a mark that lags behind does no harm.
func (h *highWater) run() {
	defer close(h.ended)
	failed := false
	for {
		select {
		case <-h.moved:
		case <-h.closed:
			return
		}
		err := h.write()
		if err != nil && !failed {
			h.logger.Warn("the high-water mark cannot be written at the moment", slog.Any("error", err))
		}
		if failed = err != nil; failed {
			select {
			case h.moved <- struct{}{}:
			default:
			}
		}
		select {
		case <-time.After(markEvery):
		case <-h.closed:
			return
		}
	}
}

// write replaces the file if the mark has moved.
func (h *highWater) write() error {
	h.mu.Lock()
	lines, dirty := slices.Clone(h.lines), h.dirty
	h.dirty = false
	h.mu.Unlock()
	if !dirty {
		return nil
	}
	if err := WriteFile(h.path, lines, 0o600); err != nil {
		h.mu.Lock()
		h.dirty = true
		h.mu.Unlock()
		return err
	}
	return nil
}

// close writes what is not in the file yet.
func (h *highWater) close() error {
	if h.ended == nil {
		return nil
	}
	close(h.closed)
	<-h.ended
	if err := h.write(); err != nil {
		h.logger.Warn("the high-water mark could not be written", slog.Any("error", err))
	}
	if h.recent == nil {
		return nil
	}
	return h.recent.Close()
}

// SetMark moves the high-water mark of the partition to the checkpoint; see [Store.SetMark].
func (p *Partition) SetMark(c wire.Checkpoint) { p.store.SetMark(c) }

// SetMark moves the high-water mark of the checkpoint's partition. It never moves back.
// Without a data directory SetMark does nothing.
func (s *Store) SetMark(c wire.Checkpoint) {
	if s.mark != nil {
		s.mark.set(c)
	}
}

// CheckMark compares a partition with the high-water mark. The log must contain the last
// message that this node has read, unchanged. If it does not, the error wraps
// [ErrTruncated]. It wraps [ErrMarkDamaged] if the mark itself is damaged.
func (s *Store) CheckMark(ctx context.Context, partition int) error {
	if s.mark == nil {
		return nil
	}
	if _, _, err := s.mark.flushed(partition); err != nil {
		return err
	}
	if err := s.checkMark(ctx, partition); err != nil {
		return err
	}
	mark, found, err := s.mark.read(partition)
	if err != nil || !found || mark.Message == 0 {
		return err
	}
	e, err := s.Partitions[partition].Message(ctx, mark.Message)
	if err != nil {
		return err
	}
	m, err := e.DecodeAlone(partition)
	if err == nil && m.Last() != mark.Number {
		err = fmt.Errorf("%w: %s says that message %d ends with event %s, and it ends with %s",
			ErrMarkDamaged, s.mark.path, mark.Message, mark.Position, wire.Position{Partition: partition, Number: m.Last()})
	}
	return err
}

// Marked is what a data directory says about how far its node has read a partition.
type Marked struct {
	At    wire.Checkpoint // the later one of the two marks
	Found bool            // there is one
	// Torn reports that the exact mark, which is never flushed, is not whole or does not agree
	// with the other one. A power cut can leave it so. The other mark counts then.
	Torn bool
}

// Mark returns the high-water mark of the partition. The error wraps [ErrMarkDamaged] if the
// mark in the file that is flushed is damaged. Without a data directory there is no mark.
func (s *Store) Mark(partition int) (Marked, error) {
	if s.mark == nil {
		return Marked{}, nil
	}
	flushed, found, err := s.mark.flushed(partition)
	if err != nil {
		return Marked{}, err
	}
	exact, whole := s.mark.exactly(partition)
	m := Marked{At: flushed, Found: found}
	switch {
	case whole && (!found || exact.Message > flushed.Message):
		m.At, m.Found = exact, true
	case whole && exact.Message == flushed.Message:
		m.Torn = exact != flushed
	case !whole:
		m.Torn = !s.mark.unwritten(partition)
	}
	return m, nil
}

// unwritten reports whether the exact mark of the partition was never written.
func (h *highWater) unwritten(partition int) bool {
	from := min(partition*recentWidth, len(h.exact))
	return strings.Trim(string(h.exact[from:min(from+recentWidth, len(h.exact))]), "\x00") == ""
}

func (s *Store) checkMark(ctx context.Context, partition int) error {
	mark, found, err := s.mark.read(partition)
	if err != nil || !found {
		return err
	}
	return s.Partitions[partition].Contains(ctx, mark)
}

// lost returns the error for a log that is missing. It wraps [ErrTruncated] if the
// high-water mark says that this node has read the log before.
func (s *Store) lost(missing error) error {
	if s.mark == nil {
		return missing
	}
	m, _, err := s.dir.marker()
	if err != nil {
		return err
	}
	for p := range m.Partitions {
		mark, found, err := s.mark.read(p)
		if err != nil {
			return err
		}
		if found && mark.Message > 0 {
			return fmt.Errorf("%w: %w, and %s has read one up to %s: restore the log from a backup", ErrTruncated, missing, s.dir.path, mark.Position)
		}
	}
	return missing
}
