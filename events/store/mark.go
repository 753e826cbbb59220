package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
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
// The file is replaced and flushed about once a second while the mark moves, and when the
// log is closed. So it may lag behind, but the message that it names must be in the log.
// What was read after it is known exactly from the checkpoints of the read models.
type highWater struct {
	path   string
	logger *slog.Logger

	mu    sync.Mutex
	lines []byte // what the file holds once it is written
	dirty bool   // the file does not hold it yet

	moved  chan struct{} // has room for one signal
	closed chan struct{}
	ended  chan struct{} // closed when run has returned; nil if it was never started
}

const (
	highWaterFile  = "high-water"
	highWaterWidth = 2 + 1 + 20 + 1 + 20 + 1 + 64 + 1

	// markEvery is the least time between two writes of the file.
	markEvery = time.Second
)

// openHighWater reads the file. A missing one is no mark, or [fs.ErrNotExist] for reading
// only.
func openHighWater(path string, readOnly bool, logger *slog.Logger) (*highWater, error) {
	lines, err := os.ReadFile(path)
	if err != nil && (readOnly || !errors.Is(err, fs.ErrNotExist)) {
		return nil, fmt.Errorf("opening the high-water mark: %w", err)
	}
	h := &highWater{path: path, logger: logger, lines: lines, moved: make(chan struct{}, 1), closed: make(chan struct{})}
	if !readOnly {
		h.ended = make(chan struct{})
		go h.run()
	}
	return h, nil
}

// read returns the mark of a partition. It reports false for a line that was never
// written or that a power cut left as zeros.
func (h *highWater) read(partition int) (wire.Checkpoint, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := partition * highWaterWidth
	if len(h.lines) < from+highWaterWidth || strings.Trim(string(h.lines[from:from+highWaterWidth]), "\x00") == "" {
		return wire.Checkpoint{}, false, nil
	}
	fields := strings.Fields(string(h.lines[from : from+highWaterWidth]))
	c := wire.Checkpoint{Position: wire.Position{Partition: partition}}
	if len(fields) == 4 && fields[0] == fmt.Sprintf("%02d", partition) {
		var err, err2 error
		c.Message, err = strconv.ParseUint(fields[1], 10, 64)
		c.Number, err2 = strconv.ParseUint(fields[2], 10, 64)
		if err == nil && err2 == nil && c.Hash.UnmarshalText([]byte(fields[3])) == nil {
			return c, true, nil
		}
	}
	return wire.Checkpoint{}, false, fmt.Errorf("%s, line %d is damaged: check the disk; if muster audit verify finds log and feed whole, move the file away and keep it", h.path, partition+1)
}

// set moves the mark of the checkpoint's partition. The file follows.
func (h *highWater) set(c wire.Checkpoint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := c.Partition * highWaterWidth
	if missing := from + highWaterWidth - len(h.lines); missing > 0 {
		h.lines = append(h.lines, make([]byte, missing)...)
	}
	copy(h.lines[from:], fmt.Sprintf("%02d %020d %020d %x\n", c.Partition, c.Message, c.Number, c.Hash))
	h.dirty = true
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
	return h.write()
}

// SetMark moves the high-water mark of the checkpoint's partition. Without a data
// directory it does nothing.
func (s *Store) SetMark(c wire.Checkpoint) {
	if s.mark != nil {
		s.mark.set(c)
	}
}

// CheckMark compares a partition with the high-water mark. The log must contain the last
// message that this node has read, unchanged. If it does not, the error wraps
// [ErrTruncated].
func (s *Store) CheckMark(ctx context.Context, partition int) error {
	if s.mark == nil {
		return nil
	}
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
