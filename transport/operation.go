package transport

import (
	"context"
	"maps"
	"net/http"
	"strconv"
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

// query registers an operation that changes nothing. Its errors are those that
// the operation declares and those that every query can have.
func query[I, O any](a *API, op huma.Operation, handle func(*call, *I) (*O, error)) {
	op.Method = http.MethodGet
	register(a, op, []int{http.StatusServiceUnavailable}, handle)
}

// command registers an operation that writes.
func command[I, O any](a *API, op huma.Operation, handle func(*call, *I) (*O, error)) {
	register(a, op, []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusServiceUnavailable}, handle)
}

// register makes an operation part of the API: its documentation, its route, its
// conventions.
func register[I, O any](a *API, op huma.Operation, errors []int, handle func(*call, *I) (*O, error)) {
	r := a.newRoute(op)
	op.Middlewares = huma.Middlewares{func(hc huma.Context, next func(huma.Context)) { a.serve(r, hc, next) }}
	op.SkipValidateBody = true // read strictly by body.decode
	op.MaxBodyBytes = maxBody + 1
	op.BodyReadTimeout = 30 * time.Second
	a.declareErrors(&op, r, errors)

	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
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
	registered := a.operation(op)
	if _, ok := any(new(I)).(interface{ optional() }); ok {
		registered.RequestBody.Required = false
	}
	a.complete(registered, r)
}

// operation is a registered operation, as huma has written it down.
func (a *API) operation(op huma.Operation) *huma.Operation {
	item := a.huma.OpenAPI().Paths[op.Path]
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[op.Method]
}

// declareErrors adds the problems that an operation can answer with to what it
// declares itself. What depends on its input comes later, in [API.complete].
func (a *API) declareErrors(op *huma.Operation, r *route, statuses []int) {
	responses := make(map[string]*huma.Response)
	maps.Copy(responses, op.Responses)
	op.Responses = responses
	refer(op, http.StatusInternalServerError)
	if r.public {
		if op.Method != http.MethodGet {
			refer(op, append(statuses, http.StatusUnprocessableEntity)...)
		}
		return
	}
	refer(op, statuses...)
	refer(op, http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests)
	if r.scope != anyScope {
		refer(op, http.StatusForbidden)
	}
	if strings.Contains(op.Path, "{") {
		refer(op, http.StatusNotFound)
	}
}

// refer adds the problems with these statuses.
func refer(op *huma.Operation, statuses ...int) {
	for _, status := range statuses {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + responseName(status)}
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
func (a *API) complete(op *huma.Operation, r *route) {
	if op.RequestBody != nil {
		refer(op, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		if op.Method == http.MethodPatch {
			op.RequestBody.Content["application/merge-patch+json"] = op.RequestBody.Content["application/json"]
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
