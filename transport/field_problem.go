package transport

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// FieldProblem says what is wrong with one field or parameter. What was sent is
// never repeated.
type FieldProblem struct {
	Pointer string `json:"pointer" doc:"A JSON pointer into the body; path.NAME, query.NAME or header.NAME for what does not stand in the body." example:"/role"`
	Code    string `json:"code" doc:"What is wrong with it, for programs." example:"unknown_role"`
	Detail  string `json:"detail" doc:"What is expected, for people." example:"the roles are owner, admin, editor, viewer and client"`
}

// The codes of fields that are wrong.
const (
	codeRequired         = "required"
	codeUnknownField     = "unknown_field"
	codeDuplicateField   = "duplicate_field"
	codeWrongType        = "wrong_type"
	codeInvalidID        = "invalid_id"
	codeInvalidTime      = "invalid_time"
	codeUnknownParameter = "unknown_parameter"
	codeInvalidValue     = "invalid_value"
	codeOutOfRange       = "out_of_range"
	codeTooLong          = "too_long"
	codeUnknownRole      = "unknown_role"
	codeInvalidText      = "invalid_characters"
	codeTooMany          = "too_many"
)

// fieldCodes says what each code of a field means. A problem about one field has
// the field's code for its own.
var fieldCodes = map[string]string{
	codeRequired:         "A field is missing",
	codeUnknownField:     "A field is not known",
	codeDuplicateField:   "A field stands twice",
	codeWrongType:        "A field is of the wrong type",
	codeInvalidID:        "An id is malformed",
	codeInvalidTime:      "A time is malformed",
	codeUnknownParameter: "A query parameter is not known",
	codeInvalidValue:     "A value is malformed",
	codeOutOfRange:       "A number is out of range",
	codeTooLong:          "A text is too long",
	codeInvalidText:      "A text has characters that it may not have",
	codeUnknownRole:      "There is no such role",
	codeTooMany:          "There are too many",

	// These come from the domain.
	"surrounding_space": "A text has white space around it",
	"invalid_email":     "An e-mail address is malformed",
	"invalid_url":       "An address is malformed",
	"in_the_past":       "A time is in the past",
	"unknown_scope":     "There is no such scope",
	"unknown_workspace": "There is no such workspace",

	"invalid_key":        "A key is malformed",
	"invalid_permission": "A permission is malformed",
	"known_user":         "The user is known already",
	"duplicate":          "Something stands more than once",
}

// parameterMessages turns the beginnings of huma's messages about parameters into
// our own words; the order counts. What a message ends with, the limit or the
// choices, comes from the operation's declaration, not from what was sent, and takes
// the place of %s.
var parameterMessages = []struct{ message, code, detail string }{
	{"required ", codeRequired, "the parameter is needed"},
	{"invalid value: ", codeInvalidID, expectedID}, // what huma says when UnmarshalText fails; only ids have one
	{"invalid integer", codeInvalidValue, "a whole number is expected"},
	{"invalid boolean", codeInvalidValue, "true or false is expected"},
	{prefixOf(validation.MsgExpectedMinimumNumber), codeOutOfRange, "a number of at least %s is expected"},
	{prefixOf(validation.MsgExpectedMaximumNumber), codeOutOfRange, "a number of at most %s is expected"},
	{prefixOf(validation.MsgExpectedMaxLength), codeTooLong, "at most %s characters are expected"},
	{prefixOf(validation.MsgExpectedOneOf), codeInvalidValue, "one of these is expected: %s"},
}

const expectedID = "a UUID is expected: 36 characters like 019cc043-af91-783e-9927-3daab1cd9277"

// prefixOf is a message up to what is put into it.
func prefixOf(message string) string {
	prefix, _, _ := strings.Cut(message, "%")
	return prefix
}

func parameterProblem(d *huma.ErrorDetail) FieldProblem {
	for _, m := range parameterMessages {
		if rest, ok := strings.CutPrefix(d.Message, m.message); ok {
			return FieldProblem{d.Location, m.code, strings.Replace(m.detail, "%s", strings.TrimSuffix(rest, `"`), 1)}
		}
	}
	return FieldProblem{d.Location, codeInvalidValue, "the value is malformed"}
}

// problemOfHuma turns what huma refuses before a handler is asked into our own
// form, without the values that huma repeats.
func problemOfHuma(status int, message string, details []*huma.ErrorDetail) *Problem {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return bodyTooLarge.problem("a body has at most 1 MiB")
	case http.StatusRequestTimeout:
		return bodyTimeout.problem("send the body without pausing")
	case http.StatusBadRequest:
		return bodyRequired.problem("send a JSON object")
	case http.StatusUnprocessableEntity:
		if len(details) == 0 {
			break
		}
		fields := make([]FieldProblem, len(details))
		for i, d := range details {
			fields[i] = parameterProblem(d)
		}
		slices.SortFunc(fields, func(a, b FieldProblem) int { return strings.Compare(a.Pointer, b.Pointer) })
		return invalid(fields...)
	case http.StatusInternalServerError:
		if message == "cannot read request body" {
			return bodyUnreadable.problem("the body broke off, or its framing is wrong")
		}
	}
	return problemOf(errors.New(message))
}
