package native

import (
	"net/http"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/events/catalogue"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/asyncapi"
)

// SchemaList is what /schemas returns: the schema of every event as a whole, and those of the
// data of each type.
type SchemaList struct {
	CloudEvent SchemaEntry   `json:"cloudevent"`
	Events     []SchemaEntry `json:"events"`
}

// SchemaEntry is a JSON Schema that the service has.
type SchemaEntry struct {
	Type        string `json:"type,omitempty"` // of the events
	DataSchema  string `json:"dataschema"`     // its name, and its $id
	Path        string `json:"path"`           // where it is
	Description string `json:"description"`
}

// schemas are the documents as they are served. They are rendered for the first request,
// because most processes are never asked for them.
type schemas struct {
	list   []byte
	byPath map[string][]byte
}

var rendered = sync.OnceValues(func() (s schemas, err error) {
	documents, err := catalogue.Documents()
	if err != nil {
		return s, err
	}
	var list SchemaList
	s.byPath = make(map[string][]byte)
	for _, d := range documents {
		if s.byPath[d.Path()], err = d.Text(); err != nil {
			return s, err
		}
		entry := SchemaEntry{Type: d.Type, DataSchema: d.URI, Path: d.Path(), Description: d.Schema.Description}
		if d.URI == catalogue.CloudEventSchema() {
			list.CloudEvent = entry
			continue
		}
		list.Events = append(list.Events, entry)
	}
	text, err := json.Marshal(list, jsontext.WithIndent("  "))
	s.list = append(text, '\n')
	return s, err
})

// schemaPages returns the pages that say what events look like: the AsyncAPI document, and the
// JSON Schemas that the attribute dataschema of events names.
func schemaPages() []transport.Page {
	document := func(mediaType string, render func() ([]byte, error)) func(*http.Request) (transport.Content, error) {
		return func(*http.Request) (transport.Content, error) {
			text, err := render()
			return transport.Content{MediaType: mediaType, Text: text}, err
		}
	}
	const asyncapiType = "application/vnd.aai.asyncapi"
	return []transport.Page{
		{Path: "/asyncapi.json", Title: "AsyncAPI document", Content: document(asyncapiType+"+json; version="+asyncapi.Version, asyncapi.JSON)},
		{Path: "/asyncapi.yaml", Content: document(asyncapiType+"+yaml; version="+asyncapi.Version, asyncapi.YAML)},
		{Path: "/schemas", Title: "Schemas of events", Content: document("application/json", func() ([]byte, error) {
			s, err := rendered()
			return s.list, err
		})},
		{Path: "/schemas/{type}/{schema}", Content: func(r *http.Request) (transport.Content, error) {
			s, err := rendered()
			if err != nil {
				return transport.Content{}, err
			}
			text, ok := s.byPath[r.URL.Path]
			if !ok {
				return transport.Content{}, transport.NotFound()
			}
			return transport.Content{MediaType: "application/schema+json", Text: text}, nil
		}},
	}
}
