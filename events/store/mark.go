package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/events/wire"
)

// ErrTruncated reports that the log lacks messages that this node has read before:
// somebody has truncated it, or the disk has lost them. Muster refuses to write to it.
var ErrTruncated = errors.New("the log does not hold what this node has read before")

// highWater is the file of the high-water mark, which says how far this node has read
// each partition. It is kept outside the JetStream store, because JetStream does not
// notice if its store comes back shorter or changed. The file has one line of fixed
// width for each partition, so that a line can be overwritten in place:
//
//	partition message event hash
//	       00 00000000000000000042 00000000000000000108 9f86d08…
//
// The file is not flushed. After a power cut it may lag behind, but the message that it
// names must still be in the log.
type highWater struct{ file *os.File }

const (
	highWaterFile  = "high-water"
	highWaterWidth = 2 + 1 + 20 + 1 + 20 + 1 + 64 + 1
)

// openHighWater opens the file. It makes a missing one, but not for reading only.
func openHighWater(path string, readOnly bool) (*highWater, error) {
	flag := os.O_RDWR | os.O_CREATE
	if readOnly {
		flag = os.O_RDONLY
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the high-water mark: %w", err)
	}
	return &highWater{f}, nil
}

// read returns the mark of a partition. It reports false for a line that was never
// written or that a power cut left as zeros.
func (h *highWater) read(partition int) (wire.Checkpoint, bool, error) {
	line := make([]byte, highWaterWidth)
	if n, _ := h.file.ReadAt(line, int64(partition)*highWaterWidth); n < highWaterWidth || strings.Trim(string(line), "\x00") == "" {
		return wire.Checkpoint{}, false, nil
	}
	fields := strings.Fields(string(line))
	c := wire.Checkpoint{Position: wire.Position{Partition: partition}}
	if len(fields) == 4 && fields[0] == fmt.Sprintf("%02d", partition) {
		var err, err2 error
		c.Message, err = strconv.ParseUint(fields[1], 10, 64)
		c.Number, err2 = strconv.ParseUint(fields[2], 10, 64)
		if err == nil && err2 == nil && c.Hash.UnmarshalText([]byte(fields[3])) == nil {
			return c, true, nil
		}
	}
	return wire.Checkpoint{}, false, fmt.Errorf("%s, line %d is damaged: check the disk; when muster audit verify finds the log whole, delete the file", h.file.Name(), partition+1)
}

func (h *highWater) write(c wire.Checkpoint) error {
	line := fmt.Appendf(make([]byte, 0, highWaterWidth), "%02d %020d %020d %x\n", c.Partition, c.Message, c.Number, c.Hash)
	if _, err := h.file.WriteAt(line, int64(c.Partition)*highWaterWidth); err != nil {
		return fmt.Errorf("writing the high-water mark: %w", err)
	}
	return nil
}

func (h *highWater) close() error { return errors.Join(h.file.Sync(), h.file.Close()) }

// SetMark moves the high-water mark of the checkpoint's partition. Without a data
// directory it does nothing.
func (s *Store) SetMark(c wire.Checkpoint) error {
	if s.mark == nil {
		return nil
	}
	return s.mark.write(c)
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
