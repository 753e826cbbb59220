package transport

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// documentVersion is the version of the API that the document describes, not that
// of the program.
const documentVersion = "1.0.0"

// nativeFace is the native API's.
func nativeFace() Face {
	return Face{
		Owns:  []string{"/"},
		Title: "Muster",
		Description: "Who may do what in which workspace, since when, and by whose hand.\n\n" +
			"Every write takes Idempotency-Key, If-Match, Muster-Reason and ?validate_only=true, and answers with Muster-Position; " +
			"a query that carries this back as Muster-Min-Position sees the write on every node. " +
			"What an organization's token does not reach is 404, exactly as if it did not exist; " +
			"a token that is bound to a workspace gets 403 for whatever concerns the whole organization.",
		Tags: []*huma.Tag{
			{Name: "Organizations", Description: "The tenants."},
			{Name: "Organization members", Description: "Roles in the organization as a whole."},
			{Name: "Users", Description: "The organization's directory."},
			{Name: "Roles", Description: "What memberships give."},
			{Name: "Workspaces", Description: "What people are members of."},
			{Name: "Members", Description: "The ties of users to workspaces."},
			{Name: "Access", Description: "What somebody may do, and why."},
			{Name: "Events", Description: "What happened."},
			{Name: "Tokens", Description: "Credentials."},
			{Name: "Service", Description: "For those who run Muster."},
		},
		Scheme: &huma.SecurityScheme{
			Type: "http", Scheme: "bearer",
			Description: "A token, or a JWT access token (RFC 9068) of an issuer that the service trusts, which stands for a user. Each operation names the scope that the token must have; any stands for every token, root for the root token. " +
				"A scope is resource:action, with all on either side for everything.",
		},
		ErrorForm: nativeForm, Examples: nativeExamples(),
	}
}

// newDocument is the OpenAPI document of a face before there are any operations.
func (f *Face) newDocument() *huma.OpenAPI {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: f.Title, Version: documentVersion, Description: f.Description,
			Contact: &huma.Contact{Name: "Muster", URL: "https://github.com/muster-dev/muster"},
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []*huma.Server{{URL: "/", Extensions: map[string]any{"x-internal": false}}},
		Tags:    f.Tags,
		Components: &huma.Components{
			Schemas:         registry,
			Responses:       f.documentedErrors(registry),
			Headers:         documentedHeaders(),
			SecuritySchemes: map[string]*huma.SecurityScheme{securityScheme: f.Scheme},
		},
	}
}

// documentedErrors are the answers that many operations have in common.
func (f *Face) documentedErrors(registry huma.Registry) map[string]*huma.Response {
	responses := make(map[string]*huma.Response)
	for _, k := range kinds() {
		if k == methodNotAllowed {
			continue // what the document does not know cannot be in it
		}
		p := k.problem(k.Title)
		p.Instance, p.RequestID = "/v1/self", "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"
		shown := f.ErrorForm(p)
		name := responseName(shown.Status)
		r := responses[name]
		if r == nil {
			r = &huma.Response{
				Description: http.StatusText(shown.Status),
				Headers:     problemHeaders(shown.Status),
				Content: map[string]*huma.MediaType{shown.ContentType: {
					Schema: registry.Schema(reflect.TypeOf(shown.Body).Elem(), true, ""), Examples: map[string]*huma.Example{},
				}},
			}
			responses[name] = r
		}
		r.Content[shown.ContentType].Examples[k.Code] = &huma.Example{Summary: k.Title, Value: shown.Body}
	}
	return responses
}

// problemHeaders are the headers that come with a problem of the status.
func problemHeaders(status int) map[string]*huma.Param {
	headers := make(map[string]*huma.Param)
	switch status {
	case http.StatusUnauthorized: // whom nobody knows has no rate
		headers["WWW-Authenticate"] = &huma.Param{Ref: "#/components/headers/WWW-Authenticate"}
		return headers
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		headers["Retry-After"] = &huma.Param{Ref: "#/components/headers/Retry-After"}
	}
	return withRateHeaders(headers)
}

// documentedHeaders are the headers that many answers have in common.
func documentedHeaders() map[string]*huma.Header {
	headers := make(map[string]*huma.Header)
	none, most := 0.0, float64(math.MaxInt32)
	number := func() *huma.Schema {
		return &huma.Schema{Type: huma.TypeInteger, Format: "int32", Minimum: &none, Maximum: &most}
	}
	for name, text := range rateHeaders {
		headers[name] = &huma.Header{Description: text, Schema: number(), Example: 100}
	}
	headers["Retry-After"] = &huma.Header{Description: "In how many seconds another try makes sense.", Schema: number(), Example: 1}
	headers["WWW-Authenticate"] = &huma.Header{
		Description: "How to say who asks (RFC 6750).", Schema: &huma.Schema{Type: huma.TypeString}, Example: `Bearer error="invalid_token"`,
	}
	return headers
}

