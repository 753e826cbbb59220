package terminal

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// DefaultData is the data directory that commands use by default.
const DefaultData = "./muster-data"

// Text is a flag whose text is checked while flags are read, so that an error names
// the flag or the variable that it came from.
type Text struct {
	text  *string
	kind  string
	check func(string) error
}

// NewText returns a flag that sets the text if the check returns no error. The kind
// is what help shows for the value.
func NewText(text *string, kind string, check func(string) error) Text {
	return Text{text, kind, check}
}

// String returns the text.
func (t Text) String() string { return *t.text }

// Type returns the kind.
func (t Text) Type() string { return t.kind }

// Set checks the text and sets it.
func (t Text) Set(text string) error {
	if err := t.check(text); err != nil {
		return err
	}
	*t.text = text
	return nil
}

// NotEmpty returns a flag that takes any text but the empty one, which is what a shell
// makes of a variable that is not set.
func NotEmpty(text *string) Text {
	return NewText(text, "string", func(s string) error {
		if s == "" {
			return errors.New("a text is expected; leave the flag out if there is none")
		}
		return nil
	})
}

// OneOf returns a flag that takes one of the words.
func OneOf(text *string, words ...string) Text {
	return NewText(text, strings.Join(words, "|"), func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("one of %s is expected", strings.Join(words, ", "))
		}
		return nil
	})
}

// Address returns a flag that takes HOST:PORT, where HOST can be empty.
func Address(text *string) Text {
	return NewText(text, "host:port", func(s string) error {
		_, port, err := net.SplitHostPort(s)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return errors.New("an address like 127.0.0.1:8080 is expected, or :8080 for every interface")
		}
		return nil
	})
}

// Parsed is a flag for a value that is parsed from text, such as an id.
type Parsed[T any] struct {
	to    *T
	kind  string
	parse func(string) (T, error)
	text  string
}

// NewParsed returns a flag that sets the value to what parse returns. The kind is what
// help shows for the value.
func NewParsed[T any](to *T, kind string, parse func(string) (T, error)) *Parsed[T] {
	return &Parsed[T]{to: to, kind: kind, parse: parse}
}

// String returns the text that the value was parsed from.
func (p *Parsed[T]) String() string { return p.text }

// Type returns the kind.
func (p *Parsed[T]) Type() string { return p.kind }

// Set parses the text and sets the value. Another one is refused then: it is not known which of them
// is meant. The same one is not, because completion parses the arguments twice.
func (p *Parsed[T]) Set(text string) error {
	if p.text != "" && p.text != text {
		return fmt.Errorf("there is another value already: %s", p.text)
	}
	value, err := p.parse(text)
	if err == nil {
		*p.to, p.text = value, text
	}
	return err
}

// Toggle is a flag for true or false.
type Toggle struct{ on *bool }

// NewToggle returns a flag that sets on.
func NewToggle(on *bool) Toggle { return Toggle{on} }

// String returns true or false.
func (t Toggle) String() string { return strconv.FormatBool(*t.on) }

// Type returns the kind that help shows.
func (t Toggle) Type() string { return "bool" }

// IsBoolFlag reports that the flag can be given without a value.
func (t Toggle) IsBoolFlag() bool { return true }

// Set sets the flag to true or false.
func (t Toggle) Set(text string) error {
	on, err := strconv.ParseBool(text)
	if err != nil {
		return errors.New("true or false is expected")
	}
	*t.on = on
	return nil
}
