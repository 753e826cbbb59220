package transport

import "fmt"

// FieldProblem says what is wrong with one field or parameter. It never repeats the value
// that was sent.
type FieldProblem struct {
	Pointer string `json:"pointer" bounds:"pointer" doc:"A JSON pointer into the body; path.NAME, query.NAME or header.NAME for what is not in the body; query for the whole query." example:"/role"`
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
	CodeDuplicate        = "duplicate"
	CodeUnknownPosition  = "unknown_position"
	CodeAsOfInFuture     = "as_of_in_future"
	CodeUnexpectedHeader = "unexpected_header"
	CodeUnexpectedBody   = "unexpected_body"
)

// fieldCodes maps each code of a field problem to its title. A problem about a single
// field has the code and the title of the field.
var fieldCodes = map[string]string{
	CodeRequired:         "Missing field",
	CodeUnknownField:     "Unknown field",
	CodeDuplicateField:   "Duplicate field",
	CodeWrongType:        "Wrong type",
	CodeInvalidID:        "Malformed id",
	CodeInvalidTime:      "Malformed time",
	CodeUnknownParameter: "Unknown query parameter",
	CodeInvalidValue:     "Invalid value",
	CodeOutOfRange:       "Number out of range",
	CodeTooLong:          "Text too long",
	CodeInvalidText:      "Characters not allowed",
	CodeUnknownRole:      "Unknown role",
	CodeTooMany:          "Too many items",
	CodeDuplicate:        "Duplicate value",
	CodeUnknownPosition:  "Unknown position",
	CodeAsOfInFuture:     "Moment in the future",
	CodeUnexpectedHeader: "Unexpected header",
	CodeUnexpectedBody:   "Unexpected body",

	// The domain returns these codes in an InvalidError.
	"surrounding_space": "White space around the text",
	"invalid_email":     "Invalid e-mail address",
	"invalid_url":       "Invalid URL",
	"in_the_past":       "Time in the past",
	"unknown_scope":     "Unknown scope",
	"unknown_workspace": "Unknown workspace",
	"unknown_row":       "Not a row of the review",

	"invalid_key":        "Invalid key",
	"invalid_permission": "Invalid permission",
	"known_user":         "User already known",
	"not_applicable":     "Does not apply",
}

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
