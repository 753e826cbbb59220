package transport

import (
	"strconv"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// maxBuffer is how large a buffer may be that is kept: a page of 200 members.
const maxBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

func appendText(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text) // what is not UTF-8 becomes U+FFFD
	return b
}

func appendID[Kind any](b []byte, id domain.ID[Kind]) []byte {
	b, _ = id.AppendText(append(b, '"'))
	return append(b, '"')
}

func appendUint(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }

// appendList appends a JSON array.
func appendList[T any](b []byte, items []T, appendItem func([]byte, *T) []byte) []byte {
	b = append(b, '[')
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendItem(b, &items[i])
	}
	return append(b, ']')
}

func appendPermissions(b []byte, permissions []domain.Permission) []byte {
	return appendList(b, permissions, func(b []byte, p *domain.Permission) []byte { return appendText(b, string(*p)) })
}

// orNull is the text, nil for an empty one.
func orNull(text *string) *string {
	if *text == "" {
		return nil
	}
	return text
}

// idOrNull is the id, nil for none.
func idOrNull[Kind any](id domain.ID[Kind]) *domain.ID[Kind] {
	if id.IsZero() {
		return nil
	}
	return &id
}

// nullable documents that object properties of a schema can be null, which huma
// has no tag for.
func nullable(s *huma.Schema, properties ...string) *huma.Schema {
	for _, name := range properties {
		was := s.Properties[name]
		s.Properties[name] = &huma.Schema{
			Description: was.Description,
			AnyOf:       []*huma.Schema{{Ref: was.Ref}, {Type: "null"}},
		}
	}
	return s
}
