package store

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/events/wire"
)

// appendSum appends the end of a line of the file that is overwritten: its checksum.
func appendSum(b, line []byte) []byte {
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(line))
	return append(hex.AppendEncode(b, sum), '\n')
}

// appendMark appends the line of a checkpoint.
func appendMark(b []byte, c wire.Checkpoint) []byte {
	for _, field := range [...]struct {
		number uint64
		width  int
	}{{uint64(c.Partition), 2}, {c.Message, 20}, {c.Number, 20}} { //nolint:gosec // not negative
		var room [20]byte
		digits := strconv.AppendUint(room[:0], field.number, 10)
		for range field.width - len(digits) {
			b = append(b, '0')
		}
		b = append(append(b, digits...), ' ')
	}
	return append(hex.AppendEncode(b, c.Hash[:]), '\n')
}

// markLine returns the line of a checkpoint without its end.
func markLine(c wire.Checkpoint) string { return string(bytes.TrimSpace(appendMark(nil, c))) }

func parseMark(partition int, line string) (wire.Checkpoint, bool) {
	fields := strings.Fields(line)
	c := wire.Checkpoint{Position: wire.Position{Partition: partition}}
	if len(fields) != 4 || fields[0] != fmt.Sprintf("%02d", partition) {
		return wire.Checkpoint{}, false
	}
	var err, err2 error
	c.Message, err = strconv.ParseUint(fields[1], 10, 64)
	c.Number, err2 = strconv.ParseUint(fields[2], 10, 64)
	return c, err == nil && err2 == nil && c.Hash.UnmarshalText([]byte(fields[3])) == nil
}
