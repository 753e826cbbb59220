package transport

import (
	"net/http"

	"github.com/muster-dev/muster/events"
)

// Resource is the answer to a query for one resource.
type Resource[T any] struct {
	Status int
	ETag   string `header:"ETag" bounds:"etag" doc:"The resource's version, for If-Match." example:"\"1042\""`
	Body   *T
}

// Found returns the answer to a query for a resource of that version. Its status is 304
// if the client already has the version. Pass the zero ETagHeaders for a resource that
// shows more than its version covers: a change of the rest would go unnoticed.
func Found[T any](h ETagHeaders, version uint64, body *T) *Resource[T] {
	out := &Resource[T]{Status: http.StatusOK, ETag: etag(version), Body: body}
	if h.matches(version) {
		out.Status = http.StatusNotModified
	}
	return out
}

// Represent writes the response to a query for a resource that has a form in JSON and another
// one in plain text, which is sent if it is not nil. The tag is that of the form, and the
// status is 304 if the client has it already. It is for handlers that write the response
// themselves.
func (c *Call) Represent(h ETagHeaders, tag uint64, body any, text []byte) {
	c.setHeader("ETag", etag(tag))
	c.setHeader("Vary", "Accept")
	status := http.StatusOK
	if h.matches(tag) {
		status = http.StatusNotModified
	}
	if text == nil {
		c.send(status, jsonType, body)
		return
	}
	c.setHeader("Content-Type", TextType)
	c.SetStatus(status)
	if status == http.StatusOK {
		_, _ = c.w.Write(text) // fails if the client is gone, and then there is nobody to tell
	}
}

// TextType is the media type of a response in plain text.
const TextType = "text/plain; charset=utf-8"

// Written is the answer to a command on one resource.
type Written[T any] struct {
	Status   int
	ETag     string `header:"ETag" bounds:"etag" doc:"The resource's version, for If-Match." example:"\"1043\""`
	Position string `header:"Muster-Position" bounds:"position" doc:"The position of the command's last event, for Muster-Min-Position." example:"3-1043"`
	Replayed string `header:"Idempotency-Replayed" bounds:"replayed" doc:"true when this is the answer to an earlier request with the same Idempotency-Key." example:"true"`
	Body     *T
}

// Wrote returns the answer to a command on one resource: the resource as the command left
// it, with its version. Born is the type of the event that creates such a resource. The
// status is 201 if the command wrote an event of that type, so a replay has the same
// status as the first answer. Born is empty for a command that creates nothing.
func Wrote[T any](result Result, born string, version uint64, body *T) *Written[T] {
	out := &Written[T]{
		Status: http.StatusOK, ETag: etag(version), Position: result.position(), Replayed: result.replayed(), Body: body,
	}
	if result.Has(born) {
		out.Status = http.StatusCreated
	}
	return out
}

// Committed is the answer to a command on several resources.
type Committed[T any] struct {
	Position string `header:"Muster-Position" bounds:"position" doc:"The position of the command's last event, for Muster-Min-Position." example:"3-1043"`
	Replayed string `header:"Idempotency-Replayed" bounds:"replayed" doc:"true when this is the answer to an earlier request with the same Idempotency-Key." example:"true"`
	Body     *T
}

// Commit returns the answer to a command on several resources, with all of them in one
// body.
func Commit[T any](result Result, body *T) *Committed[T] {
	return &Committed[T]{Position: result.position(), Replayed: result.replayed(), Body: body}
}

// Gone is the answer to a command that ends a resource.
type Gone struct {
	Position string `header:"Muster-Position" bounds:"position" doc:"The position of the command's last event, for Muster-Min-Position." example:"3-1043"`
	Replayed string `header:"Idempotency-Replayed" bounds:"replayed" doc:"true when this is the answer to an earlier request with the same Idempotency-Key." example:"true"`
}

// Ended returns the answer to a command that ends a resource: 204, with the position.
func Ended(result Result) *Gone {
	return &Gone{Position: result.position(), Replayed: result.replayed()}
}

// Result is the outcome of a command, or the outcome that the command would have had.
type Result struct {
	events.Result
	// ValidateOnly reports that the command was decided and nothing was written.
	ValidateOnly bool
}

// position returns the value of Muster-Position. It is empty if the command was only
// validated.
func (r *Result) position() string {
	if r.ValidateOnly {
		return ""
	}
	return r.Position.String()
}

// replayed returns the value of Idempotency-Replayed. It is empty for a first answer.
func (r *Result) replayed() string {
	if r.Replayed {
		return "true"
	}
	return ""
}

// Secret returns the secret to show in the answer to the command that made it. It returns
// nil if the secret is worthless: nothing was written, or this is the answer to an
// earlier request. Of that request's secret only the hash was kept.
func (r *Result) Secret(text string) *string {
	if r.ValidateOnly || r.Replayed {
		return nil
	}
	return &text
}
