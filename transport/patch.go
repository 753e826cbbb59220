package transport

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Patch is a field of a merge patch (RFC 7396), where null is something else than
// not being there.
type Patch[T any] struct {
	there, null bool
	value       T // zero for null
}

// Change is what the field says, nil when it is not there; null is the
// zero value.
func (p *Patch[T]) Change() *T {
	if !p.there {
		return nil
	}
	return &p.value
}

// UnmarshalJSONFrom reads the field, which is there.
func (p *Patch[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*p = Patch[T]{there: true, null: d.PeekKind() == 'n'}
	if p.null {
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, &p.value)
}

// Schema documents the field as what is in it.
func (Patch[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	s.Extensions = map[string]any{nullMeans: true}
	return s
}
