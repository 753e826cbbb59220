package transport

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// bodyReadTimeout is how long a client may take to send a body.
const bodyReadTimeout = 30 * time.Second

// registration returns a function that adds the operation to a face: its description, its
// route and its handler.
func registration[I, O any](handle func(*Call, *I) (*O, error)) func(*face, *Operation) error {
	return func(f *face, declared *Operation) error {
		r := f.route(declared)
		op := f.describe(declared, f.document.Spec().Components.Schemas)
		op.Middlewares = huma.Middlewares{func(hc huma.Context, next func(huma.Context)) { f.engine.serve(r, hc, next) }}
		op.SkipValidateBody = true   // body.decode reads it strictly
		op.SkipValidateParams = true // Call.admit does it
		op.MaxBodyBytes = maxBody + 1
		op.BodyReadTimeout = bodyReadTimeout
		huma.Register(f.huma, op, func(ctx context.Context, in *I) (*O, error) {
			c := ctx.(*Call)
			if err := c.prepare(in); err != nil {
				return nil, c.problemOf(err)
			}
			out, err := handle(c, in)
			if refused := c.release(); refused != nil {
				err = refused
			}
			if err != nil {
				return nil, c.problemOf(err)
			}
			return out, nil
		})
		registered := f.document.Operation(op.Path, op.Method)
		if _, ok := any(new(I)).(interface{ optional() }); ok {
			registered.RequestBody.Required = false
		}
		if registered.RequestBody != nil {
			f.refer(registered, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		}
		// Parameters are checked only against what the operation itself declares, so they
		// are read before the document's bounds are added. Those bounds are for clients.
		// The rules of the domain give better messages.
		err := r.declareParameters(registered.Parameters)
		f.document.Complete(registered, reflect.TypeFor[I](), reflect.TypeFor[O]())
		return err
	}
}

// prepare checks what all inputs have in common: first the values of parameters, then the
// headers, then the body. The order decides which problem a client sees first.
func (c *Call) prepare(in any) error {
	if c.wrong != nil {
		return c.wrong
	}
	var sum domain.Hash
	sent, hasBody := in.(interface {
		Hash() domain.Hash
		checkBody() error
	})
	if hasBody {
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
