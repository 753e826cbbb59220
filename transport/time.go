package transport

import (
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Time is a moment in an answer: RFC 3339 in UTC, always with three digits of
// milliseconds. The zero Time is written as null.
type Time time.Time

// MarshalJSON returns the moment as a JSON string, or null.
func (t Time) MarshalJSON() ([]byte, error) { return t.AppendJSON(make([]byte, 0, 26)), nil }

// UnmarshalJSON reads a moment in RFC 3339, or null, which is the zero Time.
func (t *Time) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*t = Time{}
		return nil
	}
	var at time.Time
	if err := at.UnmarshalJSON(text); err != nil {
		return err
	}
	*t = Time(at.UTC())
	return nil
}

// Schema documents what a moment looks like.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Format: "date-time", MaxLength: &timeLength,
		Description: "RFC 3339, UTC, with milliseconds.", Examples: []any{"2026-03-05T23:09:47.281Z"},
	}
}

var timeLength = len("2026-03-05T23:09:47.281Z")

// AppendJSON appends what [Time.MarshalJSON] returns. It does not use
// [time.Time.AppendFormat], which is slow for this form: a page of 100 members contains
// 200 times.
func (t Time) AppendJSON(b []byte) []byte {
	at := time.Time(t)
	if at.IsZero() {
		return append(b, "null"...)
	}
	at = at.UTC()
	year, month, day := at.Date()
	hour, minute, second := at.Clock()
	n := len(b)
	b = slices.Grow(b, len(timeForm))[:n+len(timeForm)]
	text := b[n:]
	copy(text, timeForm)
	putTwo(text[1:], year/100%100)
	putTwo(text[3:], year%100)
	putTwo(text[6:], int(month))
	putTwo(text[9:], day)
	putTwo(text[12:], hour)
	putTwo(text[15:], minute)
	putTwo(text[18:], second)
	ms := at.Nanosecond() / 1e6
	text[21] = digit(ms / 100)
	putTwo(text[22:], ms%100)
	return b
}

// timeForm is the form of a moment, with a zero for each digit.
const timeForm = `"0000-00-00T00:00:00.000Z"`

// putTwo writes a number of two digits.
func putTwo(text []byte, n int) { text[0], text[1] = digit(n/10), digit(n%10) }

func digit(n int) byte { return byte('0' + n) }
