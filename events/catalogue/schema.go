package catalogue

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// Dialect is the version of JSON Schema that the documents are written in.
const Dialect = "https://json-schema.org/draft/2020-12/schema"

// Schema is a JSON Schema. Of all keywords it has only those that mean the same in drafts 7
// and 2020-12, except for Dialect, which names the draft of a document. So the schemas can be
// a part of an AsyncAPI document, whose own dialect is a superset of draft 7.
type Schema struct {
	Dialect     string     `json:"$schema,omitzero"`
	ID          string     `json:"$id,omitzero"`
	Ref         string     `json:"$ref,omitzero"` // alone, because draft 7 ignores all that is beside it
	Title       string     `json:"title,omitzero"`
	Description string     `json:"description,omitzero"`
	Type        any        `json:"type,omitzero"` // a text or several
	Const       any        `json:"const,omitzero"`
	Enum        []string   `json:"enum,omitzero"`
	Format      string     `json:"format,omitzero"`
	Pattern     string     `json:"pattern,omitzero"`
	MaxLength   int        `json:"maxLength,omitzero"`
	Minimum     *int       `json:"minimum,omitzero"`
	Maximum     *int       `json:"maximum,omitzero"`
	Required    []string   `json:"required,omitzero"`
	Properties  Properties `json:"properties,omitzero"`
	Items       *Schema    `json:"items,omitzero"`
	MinItems    int        `json:"minItems,omitzero"`
	MaxItems    int        `json:"maxItems,omitzero"`
	AllOf       []*Schema  `json:"allOf,omitzero"`
	OneOf       []*Schema  `json:"oneOf,omitzero"`
	Examples    []any      `json:"examples,omitzero"`

	words string // what a value is, if the keywords say it badly
}

// Property is a property of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// Properties are the properties of an object in the order in which they are written.
type Properties []Property

// MarshalJSONTo writes an object.
func (p Properties) MarshalJSONTo(e *jsontext.Encoder) error {
	if err := e.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, one := range p {
		if err := e.WriteToken(jsontext.String(one.Name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(e, one.Schema); err != nil {
			return err
		}
	}
	return e.WriteToken(jsontext.EndObject)
}

// form says in words what a value is.
func (s *Schema) form() string {
	kind, null := s.Type, ""
	if several, ok := kind.([]string); ok {
		kind, null = several[0], " or null"
	}
	switch {
	case s.words != "":
		return s.words + null
	case len(s.Enum) > 0:
		return "`" + strings.Join(s.Enum, "`, `") + "`" + null
	case kind == "array" && s.Items.form() == "text":
		return "list of texts" + null
	case kind == "array":
		return "list of " + s.Items.form() + "s" + null
	}
	return map[any]string{"object": "object", "string": "text", "boolean": "true or false", "integer": "number"}[kind] + null
}

// CloudEventSchema returns the URI that names the schema of every event as a whole.
func CloudEventSchema() string { return wire.DataSchema("cloudevent", 1) }

// CloudEvent returns the schema of every event as a whole. Its data can be any object.
func CloudEvent() *Schema {
	s := &Schema{
		Title:       "CloudEvent",
		Description: "An event of Muster: a CloudEvent 1.0 in JSON, with Muster's extension attributes. Later versions may add attributes.",
		Type:        "object",
	}
	for _, a := range Attributes() {
		value := *a.Schema
		value.Description = a.Text
		s.Properties = append(s.Properties, Property{a.Name, &value})
		if !a.Optional {
			s.Required = append(s.Required, a.Name)
		}
	}
	return s
}

// Document is a JSON Schema that Muster serves.
type Document struct {
	URI    string // its $id, muster://schemas/muster.member.added/1
	Type   string // of the events whose data it describes; empty if it describes an event as a whole
	Schema *Schema
}

// Path returns where the document is served.
func (d Document) Path() string { return "/" + strings.TrimPrefix(d.URI, wire.SchemaPrefix) }

// Text returns the document as it is served.
func (d Document) Text() ([]byte, error) {
	text, err := json.Marshal(d.Schema, jsontext.WithIndent("  "))
	return append(text, '\n'), err
}

// Documents returns the schema of every event as a whole, followed by those of the data of
// each type, with its examples, and of the ping. It fails as [Nouns] does.
func Documents() ([]Document, error) {
	types, err := Types()
	if err != nil {
		return nil, err
	}
	whole := CloudEvent()
	all := []Document{{CloudEventSchema(), "", whole}}
	for i := range types {
		t := &types[i]
		data := *t.Data
		if t.Name == (domain.UserProfileSet{}).EventType() {
			data.Properties = sealable(data.Properties)
		}
		for _, r := range t.Examples {
			event, err := Example(r)
			if err != nil {
				return nil, err
			}
			data.Examples = append(data.Examples, event.Data)
			if t.Name == usual {
				whole.Examples = []any{event.Whole}
			}
		}
		all = append(all, Document{t.DataSchema(), t.Name, &data})
	}
	all = append(all, Document{PingSchema(), PingType, pingData()})
	for _, d := range all {
		d.Schema.Dialect, d.Schema.ID = Dialect, d.URI
	}
	return all, nil
}

// usual is the type of the event that is the example of all.
const usual = "muster.member.added"

// Encoded is an example as Muster writes it.
type Encoded struct {
	Whole jsontext.Value // the CloudEvent
	Data  jsontext.Value
}

// Example encodes an example.
func Example(r *domain.Recorded) (Encoded, error) {
	whole, err := wire.Encode(nil, partition, r)
	if err != nil {
		return Encoded{}, err
	}
	var event struct {
		Data jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(whole, &event); err != nil {
		return Encoded{}, fmt.Errorf("reading an example: %w", err)
	}
	return Encoded{whole, event.Data}, nil
}

// sealable returns the properties of an event's data with a profile that can also be sealed, as
// the log has it, or erased.
func sealable(data Properties) Properties {
	sealed := &Schema{
		Type: "object", Required: []string{"sealed", "key"},
		Description: "The profile as the log has it. Only subscribers on NATS get it so.",
		Properties: Properties{
			{"sealed", &Schema{Type: "string", Description: "What the key has sealed, in base64."}},
			{"key", &Schema{Type: "string", Format: "uuid", Description: "The key."}},
		},
	}
	profile := Schema{OneOf: []*Schema{data[0].Schema, sealed, {Type: "null", Description: "The person was erased."}}}
	return Properties{
		{data[0].Name, &profile},
		{"erased", &Schema{Type: "boolean", Description: "true once the person was erased. The profile is null then."}},
	}
}
