package openapi

import (
	"maps"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Error is one kind of error in the form of a face.
type Error struct {
	Code        string // names the example
	Title       string // what the code means
	Status      int    // the HTTP status that the face gives it
	ContentType string
	Body        any // the example: a pointer to a struct
}

// Codes documents the codes of a face's errors as one schema. Programs in typed languages
// then cannot ask for a code that does not exist.
type Codes struct {
	Schema      string // the schema's name
	Description string
	Values      []string
	// Of names the schemas whose property code is one of the values.
	Of []string
}

// errorResponse returns a reference to the description of the errors with that status.
func errorResponse(status int) *huma.Response {
	return &huma.Response{Ref: "#/components/responses/" + responseName(status)}
}

// errorResponses returns the descriptions of the errors, one for each status.
func (d *Document) errorResponses(registry huma.Registry) map[string]*huma.Response {
	responses := make(map[string]*huma.Response)
	for _, e := range d.options.Errors {
		name := responseName(e.Status)
		r := responses[name]
		if r == nil {
			r = &huma.Response{
				Description: http.StatusText(e.Status),
				Headers:     d.errorHeaders(e.Status),
				Content: map[string]*huma.MediaType{e.ContentType: {
					Schema: registry.Schema(reflect.TypeOf(e.Body).Elem(), true, ""), Examples: map[string]*huma.Example{},
				}},
			}
			responses[name] = r
		}
		r.Content[e.ContentType].Examples[e.Code] = &huma.Example{Summary: e.Title, Value: e.Body}
	}
	return responses
}

// dropUnusedErrors removes the errors that no operation of the face can have.
func (d *Document) dropUnusedErrors() {
	used := make(map[string]bool)
	for _, op := range d.Operations() {
		for _, r := range op.Responses {
			used[strings.TrimPrefix(r.Ref, "#/components/responses/")] = true
		}
	}
	maps.DeleteFunc(d.spec.Components.Responses, func(name string, _ *huma.Response) bool { return !used[name] })
}

// listCodes adds the schema of the codes.
func (d *Document) listCodes(schemas map[string]*huma.Schema) {
	codes := d.options.Codes
	if codes == nil {
		return
	}
	list := &huma.Schema{Type: huma.TypeString, Description: codes.Description}
	for _, code := range codes.Values {
		list.Enum = append(list.Enum, code)
	}
	schemas[codes.Schema] = list
	for _, name := range codes.Of {
		if s := schemas[name]; s != nil {
			s.Properties["code"] = &huma.Schema{Ref: "#/components/schemas/" + codes.Schema, Description: s.Properties["code"].Description}
		}
	}
}

// responseName returns the name under which the errors with a status are described.
func responseName(status int) string {
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}
