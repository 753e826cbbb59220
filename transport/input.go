package transport

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
)

// inputField is the field of an operation's input that has the value of a parameter. It is
// found once, when the operation is registered.
type inputField struct {
	index    []int
	fallback []string // the value if the parameter is not sent; nil: the zero value
	explode  bool
}

// fieldOf returns the field of the input that a struct tag such as query:"page_size" binds
// to the parameter.
func fieldOf(input reflect.Type, in, name string) (inputField, error) {
	for _, f := range reflect.VisibleFields(input) {
		tagged, options, _ := strings.Cut(f.Tag.Get(in), ",")
		if f.Anonymous || !f.IsExported() || tagged != name {
			continue
		}
		field := inputField{index: f.Index, explode: options == "explode"}
		if text := f.Tag.Get("default"); text != "" {
			field.fallback = []string{text}
		}
		return field, settable(f.Type)
	}
	return inputField{}, fmt.Errorf("the input has no field for it")
}

// settable returns an error if [inputField.set] cannot set fields of the type.
func settable(t reflect.Type) error {
	switch {
	case t.Kind() == reflect.String, t.Kind() == reflect.Int, t.Kind() == reflect.Bool:
		return nil
	case t == reflect.TypeFor[[]string]():
		return nil
	case t.Kind() == reflect.Array && t.ConvertibleTo(reflect.TypeFor[domain.ID[struct{}]]()):
		return nil
	}
	return fmt.Errorf("fields of type %s are not read", t)
}

// set sets the field to the values that were sent, which must have been checked.
func (f *inputField) set(input reflect.Value, sent []string) {
	if len(sent) == 0 {
		sent = f.fallback
	}
	if len(sent) == 0 {
		return
	}
	switch field := input.FieldByIndex(f.index); field.Kind() { //nolint:exhaustive // see settable
	case reflect.String:
		field.SetString(sent[0])
	case reflect.Int:
		n, _ := strconv.ParseInt(sent[0], 10, 64)
		field.SetInt(n)
	case reflect.Bool:
		is, _ := strconv.ParseBool(sent[0])
		field.SetBool(is)
	case reflect.Slice:
		if !f.explode {
			sent = strings.Split(sent[0], ",")
		}
		field.Set(reflect.ValueOf(sent))
	case reflect.Array:
		id, _ := domain.ParseID[struct{}](sent[0])
		copy(field.Bytes(), id[:])
	}
}

// answerForm says how an operation's output becomes an answer. It is found once, when the
// operation is registered.
type answerForm struct {
	status      int // of an output that does not say
	statusField []int
	bodyField   []int
	headers     []answerHeader
}

// answerHeader is a field of an output that is sent as a header, unless it is empty.
type answerHeader struct {
	name  string
	index []int
}

// newAnswerForm returns the form of the answers of the output type. It takes the
// fields Status and Body for what they say and all others for headers, as huma does when
// it describes the operation.
func newAnswerForm(output reflect.Type, status int) (answerForm, error) {
	form := answerForm{status: status}
	for _, f := range reflect.VisibleFields(output) {
		switch {
		case f.Anonymous || !f.IsExported():
		case f.Name == "Status":
			form.statusField = f.Index
		case f.Name == "Body":
			form.bodyField = f.Index
		case f.Type.Kind() != reflect.String:
			return form, fmt.Errorf("the header in field %s is not a string", f.Name)
		default:
			name := f.Tag.Get("header")
			if name == "" {
				name = f.Name
			}
			form.headers = append(form.headers, answerHeader{http.CanonicalHeaderKey(name), f.Index})
		}
	}
	return form, nil
}
