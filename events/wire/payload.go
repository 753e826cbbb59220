package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// Append appends an event to the payload of a message that is being built, after the
// array's opening bracket or a comma. The payload is complete once a closing bracket has
// been appended.
func Append(payload []byte, partition int, r *domain.Recorded) ([]byte, error) {
	separator := byte(',')
	if len(payload) == 0 {
		separator = '['
	}
	return Encode(append(payload, separator), partition, r)
}

// Place makes the entries' CloudEvents slices of the payload of the message that they were
// appended to, in order. While a payload grows they may be slices of what it was before.
func Place(payload []byte, entries []Entry) {
	at := 0
	for i := range entries {
		at++ // the bracket or the comma
		end := at + len(entries[i].Stored)
		entries[i].Stored, at = payload[at:end:end], end
	}
}

// split returns the elements of a JSON array, as slices of it. So the bytes that are
// decoded are the bytes that were hashed.
func split(payload []byte) ([]jsontext.Value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(payload))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '[' {
		return nil, errors.New("the payload is not a JSON array")
	}
	var values []jsontext.Value
	for d.PeekKind() != ']' {
		v, err := d.ReadValue()
		if err != nil {
			return nil, fmt.Errorf("reading a JSON array: %w", err)
		}
		end := d.InputOffset()
		values = append(values, jsontext.Value(payload[end-int64(len(v)):end:end]))
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, fmt.Errorf("reading a JSON array: %w", err)
	}
	if int(d.InputOffset()) != len(payload) {
		return nil, errors.New("the payload goes on behind its JSON array")
	}
	if len(values) == 0 {
		return nil, errors.New("the payload holds no events")
	}
	return values, nil
}
