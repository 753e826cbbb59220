package transport

import (
	"bytes"
	"encoding"
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A zero id or a zero time means "none" inside Muster. So nothing that a client sends may
// be one, however it is spelled: it would silently mean that the client had sent nothing.

const (
	expectedID   = "a UUID is expected: 36 characters like 019cc043-af91-783e-9927-3daab1cd9277"
	nilID        = "the nil UUID is not a valid id; leave the id out if none is meant"
	expectedTime = "a time like 2026-03-05T23:09:47.281Z is expected"
	zeroTime     = "the time 0001-01-01T00:00:00Z is not taken; leave the time out if none is meant"
)

// zeroer is a value with a text form whose zero value means "none": an id or a time.
type zeroer interface {
	encoding.TextUnmarshaler
	IsZero() bool
}

// valueError says what is wrong with an id or a time.
type valueError struct{ code, detail string }

func (e *valueError) Error() string { return e.detail }

// ParseTime reads a time in RFC 3339, or a day, which is its beginning in UTC. The zero
// time is refused.
func ParseTime(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		text = day.Format(time.RFC3339)
	}
	var at time.Time
	err := readValue(&at, []byte(text))
	return at, err
}

// readValue reads an id or a time. The error is a [valueError].
func readValue(into zeroer, text []byte) error {
	err := into.UnmarshalText(text)
	at, isTime := into.(*time.Time)
	switch {
	case isTime && err != nil:
		return &valueError{CodeInvalidTime, expectedTime}
	case isTime && at.Truncate(time.Millisecond).IsZero(): // Muster keeps whole milliseconds
		return &valueError{CodeInvalidTime, zeroTime}
	case err != nil:
		return &valueError{CodeInvalidID, expectedID}
	case into.IsZero():
		return &valueError{CodeInvalidID, nilID}
	}
	return nil
}

// strictValues makes the decoder of bodies read every id and every time by [readValue].
var strictValues = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, into zeroer) error {
	if d.PeekKind() != '"' {
		return errors.ErrUnsupported // the decoder reads null, and refuses everything else
	}
	quoted, err := d.ReadValue()
	if err != nil {
		return err
	}
	text := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(text, '\\') >= 0 {
		if text, err = jsontext.AppendUnquote(nil, quoted); err != nil {
			return err
		}
	}
	return readValue(into, text)
}))
