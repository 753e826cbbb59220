package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// inEnvironment marks flags that a variable of the environment can set as well:
// MUSTER_ and the flag's name, so MUSTER_NATS_URL for --nats-url.
func inEnvironment(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f := flags.Lookup(name)
		variable := "MUSTER_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		f.Usage += " [" + variable + "]"
		f.Annotations = map[string][]string{environment: {variable}}
	}
}

const environment = "environment"

// readEnvironment sets the flags that were not given from their variables; they
// still count as not given. An empty variable is none.
func readEnvironment(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || len(f.Annotations[environment]) == 0 {
			return
		}
		variable := f.Annotations[environment][0]
		value := os.Getenv(variable)
		if value == "" {
			return
		}
		if wrong := f.Value.Set(value); wrong != nil {
			err = errors.Join(err, fmt.Errorf("invalid %s=%q: %w", variable, value, wrong))
		}
	})
	return err
}

// value is a flag whose text is checked while flags are read, so that an error
// names the flag or the variable that it came from.
type value struct {
	text  *string
	kind  string
	check func(string) error
}

func (v value) String() string { return *v.text }
func (v value) Type() string   { return v.kind }

func (v value) Set(text string) error {
	if err := v.check(text); err != nil {
		return err
	}
	*v.text = text
	return nil
}

// oneOf is the flag for one of the words.
func oneOf(text *string, words ...string) value {
	return value{text, strings.Join(words, "|"), func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("one of %s is expected", strings.Join(words, ", "))
		}
		return nil
	}}
}

// address is the flag for HOST:PORT.
func address(text *string) value {
	return value{text, "host:port", func(s string) error {
		_, port, err := net.SplitHostPort(s)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return errors.New("an address like 127.0.0.1:8080 is expected, or :8080 for every interface")
		}
		return nil
	}}
}

// count is the flag for a number from 1 on.
type count struct {
	n    *int
	most int
}

func (c count) String() string { return strconv.Itoa(*c.n) }
func (c count) Type() string   { return "number" }

func (c count) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > c.most {
		return fmt.Errorf("a number from 1 to %d is expected", c.most)
	}
	*c.n = n
	return nil
}

// natural is the flag for a number from 0 on.
type natural struct{ n *int }

func (c natural) String() string { return strconv.Itoa(*c.n) }
func (c natural) Type() string   { return "number" }

func (c natural) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return errors.New("a number from 0 on is expected")
	}
	*c.n = n
	return nil
}

// parsed is the flag for a value that has a text form, such as an id.
type parsed[T any] struct {
	to    *T
	kind  string
	parse func(string) (T, error)
	text  string
}

func newParsed[T any](to *T, kind string, parse func(string) (T, error)) *parsed[T] {
	return &parsed[T]{to: to, kind: kind, parse: parse}
}

func (p *parsed[T]) String() string { return p.text }
func (p *parsed[T]) Type() string   { return p.kind }

func (p *parsed[T]) Set(text string) (err error) {
	*p.to, err = p.parse(text)
	p.text = text
	return err
}

// toggle is the flag for yes or no.
type toggle struct{ on *bool }

func (t toggle) String() string   { return strconv.FormatBool(*t.on) }
func (t toggle) Type() string     { return "bool" }
func (t toggle) IsBoolFlag() bool { return true }

func (t toggle) Set(text string) error {
	on, err := strconv.ParseBool(text)
	if err != nil {
		return errors.New("true or false is expected")
	}
	*t.on = on
	return nil
}