// document is the finished OpenAPI document.
type document struct{ json, yaml []byte }

// render finishes the OpenAPI document, once all operations are registered.
func render(doc *huma.OpenAPI, lenient bool, shown map[string]Example) (d document, err error) {
	dropUnused(doc)
	listCodes(doc.Components.Schemas.Map())
	sent := sentSchemas(doc)
	openAnswers(doc.Components.Schemas.Map(), sent, lenient)
	allowNulls(sent)
	bound(doc)
	if err := exemplify(doc, shown); err != nil {
		return d, err
	}
	if err := shareParameters(doc); err != nil {
		return d, err
	}
	if d.json, err = json.Marshal(doc, jsontext.WithIndent("  "), json.Deterministic(true)); err != nil {
		return d, fmt.Errorf("rendering the OpenAPI document: %w", err)
	}
	d.json = append(d.json, '\n')
	if d.yaml, err = doc.YAML(); err != nil {
		return d, fmt.Errorf("rendering the OpenAPI document: %w", err)
	}
	return d, nil
}

// dropUnused takes out the errors that no operation of the face can have.
func dropUnused(doc *huma.OpenAPI) {
	used := make(map[string]bool)
	for _, op := range operations(doc) {
		for _, r := range op.Responses {
			used[strings.TrimPrefix(r.Ref, "#/components/responses/")] = true
		}
	}
	maps.DeleteFunc(doc.Components.Responses, func(name string, _ *huma.Response) bool { return !used[name] })
}

// listCodes names all codes that a problem can have, so that programs which are
// written in a typed language can only ask for those that there are.
func listCodes(schemas map[string]*huma.Schema) {
	if schemas["Problem"] == nil {
		return // another face's errors
	}
	codes := &huma.Schema{Type: huma.TypeString, Description: "The kinds of problems, explained at /docs/problems. Later versions may have more."}
	for _, k := range kinds() {
		codes.Enum = append(codes.Enum, k.Code)
	}
	schemas["ProblemCode"] = codes
	for _, name := range []string{"Problem", "Refusal", "FieldProblem"} {
		if s := schemas[name]; s != nil {
			s.Properties["code"] = &huma.Schema{Ref: "#/components/schemas/ProblemCode", Description: s.Properties["code"].Description}
		}
	}
}

// openAnswers says of all that is answered that it may come to have more fields.
// What is sent may not have fields that are not known, unless they are ignored.
func openAnswers(schemas map[string]*huma.Schema, sent map[*huma.Schema]bool, lenient bool) {
	// Huma's own errors, which nothing answers with.
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for _, s := range schemas {
		if lenient || !sent[s] {
			s.AdditionalProperties = nil
		}
	}
}

// sentSchemas are the schemas of what is sent.
func sentSchemas(doc *huma.OpenAPI) map[*huma.Schema]bool {
	sent := make(map[*huma.Schema]bool)
	for _, op := range operations(doc) {
		if op.RequestBody != nil {
			for _, media := range op.RequestBody.Content {
				reach(sent, doc.Components.Schemas, media.Schema)
			}
		}
	}
	return sent
}

// reach finds the schema, and all that it refers to.
func reach(found map[*huma.Schema]bool, registry huma.Registry, s *huma.Schema) {
	if s == nil || found[s] {
		return
	}
	found[s] = true
	if s.Ref != "" {
		reach(found, registry, registry.SchemaFromRef(s.Ref))
	}
	reach(found, registry, s.Items)
	for _, inner := range s.Properties {
		reach(found, registry, inner)
	}
	for _, inner := range s.AnyOf {
		reach(found, registry, inner)
	}
}

// shareParameters lets the document say once what many operations take.
func shareParameters(doc *huma.OpenAPI) error {
	doc.Components.Parameters = make(map[string]*huma.Param)
	names := make(map[string]string) // by what the parameter looks like
	for _, op := range operations(doc) {
		for i, p := range op.Parameters {
			if p.Ref != "" {
				continue
			}
			p.Schema.Description = "" // said by the parameter already
			look, err := json.Marshal(p, json.Deterministic(true))
			if err != nil {
				return fmt.Errorf("rendering parameter %s: %w", p.Name, err)
			}
			name := names[string(look)]
			if name == "" {
				name = p.Name
				for n := 2; doc.Components.Parameters[name] != nil; n++ {
					name = fmt.Sprintf("%s-%d", p.Name, n)
				}
				names[string(look)] = name
				doc.Components.Parameters[name] = p
			}
			op.Parameters[i] = &huma.Param{Ref: "#/components/parameters/" + name}
		}
	}
	return nil
}

// operations answers every operation of the document, in the order of their ids.
func operations(doc *huma.OpenAPI) []*huma.Operation {
	var all []*huma.Operation
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	slices.SortFunc(all, func(a, b *huma.Operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}
