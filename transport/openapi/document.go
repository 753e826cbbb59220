package openapi

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// version is the version of the API that the documents describe, not that of the
// program.
const version = "1.0.0"

// TokenScheme is the name by which the operations of a document refer to
// [Options.Scheme], the way in which a request carries its token.
const TokenScheme = "token"

// Options describe a document, apart from its operations.
type Options struct {
	// Title, Description and Tags introduce the document.
	Title       string
	Description string
	Tags        []*huma.Tag
	// Scheme says how a request carries its token.
	Scheme *huma.SecurityScheme
	// Lenient says that bodies may have fields that the operation does not know.
	Lenient bool
	// MediaTypes are the media types, besides application/json, of bodies that are read
	// as JSON.
	MediaTypes []string
	// MergePatch says that PATCH also takes application/merge-patch+json.
	MergePatch bool
	// Errors are the errors that an operation can have, in the form in which they
	// are sent.
	Errors []Error
	// Codes documents the errors' codes as one schema. It is nil if the document does not
	// list them.
	Codes *Codes
	// RateHeaders describes, by their names, the headers of every answer to a request
	// with a token. Their values are whole numbers.
	RateHeaders map[string]string
	// Examples has the examples of operations, by the operations' ids.
	Examples map[string]Example
}

// Document is the OpenAPI document of one face. It is not safe for concurrent use.
type Document struct {
	// JSON and YAML return the finished document. They are nil until [Document.Finish]
	// has returned without an error; from then on they may be called concurrently. The
	// first call renders the document, which takes longer than the rest of a start, and
	// few processes are ever asked for it.
	JSON, YAML func() ([]byte, error)

	options    Options
	spec       *huma.OpenAPI
	undeclared map[string]error // by the field that has no bounds
}

// New returns a document without operations.
func New(o Options) *Document {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	d := &Document{options: o, undeclared: make(map[string]error)}
	d.spec = &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: o.Title, Version: version, Description: o.Description,
			Contact: &huma.Contact{Name: "Muster", URL: "https://github.com/muster-dev/muster"},
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []*huma.Server{{URL: "/", Extensions: map[string]any{"x-internal": false}}},
		Tags:    o.Tags,
		Components: &huma.Components{
			Schemas:         registry,
			Responses:       d.errorResponses(registry),
			Headers:         sharedHeaders(o.RateHeaders),
			SecuritySchemes: map[string]*huma.SecurityScheme{TokenScheme: o.Scheme},
		},
	}
	return d
}

// Spec returns the document as huma knows it. Huma adds the operations that are
// registered.
func (d *Document) Spec() *huma.OpenAPI { return d.spec }

// Finish completes the document, and sets JSON and YAML. Call it when all operations
// are registered. It fails if a field declares no bounds, or if an example is not JSON.
func (d *Document) Finish() error {
	schemas := d.spec.Components.Schemas.Map()
	d.dropUnusedErrors()
	d.listCodes(schemas)
	sent := d.sentSchemas()
	d.openAnswers(schemas, sent)
	allowNulls(sent)
	d.boundSchemas()
	if len(d.undeclared) > 0 {
		return errors.Join(slices.SortedFunc(maps.Values(d.undeclared), func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })...)
	}
	if err := d.exemplify(); err != nil {
		return err
	}
	if err := d.shareParameters(); err != nil {
		return err
	}
	d.JSON = sync.OnceValues(func() ([]byte, error) {
		text, err := json.Marshal(d.spec, jsontext.WithIndent("  "), json.Deterministic(true))
		return append(text, '\n'), err
	})
	d.YAML = sync.OnceValues(d.spec.YAML)
	return nil
}

// Operations returns all operations of the document, in the order of their ids.
func (d *Document) Operations() []*huma.Operation {
	var all []*huma.Operation
	for _, item := range d.spec.Paths {
		for _, op := range byMethod(item) {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	slices.SortFunc(all, func(a, b *huma.Operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}

// Operation returns the registered operation of a path and method, as huma has described
// it, or nil if there is none.
func (d *Document) Operation(path, method string) *huma.Operation {
	item := d.spec.Paths[path]
	if item == nil {
		return nil
	}
	return byMethod(item)[method]
}

func byMethod(item *huma.PathItem) map[string]*huma.Operation {
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}
}
