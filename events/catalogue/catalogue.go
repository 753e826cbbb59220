package catalogue

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// Type is one type of events.
type Type struct {
	// Name is the type's name on the wire, such as muster.member.added.
	Name string
	// Schema is the number of the schema with which data of the type is written.
	Schema int
	// What says in a sentence what has happened.
	What string
	// More says when it happens and what follows from it, if What does not.
	More string
	// Fields are the fields of the data, in the order in which they are written. A field of
	// an object follows the object.
	Fields []Field
	// Data is the schema of the data.
	Data *Schema
	// Examples are events of the type. There is at least one.
	Examples []*domain.Recorded
}

// DataSchema returns the URI that names the schema of the type's data.
func (t *Type) DataSchema() string { return wire.DataSchema(t.Name, t.Schema) }

// Title returns the type's name as generators of code like it: MemberAdded. The titles of the
// schemas begin with it.
func (t *Type) Title() string { return title(strings.TrimPrefix(t.Name, "muster.")) }

// title joins words with dots and underscores between them.
func title(words string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(words, func(r rune) bool { return r == '.' || r == '_' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// Concerns says what events of the type concern besides the organization.
func (t *Type) Concerns() []string {
	var all []string
	about := t.Examples[0].Event.Concerns()
	if !about.Workspace.IsZero() {
		all = append(all, "workspace")
	}
	if !about.User.IsZero() {
		all = append(all, "user")
	}
	return all
}

// Noun is a group of types, about one kind of thing.
type Noun struct {
	Name  string // a heading
	About string // what the events are about, in a sentence
	Types []Type
}

// row is what the files of the nouns say of a type.
type row struct {
	What, More string
	// Text says what the fields of the data are, by their paths (name.from). A field that has
	// no text here has the one in texts.
	Text map[string]string
	// Nullable are the paths of the fields that can be null although their type does not say so.
	Nullable []string
	// Examples are values of the type, all of the same one.
	Examples []domain.Event
}

// Nouns returns all types in the order of the reference. It fails if a row lacks something or
// says too much: that is a mistake in this package, which its tests find.
func Nouns() ([]Noun, error) {
	var nouns []Noun
	story := newStory()
	for _, noun := range []struct {
		name, about string
		rows        []row
	}{
		{"Organizations", "The tenants.", organizations},
		{"Organization members", "Roles in the organization as a whole.", organizationMembers},
		{"Users", "The organization's directory.", users},
		{"Workspaces", "What people are members of.", workspaces},
		{"Members", "The ties of users to workspaces.", members},
		{"Roles", "The organization's own roles.", roles},
		{"Tokens", "Credentials.", tokens},
		{"Subscriptions", "Durable cursors on the organization's events.", subscriptions},
		{"Reviews", "What became of the question whether people still need their access.", reviews},
	} {
		n := Noun{Name: noun.name, About: noun.about}
		for _, r := range noun.rows {
			t, err := r.describe(story)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", noun.name, err)
			}
			n.Types = append(n.Types, t)
		}
		nouns = append(nouns, n)
	}
	return nouns, nil
}

// Types returns all types in the order of the reference. It fails as [Nouns] does.
func Types() ([]Type, error) {
	nouns, err := Nouns()
	if err != nil {
		return nil, err
	}
	var all []Type
	for _, n := range nouns {
		all = append(all, n.Types...)
	}
	return all, nil
}

// describe makes the type of a row.
func (r row) describe(s *story) (Type, error) {
	if len(r.Examples) == 0 {
		return Type{}, fmt.Errorf("%q has no example", r.What)
	}
	first := reflect.TypeOf(r.Examples[0])
	name := r.Examples[0].EventType()
	t := Type{Name: name, Schema: wire.SchemaOf(name), What: r.What, More: r.More}
	switch {
	case t.Schema == 0:
		return t, fmt.Errorf("%s: %w", name, wire.ErrUnknownType)
	case t.What == "":
		return t, fmt.Errorf("%s: nothing says what has happened", name)
	}
	f := fields{row: r, title: t.Title() + "Data", used: make(map[string]bool)}
	t.Data = f.object(first, "")
	t.Fields = f.found
	for path := range r.Text {
		if !f.used[path] {
			f.fail("there is no field %s", path)
		}
	}
	for _, path := range r.Nullable {
		if !f.used[path] {
			f.fail("there is no field %s", path)
		}
	}
	for _, e := range r.Examples {
		if reflect.TypeOf(e) != first {
			f.fail("an example is a %T", e)
		}
		t.Examples = append(t.Examples, s.tell(e))
	}
	if f.err != nil {
		return t, fmt.Errorf("%s: %w", name, f.err)
	}
	t.Data.Description = t.What
	if t.More != "" {
		t.Data.Description += " " + t.More
	}
	return t, nil
}

func (f *fields) nullable(path string) bool { return slices.Contains(f.row.Nullable, path) }
