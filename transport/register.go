package transport

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// registration returns a function that adds the operation to a face: its description, its
// route and its handler. Huma makes the description from the types of input and output.
// It takes no part in serving requests: where values come from and go to is found here,
// once for each operation, and not for each request.
func registration[I, O any](handle func(*Call, *I) (*O, error)) func(*face, *Operation) error {
	return func(f *face, declared *Operation) error {
		op := f.describe(declared, f.document.Spec().Components.Schemas)
		huma.Register(f.huma, op, func(context.Context, *I) (*O, error) { return nil, nil })
		registered := f.document.Operation(op.Path, op.Method)
		if _, ok := any(new(I)).(interface{ optional() }); ok {
			registered.RequestBody.Required = false
		}
		if _, ok := any(new(I)).(interface{ asOf() string }); ok {
			documentAsOf(registered)
		}
		if registered.RequestBody != nil {
			f.refer(registered, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		}
		// Parameters are checked only against what the operation itself declares, so they
		// are read before the document's bounds are added. Those bounds are for clients.
		// The rules of the domain give better messages.
		r := f.route(declared)
		if err := r.describe(registered, reflect.TypeFor[I](), reflect.TypeFor[O]()); err != nil {
			return err
		}
		f.document.Complete(registered, reflect.TypeFor[I](), reflect.TypeFor[O]())
		f.engine.mux.HandleFunc(op.Method+" "+op.Path, func(w http.ResponseWriter, request *http.Request) {
			in := new(I)
			f.engine.serve(r, w, request, in, func(c *Call) error {
				err := c.prepare(in)
				var out *O
				if err == nil {
					out, err = handle(c, in)
					if refused := c.release(); refused != nil {
						err = refused
					}
				}
				if err != nil {
					return c.problemOf(err)
				}
				c.answer(out)
				return nil
			})
		})
		return nil
	}
}

// describing is an adapter for huma that serves nothing: huma only describes operations.
type describing struct{}

// Handle does nothing.
func (describing) Handle(*huma.Operation, func(huma.Context)) {}

// ServeHTTP does nothing.
func (describing) ServeHTTP(http.ResponseWriter, *http.Request) {}

// prepare reads the body and checks what all inputs have in common: first the values of
// parameters, then the headers, then the body. The order decides which problem a client
// sees first.
func (c *Call) prepare(in any) error {
	var sum domain.Hash
	sent, hasBody := in.(bodyInput)
	if hasBody {
		if err := c.readBody(sent); err != nil {
			return err
		}
		if c.wrong != nil {
			return c.wrong
		}
		sum = sent.Hash()
		if err := c.reauthorizeHeld(); err != nil { // the client may have taken its time to send the body
			return err
		}
	}
	if tagged, ok := in.(interface{ checkETags() error }); ok {
		if err := tagged.checkETags(); err != nil {
			return err
		}
	}
	if timed, ok := in.(interface{ asOf() string }); ok {
		if err := c.readAsOf(timed.asOf(), in); err != nil {
			return err
		}
	}
	switch headers := in.(type) {
	case interface{ prepare(*Call) error }:
		if err := headers.prepare(c); err != nil {
			return err
		}
	case interface {
		prepare(*Call, domain.Hash) error
	}:
		if err := headers.prepare(c, sum); err != nil {
			return err
		}
	}
	if hasBody {
		return sent.checkBody()
	}
	return nil
}
