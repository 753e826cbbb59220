package openapi

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// field is a Go field that the document describes.
type field struct {
	name   string // for errors, like transport.User.Email
	bounds string // the tag bounds, which names a row; empty without a tag
}

// fieldsOf returns the fields of a struct and of the structs embedded in it, by their
// names in the document. The function nameOf returns such a name, or an empty text for a
// field to leave out.
func fieldsOf(t reflect.Type, nameOf func(reflect.StructField) string) map[string]field {
	fields := make(map[string]field)
	if t.Kind() != reflect.Struct {
		return fields
	}
	for _, f := range reflect.VisibleFields(t) {
		name := nameOf(f)
		if name == "" || !f.IsExported() {
			continue
		}
		owner := t
		if len(f.Index) > 1 {
			owner = t.FieldByIndex(f.Index[:len(f.Index)-1]).Type
		}
		if owner.Kind() == reflect.Pointer {
			owner = owner.Elem()
		}
		generic, _, _ := strings.Cut(owner.String(), "[")
		fields[name] = field{generic + "." + f.Name, f.Tag.Get("bounds")}
	}
	return fields
}

// tagged returns the value of a field's tag, without what follows a comma.
func tagged(f reflect.StructField, tag string) string {
	name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
	return name
}

// boundSchemas completes the bounds of all schemas that have a name.
func (d *Document) boundSchemas() {
	registry := d.spec.Components.Schemas
	for _, name := range slices.Sorted(maps.Keys(registry.Map())) {
		s := registry.Map()[name]
		var fields map[string]field
		if t := registry.TypeFromRef("#/components/schemas/" + name); t != nil {
			fields = fieldsOf(t, func(f reflect.StructField) string { return tagged(f, "json") })
		}
		for _, property := range slices.Sorted(maps.Keys(s.Properties)) {
			f, ok := fields[property]
			if !ok {
				f.name = name + "." + property
			}
			d.bound(f, s.Properties[property])
		}
	}
}

// boundParameters completes the bounds of an operation's parameters. Requests are checked
// against the schemas that the operation declares, which must not get the bounds, so the
// document gets copies of them.
func (d *Document) boundParameters(op *huma.Operation, input reflect.Type) {
	for _, in := range []string{"path", "query", "header", "cookie"} {
		fields := fieldsOf(input, func(f reflect.StructField) string { return tagged(f, in) })
		for _, p := range op.Parameters {
			if p.In != in || p.Schema == nil {
				continue
			}
			f, ok := fields[p.Name]
			if !ok {
				f.name = fmt.Sprintf("the %s parameter %s of %s", in, p.Name, op.OperationID)
			}
			p.Schema = detached(p.Schema)
			d.bound(f, p.Schema)
		}
	}
}

// boundHeaders completes the bounds of the headers of an operation's answers.
func (d *Document) boundHeaders(op *huma.Operation, answer reflect.Type) {
	fields := fieldsOf(answer, func(f reflect.StructField) string {
		if name := tagged(f, "header"); name != "" {
			return name
		}
		return f.Name // as huma names it
	})
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		headers := op.Responses[status].Headers
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			h := headers[name]
			if h.Schema == nil {
				continue
			}
			f, ok := fields[name]
			if !ok {
				f.name = fmt.Sprintf("the header %s of %s", name, op.OperationID)
			}
			d.bound(f, h.Schema)
		}
	}
}

// detached returns a copy of the schema whose bounds can be changed.
func detached(s *huma.Schema) *huma.Schema {
	detached := *s
	if s.Items != nil {
		items := *s.Items
		detached.Items = &items
	}
	return &detached
}

// bound adds the bounds that a field's tag and format imply to its schema. If the schema
// still lacks some, bound remembers the field for the error of [Document.Finish].
func (d *Document) bound(f field, s *huma.Schema) {
	bounds, ok := table[f.bounds]
	if !ok && f.bounds != "" {
		d.undeclared[f.name] = fmt.Errorf("%s: there are no bounds named %q", f.name, f.bounds)
		return
	}
	bounds.apply(s)
	if lacks := missing(s); lacks != "" {
		d.undeclared[f.name] = fmt.Errorf("%s declares no bounds: it needs %s", f.name, lacks)
	}
}

// apply adds to a schema the bounds that it does not have yet.
func (b row) apply(s *huma.Schema) {
	switch s.Type {
	case huma.TypeArray:
		if s.MaxItems == nil && b.items > 0 {
			s.MaxItems = &b.items
		}
		b.apply(s.Items)
	case huma.TypeInteger:
		// huma gives unsigned numbers a minimum, but never a maximum.
		if s.Maximum == nil && b.most > 0 {
			s.Minimum, s.Maximum = &b.least, &b.most
		}
	case huma.TypeString:
		b.applyText(s)
	}
}

func (b row) applyText(s *huma.Schema) {
	if s.Enum != nil {
		if s.Nullable && !slices.Contains(s.Enum, nil) {
			s.Enum = append(slices.Clone(s.Enum), nil)
		}
		return
	}
	if most, ok := formats[s.Format]; ok {
		if s.MaxLength == nil {
			s.MaxLength = &most
		}
		return
	}
	if s.MaxLength == nil && b.length > 0 {
		s.MaxLength = &b.length
	}
	if s.Pattern == "" {
		s.Pattern = b.pattern
	}
}

// missing returns a text that names the bounds which a schema lacks. It is empty if the
// schema lacks none. A schema behind a reference is checked on its own.
func missing(s *huma.Schema) string {
	switch s.Type {
	case huma.TypeArray:
		if s.MaxItems == nil {
			return "maxItems"
		}
		return missing(s.Items)
	case huma.TypeInteger, huma.TypeNumber:
		if s.Minimum == nil || s.Maximum == nil {
			return "minimum and maximum"
		}
	case huma.TypeString:
		if s.Enum == nil && (s.MaxLength == nil || s.Pattern == "" && s.Format == "") {
			return "an enum, or maxLength with a pattern or a format"
		}
	}
	return ""
}
