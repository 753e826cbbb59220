package catalogue

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
)

// Field is a field of an event's data.
type Field struct {
	Path     string // name.from
	Form     string // what its value is, in words
	Text     string // what it means
	Optional bool   // it can be absent
}

// profile is the name of the fields that hold personal data. Subscribers can get events
// without them, so no schema demands them.
const profile = "profile"

// without says why a profile can be absent.
const without = "Webhooks get events without it, unless their subscription includes it."

// fields reads the fields of a type of events.
type fields struct {
	row   row
	title string // of the schema of the data
	found []Field
	used  map[string]bool // the paths of all fields
	err   error
}

func (f *fields) fail(format string, args ...any) {
	f.err = errors.Join(f.err, fmt.Errorf(format, args...))
}

// object returns the schema of a struct, and notes its fields.
func (f *fields) object(t reflect.Type, path string) *Schema {
	s := &Schema{Type: "object", Title: f.title + title(path)}
	f.members(s, t, path)
	return s
}

// members adds the fields of a struct to the schema of an object.
func (f *fields) members(s *Schema, t reflect.Type, path string) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case name == "" && field.Anonymous:
			f.members(s, field.Type, path)
			continue
		case name == "":
			f.fail("field %s of %s has no name in JSON", field.Name, t)
			continue
		}
		optional := slices.ContainsFunc(strings.Split(options, ","), func(o string) bool { return o == "omitzero" || o == "omitempty" })
		f.member(s, name, strings.TrimPrefix(path+"."+name, "."), field.Type, optional)
	}
}

// member adds a field to the schema of an object.
func (f *fields) member(s *Schema, name, path string, t reflect.Type, optional bool) {
	text, own := f.row.Text[path]
	if !own {
		text = texts[path]
	}
	if text == "" && strings.HasSuffix(path, ".from") {
		text = "Before."
	}
	if text == "" && strings.HasSuffix(path, ".to") {
		text = "Now."
	}
	if text == "" {
		f.fail("field %s has no text", path)
	}
	if name == profile {
		optional = true
		text += " " + without
	}
	f.used[path] = true
	at := len(f.found)
	f.found = append(f.found, Field{Path: path, Text: text, Optional: optional})
	value := f.value(t, path)
	value.Description = text
	if f.nullable(path) || strings.HasSuffix(path, ".from") || strings.HasSuffix(path, ".to") {
		value.orNull(t, f.nullable(path))
	}
	f.found[at].Form = value.form()
	s.Properties = append(s.Properties, Property{name, value})
	if !optional {
		s.Required = append(s.Required, name)
	}
}

// orNull lets a list and a pointer be null too: in a change, nil is a value. Any other type is
// nullable only if its row says so.
func (s *Schema) orNull(t reflect.Type, said bool) {
	if said || t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		s.Type = []string{s.Type.(string), "null"}
	}
}

// value returns the schema of a type, without a description.
func (f *fields) value(t reflect.Type, path string) *Schema {
	if known, ok := values[t]; ok {
		s := known
		if len(s.Enum) > 0 {
			s.Title = f.title + title(path) // a type of its own, for generators of code
		}
		return &s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return f.value(t.Elem(), path)
	case reflect.Struct:
		return f.object(t, path)
	case reflect.Slice:
		return &Schema{Type: "array", Items: f.value(t.Elem(), path)}
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.Int, reflect.Uint64:
		return &Schema{Type: "integer", Minimum: new(int)}
	case reflect.String:
		if t == reflect.TypeFor[string]() {
			return &Schema{Type: "string"}
		}
	case reflect.Array:
		if strings.HasPrefix(t.String(), "domain.ID[") {
			return &Schema{Type: "string", Format: "uuid", words: "UUID"}
		}
	}
	f.fail("field %s: nothing says what a %s is in JSON", path, t)
	return &Schema{Type: "string"}
}

// The schemas of the types that have a form of their own. They describe, and check no more
// than what has always held: what was written years ago must be valid too.
var values = map[reflect.Type]Schema{
	reflect.TypeFor[time.Time]():               {Type: "string", Format: "date-time", words: "time"},
	reflect.TypeFor[domain.Hash]():             {Type: "string", Pattern: "^[0-9a-f]{64}$", words: "64 hexadecimal digits"},
	reflect.TypeFor[domain.RoleKey]():          {Type: "string", words: "key of a role"},
	reflect.TypeFor[domain.Permission]():       {Type: "string", words: "permission"},
	reflect.TypeFor[domain.Scope]():            {Type: "string", words: "scope"},
	reflect.TypeFor[domain.OrganizationRole](): choice(domain.OrganizationOwner, domain.OrganizationAdmin, domain.OrganizationPlain),
	reflect.TypeFor[domain.SubscriptionKind](): choice(domain.SubscriptionWebhook, domain.SubscriptionNATS),
	reflect.TypeFor[domain.PauseCause]():       choice(domain.PauseRequested, domain.PauseFailing, domain.PauseGone, domain.PauseSecret),
	reflect.TypeFor[domain.ReviewDecision]():   choice(domain.ReviewKept, domain.ReviewRevoked),
	reflect.TypeFor[domain.Level]():            {Type: "integer", Minimum: number(1), Maximum: number(int(domain.LevelTop)), words: "number from 1 to 50"},
}

func number(n int) *int { return &n }

// choice returns the schema of a text that is one of some.
func choice[T ~string](all ...T) Schema {
	s := Schema{Type: "string"}
	for _, one := range all {
		s.Enum = append(s.Enum, string(one))
	}
	return s
}
