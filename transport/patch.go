package transport

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// patch is a field of a merge patch (RFC 7396), where null is something else than
// not being there.
type patch[T any] struct {
	there, null bool
	value       T // zero for null
}

// change is what the field says, nil when it is not there.
func (p *patch[T]) change() *T {
	if !p.there {
		return nil
	}
	return &p.value
}

// UnmarshalJSONFrom reads the field, which is there.
func (p *patch[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*p = patch[T]{there: true, null: d.PeekKind() == 'n'}
	if p.null {
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, &p.value)
}

// Schema documents the field as what is in it.
func (patch[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}
