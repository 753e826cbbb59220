package subscriber

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Position is the place of an event in history: a partition, and the number of the event
// in it. Events of one organization are in one partition, in ascending order. Numbers that
// are missing mean nothing: other organizations are in the same partition.
//
// The zero Position is before the first event of every organization.
type Position struct {
	Partition int
	Number    uint64
}

// ParsePosition parses a position as it appears in events, like "3-1042".
func ParsePosition(text string) (Position, error) {
	partition, number, found := strings.Cut(text, "-")
	p, err := strconv.ParseUint(partition, 10, 16)
	n, wrong := strconv.ParseUint(number, 10, 64)
	parsed := Position{int(p), n}
	// What does not print as it was written has a sign or leading zeros.
	if !found || err != nil || wrong != nil || parsed.String() != text {
		return Position{}, fmt.Errorf("%.100q is not a position: one like 3-1042 is expected", text)
	}
	return parsed, nil
}

// String returns the position as it appears in events, like "3-1042".
func (p Position) String() string {
	return strconv.Itoa(p.Partition) + "-" + strconv.FormatUint(p.Number, 10)
}

// IsZero reports whether the position is the zero one.
func (p Position) IsZero() bool { return p == Position{} }

// Compare returns -1 if p is before q, 0 if they are the same, and 1 if p is after q. Both
// must be of the same organization, or zero.
func (p Position) Compare(q Position) int { return cmp.Compare(p.Number, q.Number) }

// MarshalText returns the position as it appears in events, and an empty text for the zero
// Position.
func (p Position) MarshalText() ([]byte, error) {
	if p.IsZero() {
		return nil, nil
	}
	return []byte(p.String()), nil
}

// UnmarshalText parses what [Position.MarshalText] returns.
func (p *Position) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*p = Position{}
		return nil
	}
	*p, err = ParsePosition(string(text))
	return err
}
