package transport

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// securityScheme is the name of the token in the OpenAPI document.
const securityScheme = "token"

// What an operation can demand beside a scope.
const (
	anyScope  domain.Scope = "any"  // a token, whatever it may do
	rootScope domain.Scope = "root" // the root token
)

// scope is an operation's declaration of the scope that it demands. It stands in
// the OpenAPI document, and is what [call.admit] goes by.
func scope(s domain.Scope) []map[string][]string {
	return []map[string][]string{{securityScheme: {string(s)}}}
}

// public is the declaration of an operation that takes no token.
var public = []map[string][]string{}

// The errors that every query and every command can have.
var (
	queryErrors   = []int{http.StatusServiceUnavailable}
	commandErrors = []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusServiceUnavailable}
)

// query registers an operation of the native API that changes nothing. Its errors
// are those that the operation declares and those that every query can have.
func query[I, O any](a *API, op huma.Operation, handle func(*call, *I) (*O, error)) {
	op.Method = http.MethodGet
	register(a.native, op, queryErrors, handle)
}

// command registers an operation of the native API that writes.
func command[I, O any](a *API, op huma.Operation, handle func(*call, *I) (*O, error)) {
	register(a.native, op, commandErrors, handle)
}

// register makes an operation part of a face: its documentation, its route, its
// conventions.
func register[I, O any](f *face, op huma.Operation, errors []int, handle func(*call, *I) (*O, error)) {
	r := f.newRoute(op)
	op.Middlewares = huma.Middlewares{func(hc huma.Context, next func(huma.Context)) { f.api.serve(r, hc, next) }}
	op.SkipValidateBody = true // read strictly by body.decode
	op.MaxBodyBytes = maxBody + 1
	op.BodyReadTimeout = 30 * time.Second
	f.declareErrors(&op, r, errors)

	huma.Register(f.huma, op, func(ctx context.Context, in *I) (*O, error) {
		c := ctx.(*call)
		if prepared, ok := any(in).(interface{ prepare(*call) error }); ok {
			if err := prepared.prepare(c); err != nil {
				return nil, c.problemOf(err)
			}
		}
		if b, ok := any(in).(interface{ checkBody() error }); ok {
			if err := b.checkBody(); err != nil {
				return nil, err
			}
		}
		out, err := handle(c, in)
		if err != nil {
			return nil, c.problemOf(err)
		}
		return out, nil
	})
	registered := f.operation(op)
	if _, ok := any(new(I)).(interface{ optional() }); ok {
		registered.RequestBody.Required = false
	}
	f.complete(registered, r)
}

// operation is a registered operation, as huma has written it down.
func (f *face) operation(op huma.Operation) *huma.Operation {
	item := f.huma.OpenAPI().Paths[op.Path]
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[op.Method]
}

// declareErrors adds the problems that an operation can answer with to what it
// declares itself. What depends on its input comes later, in [face.complete].
func (f *face) declareErrors(op *huma.Operation, r *route, statuses []int) {
	responses := make(map[string]*huma.Response)
	maps.Copy(responses, op.Responses)
	op.Responses = responses
	f.refer(op, http.StatusInternalServerError)
	if r.public {
		if op.Method != http.MethodGet {
			f.refer(op, append(statuses, http.StatusUnprocessableEntity)...)
		}
		return
	}
	f.refer(op, statuses...)
	f.refer(op, http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests)
	if r.scope != anyScope || f.Bound {
		f.refer(op, http.StatusForbidden)
	}
	if strings.Contains(op.Path, "{") {
		f.refer(op, http.StatusNotFound)
	}
}

// orCreated declares that an operation answers 201 too, when it has made the
// resource.
func orCreated() map[string]*huma.Response {
	return map[string]*huma.Response{"201": {Description: http.StatusText(http.StatusCreated)}}
}

// complete adds to what huma has written of a registered operation what follows
// from its input: the problems of bodies, that a PATCH is a merge patch too, and
// the answers that look like others.
func (f *face) complete(op *huma.Operation, r *route) {
	if op.RequestBody != nil {
		f.refer(op, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		if f == f.api.native && op.Method == http.MethodPatch {
			op.RequestBody.Content["application/merge-patch+json"] = op.RequestBody.Content["application/json"]
		}
		for _, media := range f.MediaTypes {
			op.RequestBody.Content[media] = op.RequestBody.Content["application/json"]
		}
	}
	if created, ok := op.Responses["201"], op.Responses["200"]; ok != nil && created != nil {
		created.Content, created.Headers = ok.Content, ok.Headers
	}
	if !r.public {
		for _, response := range op.Responses {
			if response.Ref == "" {
				response.Headers = withRateHeaders(response.Headers)
			}
		}
	}
	for _, p := range op.Parameters {
		switch {
		case p.In == "query":
			r.parameters = append(r.parameters, p.Name)
		case p.Name == "If-None-Match" && op.Method == http.MethodGet:
			op.Responses["304"] = &huma.Response{Description: http.StatusText(http.StatusNotModified), Headers: op.Responses["200"].Headers}
		}
	}
}

// withRateHeaders adds the headers that every answer to a token can have.
func withRateHeaders(headers map[string]*huma.Param) map[string]*huma.Param {
	all := maps.Clone(headers)
	if all == nil {
		all = make(map[string]*huma.Param)
	}
	for name := range rateHeaders {
		all[name] = &huma.Param{Ref: "#/components/headers/" + name}
	}
	return all
}

// responseName names the documentation of an error in the OpenAPI document.
func responseName(status int) string {
	var name []byte
	for _, c := range []byte(http.StatusText(status)) {
		if c != ' ' {
			name = append(name, c)
		}
	}
	return string(name)
}
