package subscriber

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Problem is the service's refusal of a request (RFC 9457).
type Problem struct {
	Status    int            `json:"status"` // of the response
	Title     string         `json:"title"`
	Detail    string         `json:"detail"`
	Code      string         `json:"code"` // such as invalid_token; empty if the response was not from Muster
	RequestID string         `json:"request_id"`
	Errors    []FieldProblem `json:"errors"` // what is wrong with single fields
}

// FieldProblem is what is wrong with one field or parameter of a request.
type FieldProblem struct {
	Pointer string `json:"pointer"` // where it is
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Error returns the status, the code and the detail.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the service answered %d", p.Status)
	if p.Code == "" {
		fmt.Fprintf(&b, " %s", http.StatusText(p.Status))
		return b.String()
	}
	fmt.Fprintf(&b, " %s: %s", p.Code, p.Detail)
	for _, field := range p.Errors {
		fmt.Fprintf(&b, "; %s: %s", field.Pointer, field.Detail)
	}
	return b.String()
}

// maxProblem bounds how much of a refusal is read.
const maxProblem = 64 << 10

// readProblem returns the problem that the response describes.
func readProblem(response *http.Response) *Problem {
	p := new(Problem)
	text, err := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	if err != nil || json.Unmarshal(text, p) != nil {
		p = new(Problem) // another program has answered, such as a proxy
	}
	p.Status = response.StatusCode
	return p
}

// passing reports whether the same request may be accepted later.
func (p *Problem) passing() bool {
	switch p.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return p.Status >= http.StatusInternalServerError
}
