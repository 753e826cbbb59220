package transport

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
)

// Call is one request to a [Face]: who sent it, its id, and the operation that it is for.
// It is both the context that handlers get and huma's view of the request, which saves
// five of six allocations. Handlers only get calls that were admitted: the token has what
// the operation declares.
type Call struct {
	humaContext
	ctx    context.Context // of the request
	engine *engine
	route  *route
	bearer *auth.Bearer
	// problem is the problem that the request was refused with, for the log.
	problem *Problem
	wrong   error // what is wrong with the values of parameters, until the body has arrived
	status  int   // the status of a problem in the face's form; 0: huma's choice
	json    bool  // the body is JSON, whatever its media type is called
	broken  bool  // the body could not be read to the end
	held    bool  // the request has waited, or may have

	start time.Time // when the request came

	query url.Values // the parameters of the request's query

	r  *http.Request
	w  http.ResponseWriter
	id [1]string // X-Request-Id, as a header's values
}

type humaContext = huma.Context

func (e *engine) newCall(r *route, hc huma.Context) *Call {
	c := &Call{humaContext: hc, ctx: hc.Context(), engine: e, route: r, start: time.Now()}
	c.r, c.w = humago.Unwrap(hc)
	return c
}

// Context returns the call itself.
func (c *Call) Context() context.Context { return c }

// Deadline returns the deadline of the request's context.
func (c *Call) Deadline() (time.Time, bool) { return c.ctx.Deadline() }

// Done returns the channel that is closed when the request's context ends.
func (c *Call) Done() <-chan struct{} { return c.ctx.Done() }

// Err returns why the request's context has ended, or nil.
func (c *Call) Err() error { return c.ctx.Err() }

// Value returns the value of the request's context for the key.
func (c *Call) Value(key any) any { return c.ctx.Value(key) }

// Unwrap returns huma's own context.
func (c *Call) Unwrap() huma.Context { return c.humaContext }

// Header returns a header of the request, as huma should see it. The media type of an
// admitted body is always application/json, because huma would not know the others.
// Accept is always empty, because every answer is JSON.
func (c *Call) Header(name string) string {
	switch {
	case name == "Content-Type" && c.json:
		return "application/json"
	case name == "Accept":
		return ""
	}
	return c.humaContext.Header(name)
}

// SetStatus sends the headers with the status. The status of a problem in the face's form
// takes precedence.
func (c *Call) SetStatus(status int) {
	if c.status != 0 {
		status = c.status
	}
	c.humaContext.SetStatus(status)
}

// BodyReader returns the request's body.
func (c *Call) BodyReader() io.Reader { return bodyReader{c} }

// bodyReader remembers that reading the body failed. Huma would only mention it in the
// text of an error.
type bodyReader struct{ *Call }

func (r bodyReader) Read(b []byte) (int, error) {
	n, err := r.r.Body.Read(b)
	if err != nil && err != io.EOF { //nolint:errorlint // readers return io.EOF itself
		r.broken = true
	}
	return n, err
}

// Request returns the request.
func (c *Call) Request() *http.Request { return c.r }

// ResponseWriter returns the writer of the answer, for handlers that write it themselves.
func (c *Call) ResponseWriter() http.ResponseWriter { return c.w }

// WriteJSON writes an answer with status 200 and this body. It is for handlers that write
// the answer themselves.
func (c *Call) WriteJSON(v any) {
	c.SetHeader("Content-Type", "application/json")
	c.SetStatus(http.StatusOK)
	_ = writeBody(c.BodyWriter(), v)
}

// RequestID returns the id under which the request is logged.
func (c *Call) RequestID() string { return c.id[0] }

// Bearer returns who the token stands for. It returns nil for an operation that takes no
// token.
func (c *Call) Bearer() *auth.Bearer { return c.bearer }

// Log returns the log.
func (c *Call) Log() *events.Log { return c.engine.log }

// Models returns the read models. They return things of every organization, so a handler
// must check what it got with [Call.Reaches] or a similar method.
func (c *Call) Models() *projections.ReadModels { return c.engine.models }

// Now returns the time by which memberships expire.
func (c *Call) Now() time.Time { return c.engine.now() }

// NewID returns an id for a new thing.
func (c *Call) NewID() [16]byte { return c.engine.newID() }

// Stopping reports whether the service is about to stop.
func (c *Call) Stopping() bool { return c.engine.serving.Err() != nil }

// takeID returns the client's id for the request if there is one and it is fit for a log
// line. Otherwise it returns a new id. No id is a reason to refuse the request, because it
// decides nothing, and the answer shows which one was taken.
func (c *Call) takeID() string {
	sent := c.r.Header["X-Request-Id"]
	if len(sent) != 1 || sent[0] == "" || len(sent[0]) > 128 {
		return domain.CommandID(c.NewID()).String()
	}
	id := sent[0]
	for i := 0; i < len(id); i++ {
		if id[i] <= ' ' || id[i] > '~' || id[i] == '"' || id[i] == '\\' {
			return domain.CommandID(c.NewID()).String()
		}
	}
	return id
}

// problemOf is [ProblemOf], except that an error after the client has left is not an
// internal error.
func (c *Call) problemOf(err error) *Problem {
	p := ProblemOf(err)
	if p.Code == internalError.Code && c.ctx.Err() != nil {
		return clientGone.Problem("the client closed the connection before the response was sent")
	}
	return p
}
