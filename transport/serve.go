package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// noSniff is the X-Content-Type-Options value of every answer. It is shared to save an
// allocation.
var noSniff = []string{"nosniff"}

// serve serves a request: it gives the request its id, admits it, calls its handler, turns
// an error or a panic into a problem, counts and logs. The values of parameters are set in
// the input, a pointer to a struct; it is nil for what is not an operation.
func (e *engine) serve(r *route, w http.ResponseWriter, request *http.Request, in any, do func(*Call) error) {
	now := time.Now()
	c := &Call{ctx: request.Context(), engine: e, route: r, start: now, checked: now, r: request, w: w}
	defer c.finish()
	c.id[0] = c.takeID()
	header := w.Header() // assigned directly, because Set allocates a slice each time
	header["X-Request-Id"] = c.id[:]
	header["X-Content-Type-Options"] = noSniff
	err := c.admit(in)
	if err == nil {
		err = do(c)
	}
	if err != nil {
		c.refuse(err)
	}
}

// handle registers a handler that is not an operation under a pattern of the mux.
func (e *engine) handle(pattern string, route *route, h func(*Call)) {
	e.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		e.serve(route, w, r, nil, func(c *Call) error { h(c); return nil })
	})
}

// refuse writes an answer with the problem of the error.
func (c *Call) refuse(err error) {
	p := ProblemOf(err)
	shown := c.show(p)
	for name, values := range p.headers {
		c.SetHeader(name, values[0])
	}
	c.send(shown.Status, shown.ContentType, shown.Body)
}

// show completes a problem with the path and the id of the request, and returns it in the
// form of the face.
func (c *Call) show(p *Problem) ErrorAnswer {
	p.Instance, p.RequestID = c.r.URL.EscapedPath(), c.id[0]
	c.problem = p
	return c.route.face.ErrorForm(p)
}

// finish ends every request: it recovers from a panic, counts and logs. It must be
// deferred.
func (c *Call) finish() {
	if cause := recover(); cause != nil {
		c.recovered(cause)
	}
	elapsed := time.Since(c.start)
	status := c.status
	if status == 0 {
		status = http.StatusOK
	}
	c.route.count(status, elapsed)
	c.log(status, elapsed)
}

// Abort ends a response whose beginning has been sent, because of the error. It logs the error
// and aborts the connection so that the client sees a truncated response.
func (c *Call) Abort(cause error) {
	level := slog.LevelWarn
	if c.ctx.Err() != nil || c.Stopping() {
		level = slog.LevelDebug
	}
	c.engine.logger.LogAttrs(c.ctx, level, "a response was cut off", slog.String("request_id", c.id[0]), slog.String("cause", cause.Error()))
	panic(http.ErrAbortHandler)
}

var errPanicked = errors.New("a handler panicked")

func (c *Call) recovered(cause any) {
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	c.engine.logger.Error("a request panicked",
		slog.String("request_id", c.id[0]), slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if c.status != 0 {
		panic(http.ErrAbortHandler) // too late for a problem: closing the connection shows the client that the answer is incomplete
	}
	c.refuse(errPanicked)
}

func (c *Call) log(status int, elapsed time.Duration) {
	level := slog.LevelDebug
	if status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !c.engine.logger.Enabled(c.ctx, level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("request_id", c.id[0]), slog.String("method", c.r.Method), slog.String("route", c.route.path),
		slog.Int("status", status), slog.Duration("elapsed", elapsed),
	}
	if c.bearer != nil {
		attributes = append(attributes, slog.String("actor", c.bearer.Actor.ID))
	}
	if p := c.problem; p != nil {
		attributes = append(attributes, slog.String("code", p.Code))
		if p.cause != nil && status >= http.StatusInternalServerError {
			attributes = append(attributes, slog.String("cause", p.cause.Error()))
		}
	}
	c.engine.logger.LogAttrs(c.ctx, level, "request", attributes...)
}
