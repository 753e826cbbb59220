package events

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ErrTruncated is what a log is that does not hold what this node has read of it
// before: somebody cut it, or the disk forgot. Muster refuses to write to it.
var ErrTruncated = errors.New("the log does not hold what this node has read before")

// The high-water mark is how far this node has read each partition, kept beside
// the JetStream store, not in it: JetStream itself does not notice when its store
// comes back shorter or changed. The file DIR/high-water has one line of fixed
// width for each partition, so that a line is written over in place:
//
//	partition message event hash
//	       00 00000000000000000042 00000000000000000108 9f86d08…
//
// It is not flushed: after a power cut it may lag behind, and what it then says
// must still be in the log.
type highWater struct{ file *os.File }

const (
	markFile  = "high-water"
	markWidth = 2 + 1 + 20 + 1 + 20 + 1 + 64 + 1
)

func openHighWater(path string) (*highWater, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the high-water mark: %w", err)
	}
	return &highWater{f}, nil
}

// read answers the mark of a partition. A line that was never written, or that
// a power cut left as zeros, is no mark.
func (h *highWater) read(partition int) (Checkpoint, bool, error) {
	line := make([]byte, markWidth)
	if n, _ := h.file.ReadAt(line, int64(partition)*markWidth); n < markWidth || strings.Trim(string(line), "\x00") == "" {
		return Checkpoint{}, false, nil
	}
	fields := strings.Fields(string(line))
	c := Checkpoint{Position: Position{Partition: partition}}
	if len(fields) == 4 && fields[0] == fmt.Sprintf("%02d", partition) {
		var err, err2 error
		c.Message, err = strconv.ParseUint(fields[1], 10, 64)
		c.Number, err2 = strconv.ParseUint(fields[2], 10, 64)
		if err == nil && err2 == nil && c.Hash.UnmarshalText([]byte(fields[3])) == nil {
			return c, true, nil
		}
	}
	return Checkpoint{}, false, fmt.Errorf("%s, line %d is damaged: check the disk; when muster audit verify finds the log whole, delete the file", h.file.Name(), partition+1)
}

func (h *highWater) write(c Checkpoint) error {
	line := fmt.Appendf(make([]byte, 0, markWidth), "%02d %020d %020d %x\n", c.Partition, c.Message, c.Number, c.Hash)
	if _, err := h.file.WriteAt(line, int64(c.Partition)*markWidth); err != nil {
		return fmt.Errorf("writing the high-water mark: %w", err)
	}
	return nil
}

func (h *highWater) close() error { return errors.Join(h.file.Sync(), h.file.Close()) }
