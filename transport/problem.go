package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
)

// Problem is the body of an answer that reports an error (RFC 9457). The code is for
// programs; the title and the detail are for people.
type Problem struct {
	Type      string         `json:"type" bounds:"problem" format:"uri-reference" doc:"Where the code is explained." example:"/docs/problems#last_owner"`
	Title     string         `json:"title" bounds:"title" doc:"What the code means; the same for every occurrence." example:"The last owner stays"`
	Status    int            `json:"status" minimum:"400" maximum:"599" doc:"The HTTP status." example:"409"`
	Detail    string         `json:"detail" bounds:"detail" doc:"What is wrong with this request." example:"there must be an active owner: make somebody else an owner first"`
	Instance  string         `json:"instance" bounds:"path" format:"uri-reference" doc:"The path of the request." example:"/v1/workspaces/019cc043-af91-783e-9927-3daab1cd9277"`
	Code      string         `json:"code" doc:"The kind of problem, for programs." example:"last_owner"`
	RequestID string         `json:"request_id" bounds:"request_id" doc:"The request's X-Request-Id, under which it is logged." example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	Errors    []FieldProblem `json:"errors,omitempty" bounds:"errors" nullable:"false" doc:"Which fields and parameters are wrong, and how."`
	// MembershipID is set for already_member only. It is the membership that already
	// exists.
	MembershipID string `json:"membership_id,omitempty" format:"uuid" doc:"With already_member: the membership that exists."`

	// Workspaces is set for last_owner only. They are those that would be left without an
	// active owner.
	Workspaces []domain.WorkspaceID `json:"workspace_ids,omitempty" format:"uuid" maxItems:"200" nullable:"false" doc:"With last_owner: the workspaces that would be left without an active owner, 200 at most. The detail says how many they are."`

	// EventID is set for changed_since only. It is the event that made the change.
	EventID string `json:"event_id,omitempty" bounds:"event" doc:"With changed_since: the event that has changed what the reverted event had changed." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`

	headers http.Header
	cause   error // logged, never sent
}

// Problem returns a problem of the kind. The detail says what is wrong with this request.
func (k Kind) Problem(detail string) *Problem {
	return &Problem{
		Type: "/docs/problems#" + k.Code, Title: k.Title, Status: k.Status, Code: k.Code, Detail: detail,
	}
}

// Error returns the code and the detail.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// Unwrap returns the error that the problem was made from, or nil.
func (p *Problem) Unwrap() error { return p.cause }

// InOne returns everything that is wrong with the request as one text. It is for forms of
// errors without a list of fields.
func (p *Problem) InOne() string {
	if len(p.Errors) < 2 {
		return p.Detail
	}
	texts := make([]string, len(p.Errors))
	for i, field := range p.Errors {
		texts[i] = field.Pointer + ": " + field.Detail
	}
	return strings.Join(texts, "; ")
}

// ErrorAnswer is a problem in the form of a face.
type ErrorAnswer struct {
	Status      int
	ContentType string
	Body        any // a pointer to a struct
}

// ProblemForm returns the problem in the form of the native API. Requests outside all
// faces get that form, too.
func ProblemForm(p *Problem) ErrorAnswer {
	return ErrorAnswer{p.Status, "application/problem+json", p}
}

// with adds a header to the problem and returns the problem.
func (p *Problem) with(name, value string) *Problem {
	if p.headers == nil {
		p.headers = make(http.Header, 1)
	}
	p.headers.Set(name, value)
	return p
}

// retryable tells the client to retry after a second.
func (p *Problem) retryable() *Problem { return p.retryAfter(time.Second) }

// retryAfter tells the client to retry after the wait, which is in whole seconds.
func (p *Problem) retryAfter(wait time.Duration) *Problem {
	return p.with("Retry-After", strconv.Itoa(int(wait/time.Second)))
}

// Invalid returns the problem of wrong fields or parameters, of which there must be at
// least one. If all have the same code it is the problem's code, too.
func Invalid(fields ...FieldProblem) *Problem {
	code := fields[0].Code
	for _, f := range fields[1:] {
		if f.Code != code {
			code = invalidRequest.Code
		}
	}
	title, ok := fieldCodes[code]
	if !ok {
		title = invalidRequest.Title
	}
	detail := "see errors for what is wrong and where"
	if len(fields) == 1 {
		detail = strings.TrimPrefix(fields[0].Pointer+": "+fields[0].Detail, ": ")
	}
	p := Kind{code, invalidRequest.Status, title}.Problem(detail)
	p.Errors = fields
	return p
}

// InvalidField is [Invalid] for a single field or parameter.
func InvalidField(pointer, code, detail string) *Problem {
	return Invalid(FieldProblem{pointer, code, detail})
}

// NotFound returns the problem of something that does not exist or that the token does
// not reach. A client cannot tell which.
func NotFound() *Problem {
	return notFound.Problem("there is no such resource, or the token does not reach it")
}

// NotReady returns the problem of a service that is not ready, with the reason. The
// reason is shown because only operators ask for it.
func NotReady(reason error) *Problem {
	p := notReady.Problem(reason.Error()).retryable()
	p.cause = reason
	return p
}
