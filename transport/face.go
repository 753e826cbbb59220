package transport

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/muster-dev/muster/domain"
)

// Face is a form in which Muster is spoken to: paths, an OpenAPI document and a
// form of errors of its own, on the commands and queries that all faces share. The
// native API is one. Others are made by packages below transport/dialect and
// handed to [New].
//
// Everything that is no matter of form is the same for every face: tokens and
// scopes, positions, idempotency keys, reasons, request ids, rates, metrics.
type Face struct {
	// Name is what the face is chosen by; its document is /openapi/NAME.json. The
	// native API has none.
	Name string
	// Owns are paths that belong to the face with all that is below them: what is not
	// found there is answered in the face's form.
	Owns []string
	// Title, Description, Tags and Scheme stand in the document; Scheme is how a
	// request carries its token.
	Title       string
	Description string
	Tags        []*huma.Tag
	Scheme      *huma.SecurityScheme
	// Authorization turns the value of an Authorization header into "Bearer TOKEN";
	// nil: it is that already.
	Authorization func(value string) string
	// Bound says that all operations concern the workspace that the token is bound
	// to; one that is bound to none gets 403.
	Bound bool
	// Lenient says that bodies may have fields that the operation does not know. They
	// are ignored.
	Lenient bool
	// MediaTypes are types of bodies that are read as JSON beside application/json;
	// application/*+json is every one that ends so.
	MediaTypes []string
	// ErrorForm is what the face makes of a problem, whatever was refused and
	// wherever. Of the problem only the status is sure to be there.
	ErrorForm func(*Problem) ErrorAnswer
	// Operations are those of the face.
	Operations []Operation
	// Examples are what the document shows, by the ids of the operations.
	Examples map[string]Example
}

// Example is a body that an operation takes and what it answers to it, both as
// JSON; empty for none.
type Example struct{ Body, Answer string }

// ErrorAnswer is a problem in the form of a face.
type ErrorAnswer struct {
	Status      int
	ContentType string
	Body        any // a pointer to a struct
}

// Operation is one operation of a [Face], made by [Query] or [Command].
type Operation struct{ register func(*face) }

// Query is an operation that changes nothing. Input and answer are structs as huma
// knows them; the input may have [ReadHeaders].
func Query[I, O any](op huma.Operation, handle func(Call, *I) (*O, error)) Operation {
	op.Method = http.MethodGet
	return Operation{func(f *face) { register(f, op, queryErrors, viewed(handle)) }}
}

// Command is an operation that writes. Its input has [WriteHeaders], and
// [JSONBody] when it has a body. The operation's Errors are statuses that neither
// every command can answer nor follow from its path.
func Command[I, O any](op huma.Operation, handle func(Call, *I) (*O, error)) Operation {
	errors := slices.Concat(commandErrors, op.Errors)
	op.Errors = nil // huma would describe its own
	return Operation{func(f *face) { register(f, op, errors, viewed(handle)) }}
}

func viewed[I, O any](handle func(Call, *I) (*O, error)) func(*call, *I) (*O, error) {
	return func(c *call, in *I) (*O, error) { return handle(Call{c}, in) }
}

// Scope declares the scope that an operation demands of a token.
func Scope(s domain.Scope) []map[string][]string { return scope(s) }

// face is a [Face] that is served.
type face struct {
	Face
	api      *API
	huma     huma.API
	document document
}

// newFace makes a face ready for operations.
func (a *API) newFace(f Face) *face {
	format := bodyFormat(f.Lenient)
	return &face{Face: f, api: a, huma: humago.New(a.mux, huma.Config{
		OpenAPI:       f.newDocument(),
		Formats:       map[string]huma.Format{"application/json": format, "json": format}, // json: what ends in +json
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{transform},
	})}
}

// serveFace adds a face of another package.
func (a *API) serveFace(f Face) error {
	served := a.newFace(f)
	for _, op := range f.Operations {
		op.register(served)
	}
	a.faces = append(a.faces, served)
	return served.finish()
}

// finish renders the document and refuses the rest, when all operations are
// registered.
func (f *face) finish() (err error) {
	f.document, err = render(f.huma.OpenAPI(), f.Lenient, f.Examples)
	f.refuseTheRest()
	return err
}

// authorization is the value of an Authorization header in the native form.
func (f *face) authorization(value string) string {
	if f.Authorization == nil {
		return value
	}
	return f.Authorization(value)
}

// statusOf is what the face makes of a problem's status.
func (f *Face) statusOf(status int) int { return f.ErrorForm(&Problem{Status: status}).Status }

// refer adds the problems with these statuses to what an operation answers.
func (f *face) refer(op *huma.Operation, statuses ...int) {
	for _, status := range statuses {
		status = f.statusOf(status)
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + responseName(status)}
	}
}

// refuseTheRest answers paths that there are not, and methods that a path does
// not take.
func (f *face) refuseTheRest() {
	methods := make(map[string][]string)
	for _, op := range operations(f.huma.OpenAPI()) {
		methods[op.Path] = append(methods[op.Path], op.Method)
	}
	for path, allowed := range methods {
		if !coveredByAnother(path, methods) {
			f.refuseOthers(path, allowed)
		}
	}
	for _, path := range f.Owns {
		for _, pattern := range slices.Compact([]string{path, strings.TrimSuffix(path, "/") + "/"}) {
			f.api.handle(pattern, f.newRoute(huma.Operation{Method: "any", Path: "none"}), func(c *call) { c.refuse(nothing()) })
		}
	}
}

// refuseOthers answers the methods that the path does not take.
func (f *face) refuseOthers(path string, allowed []string) {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	allow := strings.Join(allowed, ", ")
	f.api.handle(path, f.newRoute(huma.Operation{Method: "other", Path: path}), func(c *call) {
		c.refuse(methodNotAllowed.problem("the path takes "+allow).with("Allow", allow))
	})
}

// coveredByAnother reports whether another path takes what the path does, like
// members/{user} takes members/batch: then its other methods are that one's.
func coveredByAnother(path string, all map[string][]string) bool {
	segments := strings.Split(path, "/")
	for other := range all {
		if others := strings.Split(other, "/"); other != path && slices.EqualFunc(segments, others, func(a, b string) bool {
			return a == b || strings.HasPrefix(b, "{")
		}) {
			return true
		}
	}
	return false
}
