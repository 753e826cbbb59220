package transport

import "fmt"

// FieldProblem says what is wrong with one field or parameter. It never repeats the value
// that was sent.
type FieldProblem struct {
	Pointer string `json:"pointer" bounds:"pointer" doc:"A JSON pointer into the body; path.NAME, query.NAME or header.NAME for what does not stand in the body." example:"/role"`
	Code    string `json:"code" doc:"What is wrong with it, for programs." example:"unknown_role"`
	Detail  string `json:"detail" bounds:"detail" doc:"What is expected, for people." example:"the roles are owner, admin, editor, viewer and client"`
}

// The codes of field problems.
const (
	CodeRequired         = "required"
	CodeUnknownField     = "unknown_field"
	CodeDuplicateField   = "duplicate_field"
	CodeWrongType        = "wrong_type"
	CodeInvalidID        = "invalid_id"
	CodeInvalidTime      = "invalid_time"
	CodeUnknownParameter = "unknown_parameter"
	CodeInvalidValue     = "invalid_value"
	CodeOutOfRange       = "out_of_range"
	CodeTooLong          = "too_long"
	CodeUnknownRole      = "unknown_role"
	CodeInvalidText      = "invalid_characters"
	CodeTooMany          = "too_many"
)

// fieldCodes maps each code of a field problem to its title. A problem about a single
// field has the code and the title of the field.
var fieldCodes = map[string]string{
	CodeRequired:         "A field is missing",
	CodeUnknownField:     "A field is not known",
	CodeDuplicateField:   "A field stands twice",
	CodeWrongType:        "A field is of the wrong type",
	CodeInvalidID:        "An id is malformed",
	CodeInvalidTime:      "A time is malformed",
	CodeUnknownParameter: "A query parameter is not known",
	CodeInvalidValue:     "A value is malformed",
	CodeOutOfRange:       "A number is out of range",
	CodeTooLong:          "A text is too long",
	CodeInvalidText:      "A text has characters that it may not have",
	CodeUnknownRole:      "There is no such role",
	CodeTooMany:          "There are too many",

	// The domain returns these codes in an InvalidError.
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

const expectedID = "a UUID is expected: 36 characters like 019cc043-af91-783e-9927-3daab1cd9277"

// Below returns copies of the problems, with the pointer put in front of their own.
func Below(pointer string, fields []FieldProblem) []FieldProblem {
	moved := make([]FieldProblem, len(fields))
	for i, f := range fields {
		moved[i] = FieldProblem{pointer + f.Pointer, f.Code, f.Detail}
	}
	return moved
}

// OperationPointer returns the pointer to an operation in the body of a batch.
func OperationPointer(i int) string { return fmt.Sprintf("/operations/%d", i) }
