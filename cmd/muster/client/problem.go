package client

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Error returns what a person needs to know of the problem: its code, and the details
// of the fields that are wrong or else its own.
func (p *Problem) Error() string { return errorText(p.Code, p.Detail, p.Errors) }

// RefusalText returns why an operation of a batch was refused, in the form of
// [Problem.Error].
func RefusalText(r *Refusal) string { return errorText(r.Code, r.Detail, r.Errors) }

func errorText(code, detail string, fields []FieldProblem) string {
	if len(fields) == 0 {
		return fmt.Sprintf("%s: %s", code, detail)
	}
	texts := make([]string, len(fields))
	for i, field := range fields {
		texts[i] = field.Pointer + ": " + field.Detail
	}
	return fmt.Sprintf("%s: %s", code, strings.Join(texts, "; "))
}

// ReadProblem returns the error that a response with an error status describes in its
// body: a [*Problem], or another error with the status if the body is none.
func ReadProblem(status string, body []byte) error {
	p := new(Problem)
	if json.Unmarshal(body, p) != nil || p.Code == "" {
		return fmt.Errorf("the service answered %s", status)
	}
	return p
}
