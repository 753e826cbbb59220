package transport

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/transport/openapi"
)

// Patch is a field of a merge patch (RFC 7396). It tells null from a field that was left
// out.
type Patch[T any] struct {
	there, null bool
	value       T // zero for null
}

// Change returns the value to set, or nil if the field was left out. For null it returns
// a pointer to the zero value.
func (p *Patch[T]) Change() *T {
	if !p.there {
		return nil
	}
	return &p.value
}

// Given reports whether the field was sent.
func (p *Patch[T]) Given() bool { return p.there }

// IsNull reports whether the field was sent as null.
func (p *Patch[T]) IsNull() bool { return p.null }

// Value returns the field's value. It is the zero value for null and for a field that was
// left out.
func (p *Patch[T]) Value() T { return p.value }

// UnmarshalJSONFrom reads the field. The decoder calls it only for a field that was sent.
func (p *Patch[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*p = Patch[T]{there: true, null: d.PeekKind() == 'n'}
	if p.null {
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, &p.value)
}

// Schema documents the field by the schema of its value, and marks that null has a
// meaning of its own.
func (Patch[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	s.Extensions = map[string]any{openapi.NullMeans: true}
	return s
}
