package webhook

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/oklog/ulid/v2"
)

// outline is where the parts of a CloudEvent are that a webhook needs.
type outline struct {
	id   string // a ULID
	from int    // where data.profile begins, with the comma that goes with it
	to   int    // where it ends; equal to from if there is none
}

// read finds the parts of a CloudEvent. It fails if the text is not one JSON object that
// has the ULID of an event as its id.
func read(event []byte) (o outline, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(event))
	err = members(d, func(name string, _ bool, _ int) error {
		switch kind := d.PeekKind(); {
		case name == "id" && kind == '"':
			t, err := d.ReadToken()
			if err == nil {
				o.id = t.String()
			}
			return err
		case name == "data" && kind == '{':
			return members(d, func(name string, first bool, before int) error {
				if err := d.SkipValue(); err != nil || name != "profile" {
					return err
				}
				o.from, o.to = before, int(d.InputOffset())
				if first { // the comma that goes with it, if there is one, is behind it
					if rest := bytes.TrimLeft(event[o.to:], " \t\r\n"); len(rest) > 0 && rest[0] == ',' {
						o.to = len(event) - len(rest) + 1
					}
				}
				return nil
			})
		}
		return d.SkipValue()
	})
	if err != nil {
		return o, fmt.Errorf("the event cannot be read: %w", err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return o, errors.New("the event cannot be read: there is more than one JSON value")
	}
	if _, err := ulid.ParseStrict(o.id); err != nil {
		return o, fmt.Errorf("the event's id %q cannot be read: %w", o.id, err)
	}
	return o, nil
}

// members calls each for the members of the object that comes next. It has to read the
// member's value. before is the offset after the object's opening brace or the former value.
func members(d *jsontext.Decoder, each func(name string, first bool, before int) error) error {
	if kind := d.PeekKind(); kind != '{' && kind != 0 {
		return errors.New("a JSON object is expected")
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for first := true; ; first = false {
		before := int(d.InputOffset())
		name, err := d.ReadToken()
		if err != nil || name.Kind() == '}' {
			return err
		}
		if err := each(name.String(), first, before); err != nil {
			return err
		}
	}
}

// Thin returns the CloudEvent without its profile.
func Thin(event []byte) ([]byte, error) {
	o, err := read(event)
	if err != nil {
		return nil, err
	}
	return o.appendThin(nil, event), nil
}

// appendThin appends the event without its profile. No other byte is changed.
func (o outline) appendThin(b, event []byte) []byte {
	return append(append(b, event[:o.from]...), event[o.to:]...)
}
