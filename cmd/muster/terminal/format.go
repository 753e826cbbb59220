package terminal

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
)

// The values of --format.
const (
	FormatTable = "table"
	FormatJSON  = "json"
	FormatJSONL = "jsonl"
	FormatCSV   = "csv"
)

// PrintJSON writes the value as indented JSON.
func PrintJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// timeLayout is RFC 3339 in UTC, always with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// ShowTime returns the time as the API writes it: in RFC 3339, UTC, with milliseconds.
func ShowTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// ErrZeroTime is the error for the zero time.
var ErrZeroTime = errors.New("the time 0001-01-01T00:00:00Z is not taken; leave the time out if none is meant")

// ParseTime parses a time in RFC 3339, or a day, which is its beginning in UTC. It refuses
// the zero time, because inside Muster it means that there is none.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		t, err := time.Parse(layout, text)
		switch {
		case err == nil && t.IsZero():
			return t, ErrZeroTime
		case err == nil:
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("a time like 2026-03-05T23:09:47Z is expected, or a day like 2026-03-05")
}

// OrEmpty returns the text, empty for nil.
func OrEmpty[T ~string](text *T) T {
	if text == nil {
		return ""
	}
	return *text
}

// FullName returns the first and the last name of a person, or the one that is known.
func FullName(n domain.PersonName) string { return strings.TrimSpace(n.First + " " + n.Last) }
