package transport

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/transport/openapi"
)

// newDocument returns the OpenAPI document of a face, without operations.
func (f *Face) newDocument() *openapi.Document {
	return openapi.New(openapi.Options{
		Title: f.Title, Description: f.Description, Tags: f.Tags, Scheme: f.Scheme,
		Lenient: f.Lenient, MediaTypes: f.MediaTypes, MergePatch: f.MergePatches,
		Errors: f.documentedErrors(), Codes: f.documentedCodes(), RateHeaders: rateHeaders, Examples: f.Examples,
	})
}

// documentedErrors returns one example of every kind of problem, in the form of the face.
func (f *Face) documentedErrors() []openapi.Error {
	var all []openapi.Error
	for _, k := range Kinds() {
		if k == methodNotAllowed {
			continue // a document only has the methods that are allowed
		}
		p := k.Problem(k.Title)
		p.Instance, p.RequestID = "/v1/self", "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"
		shown := f.ErrorForm(p)
		all = append(all, openapi.Error{Code: k.Code, Title: k.Title, Status: shown.Status, ContentType: shown.ContentType, Body: shown.Body})
	}
	return all
}

// documentedCodes returns the codes of problems, or nil for a face that does not list
// them.
func (f *Face) documentedCodes() *openapi.Codes {
	if f.CodesOf == nil {
		return nil
	}
	codes := &openapi.Codes{
		Schema: "ProblemCode", Description: "The kinds of problems, explained at /docs/problems. Later versions may have more.",
		Of: f.CodesOf,
	}
	for _, k := range Kinds() {
		codes.Values = append(codes.Values, k.Code)
	}
	return codes
}

// describe returns the operation's description for huma and for the document.
func (f *Face) describe(declared *Operation, schemas huma.Registry) huma.Operation {
	op := huma.Operation{
		OperationID: declared.ID, Method: declared.Method, Path: declared.Path, DefaultStatus: declared.Status,
		Tags: []string{declared.Tag}, Summary: declared.Summary, Description: declared.Description,
		Security: []map[string][]string{}, Responses: make(map[string]*huma.Response),
	}
	if declared.Reach != ReachPublic {
		op.Security = []map[string][]string{{openapi.TokenScheme: {string(declared.Scope)}}}
	}
	if declared.MayCreate {
		op.Responses = openapi.OrCreated()
	}
	if declared.Document != nil {
		declared.Document(&op, schemas)
	}
	f.refer(&op, errorsOf(declared)...)
	return op
}

// errorsOf returns the statuses of the problems that an operation can have, as far as
// they follow from its declaration. Those that follow from its body are added later.
func errorsOf(op *Operation) []int {
	all := append([]int{http.StatusInternalServerError}, op.Errors...)
	if op.Reach == ReachPublic {
		if op.Method != http.MethodGet {
			all = append(all, http.StatusUnprocessableEntity)
		}
		return all
	}
	all = append(all, op.Do.errors...)
	all = append(all, http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests)
	if op.Scope != AnyScope || op.Reach == ReachBoundWorkspace {
		all = append(all, http.StatusForbidden)
	}
	if strings.Contains(op.Path, "{") {
		all = append(all, http.StatusNotFound)
	}
	return all
}

// refer adds the problems with these statuses to the answers of an operation.
func (f *Face) refer(op *huma.Operation, statuses ...int) {
	for _, status := range statuses {
		openapi.Refer(op, f.ErrorForm(&Problem{Status: status}).Status)
	}
}
