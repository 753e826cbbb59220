package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// Position is a place in history: the number of an event in its partition. It is the
// only number that is visible to clients: as the sequence of an event, as
// Muster-Position, and as the id of a server-sent event.
type Position struct {
	Partition int
	// Number counts the partition's events from 1 without gaps. 0 is the place
	// before the first one.
	Number uint64
}

// ParsePosition reads "P-N", such as 3-1042.
func ParsePosition(s string) (Position, error) {
	partition, number, ok := strings.Cut(s, "-")
	p, err := strconv.ParseUint(partition, 10, 16)
	n, err2 := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil || err2 != nil {
		return Position{}, fmt.Errorf("%.40q is not a position: partition and number are expected, like 3-1042", s)
	}
	return Position{int(p), n}, nil
}

// String returns the position as "P-N".
func (p Position) String() string {
	return string(p.append(make([]byte, 0, 24)))
}

func (p Position) append(b []byte) []byte {
	b = strconv.AppendInt(b, int64(p.Partition), 10)
	b = append(b, '-')
	return strconv.AppendUint(b, p.Number, 10)
}

// MarshalText returns [Position.String], for encoders.
func (p Position) MarshalText() ([]byte, error) { return p.append(nil), nil }

// UnmarshalText calls [ParsePosition], for decoders.
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}
