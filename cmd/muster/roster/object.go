package roster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/cmd/muster/roster/table"
	"github.com/muster-dev/muster/domain"
)

// object returns the person of a line of JSONL.
func (s *source) object(line table.Line) (*person, error) {
	p := &person{first: line.Number, last: line.Number}
	return s.checked(p, s.read(p, line.Text))
}

var (
	errNotObject = errors.New(`the line is not a valid JSON object, such as {"email": "ada@example.com", "role": "editor"}`)
	errSecond    = errors.New("one JSON object per line is expected, and more follows the first one")
)

func (s *source) read(p *person, text []byte) error {
	if text[0] == '[' {
		return errors.New(`one JSON object per line is expected, and not an array: "jq -c '.[]' FILE" writes one object per line`)
	}
	in := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true)) // members refuses them in words
	var wrong error
	keys := map[string]string{} // by field
	err := members(in, "", func(name string, value jsontext.Value) {
		wrong = errors.Join(wrong, s.member(p, keys, name, value))
	})
	if err != nil {
		return err
	}
	if _, err := in.ReadToken(); !errors.Is(err, io.EOF) {
		return errSecond
	}
	return wrong
}

// members reads an object and calls each with its members. An object with two members of
// the same name is an error. The path is where the object is.
func members(in *jsontext.Decoder, path string, each func(name string, value jsontext.Value)) error {
	if in.PeekKind() != '{' {
		return errNotObject
	}
	_, _ = in.ReadToken()
	seen := map[string]bool{}
	for in.PeekKind() == '"' {
		token, err := in.ReadToken()
		if err != nil {
			return errNotObject
		}
		name := token.String()
		if seen[name] {
			return fmt.Errorf("the key %.60q appears twice", path+name)
		}
		seen[name] = true
		value, err := in.ReadValue()
		if err != nil {
			return errNotObject
		}
		each(name, value.Clone())
	}
	if token, err := in.ReadToken(); err != nil || token.Kind() != '}' {
		return errNotObject
	}
	return nil
}

// member sets the field that a member of the object is. Null is the same as leaving it
// out. The keys are those of the members before it, by their fields.
func (s *source) member(p *person, keys map[string]string, name string, value jsontext.Value) error {
	field, err := s.mapping.key(name)
	if err != nil || field == fieldIgnored || value.Kind() == 'n' {
		return err
	}
	other, twice := keys[field]
	keys[field] = name
	switch {
	case twice && plain(other) == plain(name):
		return fmt.Errorf("the keys %.60q and %.60q are both the field %s: one of them is expected", other, name, field)
	case twice:
		return fmt.Errorf("the keys %.60q and %.60q are both the field %s: say which one is not, as in --map %.60q", other, name, field, name+"="+fieldIgnored)
	case field == fieldFullName && value.Kind() == '{':
		return p.nameOf(value)
	case field == fieldPermissions && value.Kind() == '[':
		return p.permissionsOf(value)
	case field == fieldStatus && (value.Kind() == 't' || value.Kind() == 'f'):
		return p.set(field, value.String())
	case value.Kind() != '"':
		return fmt.Errorf("%s: %s is expected", name, expected(field))
	}
	text := stringOf(value)
	if text == "" {
		return fmt.Errorf("%s: a text that is not empty is expected; leave the key out if there is none", name)
	}
	if field == fieldPermissions {
		return fmt.Errorf("%s: %s is expected", name, expected(field))
	}
	return p.set(field, text)
}

func expected(field string) string {
	switch field {
	case fieldFullName:
		return `an object like {"first": "Ada", "last": "Byron"}`
	case fieldPermissions:
		return `a list like ["workspace.view"], [] for none, or null for those of the role`
	}
	return "a text in quotation marks"
}

// stringOf returns the text of a JSON string, which the decoder has checked.
func stringOf(value jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, value)
	return string(text)
}

func (p *person) nameOf(value jsontext.Value) error {
	var wrong error
	err := members(jsontext.NewDecoder(bytes.NewReader(value), jsontext.AllowDuplicateNames(true)), "name.", func(name string, part jsontext.Value) {
		switch {
		case name != "first" && name != "last":
			wrong = errors.Join(wrong, fmt.Errorf("the key %.60q is unknown: name has first and last", "name."+name))
		case part.Kind() == 'n':
		case part.Kind() != '"':
			wrong = errors.Join(wrong, fmt.Errorf("name.%s: a text in quotation marks is expected", name))
		case name == "first":
			p.setName(fieldFirstName, stringOf(part))
			wrong = errors.Join(wrong, tooLong("name.first", *p.Name.First, domain.MaxName))
		default:
			p.setName(fieldLastName, stringOf(part))
			wrong = errors.Join(wrong, tooLong("name.last", *p.Name.Last, domain.MaxName))
		}
	})
	return errors.Join(wrong, err)
}

func (p *person) permissionsOf(value jsontext.Value) error {
	p.Permissions = []string{}
	in := jsontext.NewDecoder(bytes.NewReader(value))
	_, _ = in.ReadToken()
	for in.PeekKind() != ']' {
		permission, err := in.ReadValue()
		if err != nil || permission.Kind() != '"' {
			return fmt.Errorf("permissions: %s is expected", expected(fieldPermissions))
		}
		p.Permissions = append(p.Permissions, stringOf(permission))
	}
	return tooMany(p.Permissions)
}

// inOneLine returns the texts of joined errors in one line.
func inOneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
