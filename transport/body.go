package transport

import (
	"crypto/sha256"
	"encoding"
	"errors"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// maxBody is how long a request's body may be. huma refuses a body of its limit
// already, so it gets one more.
const maxBody = 1 << 20

// JSONBody is the part of an operation's input that is the request's body.
type JSONBody[T any] struct{ Body body[T] }

// OptionalJSONBody is a [JSONBody] that can be left out; it then has the zero value.
type OptionalJSONBody[T any] struct{ JSONBody[T] }

// optional marks inputs whose body can be left out.
func (*OptionalJSONBody[T]) optional() {}

// Sent is the body.
func (b *JSONBody[T]) Sent() *T { return &b.Body.value }

// Hash is the SHA-256 of the body as it was sent.
func (b *JSONBody[T]) Hash() domain.Hash { return b.Body.sum }

// checkBody answers what is wrong with the body.
func (b *JSONBody[T]) checkBody() error {
	if wrong := b.Body.check(); wrong != nil {
		return wrong
	}
	return nil
}

// body is a request's body, read strictly: one JSON value, no member twice, none
// that the operation does not know (unless the face is lenient), each of the right
// type. huma decodes into it; what is wrong is kept for the handler's wrapper, which
// finds it with [body.check], because huma would only keep its text.
type body[T any] struct {
	value T
	sum   domain.Hash // of the bytes, for [WriteHeaders.meta]
	wrong *Problem
}

// decode is what huma calls through the only format of a face.
func (b *body[T]) decode(data []byte, lenient bool) {
	b.sum = sha256.Sum256(data)
	if err := json.Unmarshal(data, &b.value, json.RejectUnknownMembers(!lenient)); err != nil {
		b.wrong = problemOfJSON(err)
	}
}

// check answers what is wrong with the body, nil when nothing is.
func (b *body[T]) check() *Problem {
	if b.wrong != nil {
		return b.wrong
	}
	if needy, ok := any(&b.value).(needy); ok {
		if err := missing(needy); err != nil {
			return err
		}
	}
	return nil
}

// needy is a body, or a part of one, that has fields which must be there.
type needy interface{ needs() []need }

// missing is the problem that fields are not there, nil when all are.
func missing(n needy) *Problem {
	var fields []FieldProblem
	for _, field := range n.needs() {
		if !field.there {
			fields = append(fields, FieldProblem{field.pointer, codeRequired, "the field is needed"})
		}
	}
	if fields == nil {
		return nil
	}
	return invalid(fields...)
}

// need is a field that a body must have.
type need struct {
	pointer string
	there   bool
}

// nullMeans marks, until the document is finished, fields in which null is something
// else than not being there.
const nullMeans = "x-null-means"

// allowNulls documents that in what is sent null is the same as not being there,
// for all that need not be there.
func allowNulls(sent map[*huma.Schema]bool) {
	for s := range sent {
		for name, property := range s.Properties {
			switch {
			case property.Extensions[nullMeans] != nil:
				property.Extensions = nil
			case slices.Contains(s.Required, name):
			case property.Ref != "":
				nullable(s, name)
			default:
				property.Nullable = true
			}
		}
	}
}

// Schema documents the body as what is in it.
func (b *body[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// problemOfJSON says what is wrong with a body, without repeating what it holds.
func problemOfJSON(err error) *Problem {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return invalid(FieldProblem{string(syntax.JSONPointer), codeDuplicateField, "the field stands more than once"})
		}
		return malformedJSON.problem("one JSON object in UTF-8 is expected, and nothing behind it")
	}
	var wrong *json.SemanticError
	if !errors.As(err, &wrong) {
		return malformedJSON.problem("one JSON object is expected")
	}
	field := FieldProblem{Pointer: string(wrong.JSONPointer)}
	switch {
	case errors.Is(err, json.ErrUnknownName):
		field.Code, field.Detail = codeUnknownField, "the operation does not have this field"
	case wrong.JSONKind == '"' && wrong.GoType == reflect.TypeFor[time.Time]():
		field.Code, field.Detail = codeInvalidTime, "a time like 2026-03-05T23:09:47.281Z is expected"
	case wrong.JSONKind == '"' && wrong.GoType != nil && reflect.PointerTo(wrong.GoType).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		field.Code, field.Detail = codeInvalidID, expectedID
	default:
		field.Code, field.Detail = codeWrongType, expectedType(wrong.GoType)
	}
	return invalid(field)
}

// expectedType names the JSON type that a Go type is read from.
func expectedType(t reflect.Type) string {
	if t == nil {
		return "another type is expected"
	}
	switch t.Kind() {
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return "a string is expected"
		}
		return "an object is expected"
	case reflect.Slice:
		return "an array is expected"
	case reflect.Bool:
		return "true or false is expected"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		return "a whole number is expected"
	default: // text, and ids, which are arrays of bytes
		return "a string is expected"
	}
}

// appender is an answer that writes its own JSON: those that are asked for most.
// A test holds it against what the fields' tags say.
type appender interface{ appendJSON(b []byte) []byte }

// bodyFormat is the only format of bodies that a face has, JSON.
func bodyFormat(lenient bool) huma.Format {
	return huma.Format{
		Marshal: writeBody,
		Unmarshal: func(data []byte, v any) error {
			v.(interface{ decode([]byte, bool) }).decode(data, lenient)
			return nil
		},
	}
}

func writeBody(w io.Writer, v any) error {
	buffer := buffers.Get().(*[]byte)
	b, err := encode((*buffer)[:0], v)
	if err != nil {
		return err
	}
	_, _ = w.Write(b) // fails when the client is gone: nobody is left to tell
	if cap(b) <= maxBuffer {
		*buffer = b
		buffers.Put(buffer)
	}
	return nil
}

// encode appends the JSON of an answer.
func encode(b []byte, v any) ([]byte, error) {
	if a, ok := v.(appender); ok {
		return a.appendJSON(b), nil
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}
