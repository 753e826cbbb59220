package transport

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/openapi"
)

// maxBody is the length of the longest request body, in bytes.
const maxBody = openapi.MaxBody

// bodyReadTimeout is how long a client may take to send a body.
const bodyReadTimeout = 30 * time.Second

// bodyInput is an input with a body.
type bodyInput interface {
	decodeBody(data []byte, lenient bool)
	Hash() domain.Hash
	checkBody() error
}

// readBody reads the request's body into the input. It returns the problem of a body that
// cannot be read. What is wrong with its content is found later, by checkBody.
func (c *Call) readBody(in bodyInput) error {
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(bodyReadTimeout))
	buffer := buffers.Get().(*[]byte)
	text, err := appendBody((*buffer)[:0], c.r.Body)
	switch {
	case err != nil:
	case len(text) > 0:
		in.decodeBody(text, c.route.face.Lenient)
	case c.route.operation.RequestBody.Required:
		err = bodyRequired.Problem("send a JSON object")
	}
	keep(buffer, text)
	return err
}

// appendBody appends the whole body to b.
func appendBody(b []byte, body io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, 1)
		}
		n, err := body.Read(b[len(b):min(cap(b), maxBody+1)])
		b = b[:len(b)+n]
		switch {
		case len(b) > maxBody:
			return b, bodyTooLarge.Problem("a body has at most 1 MiB")
		case err == nil:
		case err == io.EOF: //nolint:errorlint // readers return io.EOF itself
			return b, nil
		default:
			return b, problemOfReading(err)
		}
	}
}

// problemOfReading returns the problem of a body that could not be read to its end.
func problemOfReading(err error) *Problem {
	var failed net.Error
	if errors.As(err, &failed) && failed.Timeout() {
		return bodyTimeout.Problem("send the body without pausing")
	}
	return bodyUnreadable.Problem("the body broke off, or its framing is wrong")
}

// JSONBody is the part of an operation's input that is the request's body.
type JSONBody[T any] struct{ Body body[T] }

// OptionalJSONBody is a [JSONBody] that a request can leave out. Without a body it has
// the zero value.
type OptionalJSONBody[T any] struct{ JSONBody[T] }

// optional marks an input whose body can be left out.
func (*OptionalJSONBody[T]) optional() {}

// Sent returns the decoded body.
func (b *JSONBody[T]) Sent() *T { return &b.Body.value }

// Hash returns the SHA-256 of the body's bytes as they were sent.
func (b *JSONBody[T]) Hash() domain.Hash { return b.Body.sum }

func (b *JSONBody[T]) decodeBody(data []byte, lenient bool) { b.Body.decode(data, lenient) }

// checkBody returns what is wrong with the body.
func (b *JSONBody[T]) checkBody() error { return b.Body.check() }

// body is a request's body, decoded strictly: it is one JSON value, no field appears
// twice, every field has the right type, and every field is known to the operation,
// unless the face is lenient. What is wrong is kept: [body.check] returns it after other
// checks, before the handler is called.
type body[T any] struct {
	value T
	sum   domain.Hash // of the bytes as they were sent
	wrong *Problem
}

// decode reads the body from its text.
func (b *body[T]) decode(data []byte, lenient bool) {
	b.sum = sha256.Sum256(data)
	if usual, ok := any(&b.value).(interface{ ReadUsual(text []byte) bool }); ok {
		if usual.ReadUsual(data) {
			return
		}
		b.value = *new(T)
	}
	err := json.Unmarshal(data, &b.value, json.RejectUnknownMembers(!lenient), strictValues)
	if err != nil {
		b.wrong = problemOfJSON(err)
	} else if at, found := misplacedNull(data, lenient); found {
		b.wrong = Invalid(FieldProblem{string(at), CodeWrongType, "null is not taken here"})
	}
}

// misplacedNull returns where the body has a null that is not the value of a field: as the
// whole body, or as an item of a list. Decoding would make an empty value of it. A lenient
// face ignores what is in fields that it does not know, so there only the whole body counts.
func misplacedNull(data []byte, lenient bool) (at jsontext.Pointer, found bool) {
	if !bytes.Contains(data, []byte("null")) {
		return "", false
	}
	d := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return "", false // at its end: it has been decoded before
		}
		depth := d.StackDepth()
		parent, _ := d.StackIndex(depth)
		if token.Kind() == 'n' && (depth == 0 || parent == '[' && !lenient) {
			return d.StackPointer(), true
		}
	}
}

// check returns what is wrong with the body, or nil.
func (b *body[T]) check() error {
	if b.wrong != nil {
		return b.wrong
	}
	if r, ok := any(&b.value).(requirer); ok {
		return Missing(r.Required())
	}
	return nil
}

// Required is a field that a body must have.
type Required struct {
	Pointer string // JSON pointer (RFC 6901), such as /role
	Given   bool   // whether the field was sent
}

// Require returns the requirement that a body has the field. Given says whether it has.
func Require(pointer string, given bool) Required { return Required{pointer, given} }

// requirer is a body that has required fields.
type requirer interface{ Required() []Required }

// Missing returns the problem of the required fields that were not sent. It returns nil
// if all of them were.
func Missing(fields []Required) error {
	var wrong []FieldProblem
	for _, field := range fields {
		if !field.Given {
			wrong = append(wrong, FieldProblem{field.Pointer, CodeRequired, "the field is needed"})
		}
	}
	if wrong == nil {
		return nil
	}
	return Invalid(wrong...)
}

// Schema documents the body by the schema of its value.
func (b *body[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// problemOfJSON returns the problem of a body that cannot be decoded. It never repeats
// what the body contains.
func problemOfJSON(err error) *Problem {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return Invalid(FieldProblem{string(syntax.JSONPointer), CodeDuplicateField, "the field appears more than once"})
		}
		return malformedJSON.Problem("one JSON object in UTF-8 is expected, and nothing after it")
	}
	var wrong *json.SemanticError
	if !errors.As(err, &wrong) {
		return malformedJSON.Problem("one JSON object is expected")
	}
	field := FieldProblem{Pointer: string(wrong.JSONPointer)}
	var value *valueError
	switch {
	case errors.As(err, &value):
		field.Code, field.Detail = value.code, value.detail
	case errors.Is(err, json.ErrUnknownName):
		field.Code, field.Detail = CodeUnknownField, "the operation does not have this field"
	case wrong.JSONKind == '"' && wrong.GoType != nil && reflect.PointerTo(wrong.GoType).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		field.Code, field.Detail = CodeInvalidID, expectedID
	default:
		field.Code, field.Detail = CodeWrongType, expectedType(wrong.GoType)
	}
	return Invalid(field)
}

// expectedType returns a sentence that names the JSON type which a Go type is read from.
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
	default: // texts, and ids, which are byte arrays
		return "a string is expected"
	}
}
