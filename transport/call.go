package transport

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
)

// Call is one request to a [Face]: who sent it, its id, and the operation that it is for.
// It is also the context of the request. Handlers only get calls that were admitted: the
// token has what the operation declares.
type Call struct {
	ctx    context.Context // of the request
	engine *engine
	route  *route
	bearer *auth.Bearer
	// ticketed is what the request's ticket stands for: the value of an Authorization header.
	// It is empty without a ticket.
	ticketed string
	// problem is the problem that the request was refused with, for the log.
	problem *Problem
	wrong   error // what is wrong with the values of parameters, until the body has arrived
	status  int   // the status that was sent; 0: none yet
	held    bool  // the request has waited, or may have

	start   time.Time // when the request came
	checked time.Time // when it was found out last whether the token has ended

	query url.Values // the parameters of the request's query
	past  *past      // the moment that the request asks for; nil: now

	r  *http.Request
	w  http.ResponseWriter
	id [1]string // X-Request-Id, as a header's values
	// values are the values of other headers of the response. A header needs a slice, and
	// these slices are not allocated one by one.
	values [5]string
	used   int // of values
}

// Deadline returns the deadline of the request's context.
func (c *Call) Deadline() (time.Time, bool) { return c.ctx.Deadline() }

// Done returns the channel that is closed when the request's context ends.
func (c *Call) Done() <-chan struct{} { return c.ctx.Done() }

// Err returns why the request's context has ended, or nil.
func (c *Call) Err() error { return c.ctx.Err() }

// Value returns the value of the request's context for the key.
func (c *Call) Value(key any) any { return c.ctx.Value(key) }

// SetStatus sends the headers with the status.
func (c *Call) SetStatus(status int) {
	c.status = status
	c.w.WriteHeader(status)
}

// SetHeader sets a header of the answer.
func (c *Call) SetHeader(name, value string) {
	c.setHeader(http.CanonicalHeaderKey(name), value)
}

// setHeader is [Call.SetHeader] for a name in its canonical form.
func (c *Call) setHeader(name, value string) {
	if c.used == len(c.values) {
		c.w.Header()[name] = []string{value}
		return
	}
	c.values[c.used] = value
	c.w.Header()[name] = c.values[c.used : c.used+1 : c.used+1]
	c.used++
}

// Request returns the request.
func (c *Call) Request() *http.Request { return c.r }

// ResponseWriter returns the writer of the answer, for handlers that write it themselves.
func (c *Call) ResponseWriter() http.ResponseWriter { return c.w }

// WriteJSON writes an answer with status 200 and this body. It is for handlers that write
// the answer themselves.
func (c *Call) WriteJSON(v any) { c.send(http.StatusOK, jsonType, v) }

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

// Draining returns a channel that is closed when the service is about to stop.
func (c *Call) Draining() <-chan struct{} { return c.engine.serving.Done() }

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
