package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// noSniff is the X-Content-Type-Options value of every answer. It is shared to save an
// allocation.
var noSniff = []string{"nosniff"}

// serve is the only middleware. It gives the request its id, admits it, calls its
// handler, turns a panic into a problem, counts and logs.
func (e *engine) serve(r *route, hc huma.Context, next func(huma.Context)) {
	c := e.newCall(r, hc)
	defer c.finish()
	c.id[0] = c.takeID()
	header := c.w.Header() // assigned directly, because Set allocates a slice each time
	header["X-Request-Id"] = c.id[:]
	header["X-Content-Type-Options"] = noSniff
	if err := c.admit(); err != nil {
		c.refuse(err)
		return
	}
	next(c)
}

// handle registers a handler that is not an operation under a pattern of the mux.
func (e *engine) handle(pattern string, route *route, h func(*Call)) {
	op := &huma.Operation{}
	e.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		e.serve(route, humago.NewContext(op, r, w), func(hc huma.Context) { h(hc.(*Call)) })
	})
}

// refuse writes an answer with the problem of the error.
func (c *Call) refuse(err error) {
	p := ProblemOf(err)
	shown := c.show(p)
	b, err := AppendJSON(nil, shown.Body)
	if err != nil {
		panic(err)
	}
	for name, values := range p.headers {
		c.SetHeader(name, values[0])
	}
	c.SetHeader("Content-Type", shown.ContentType)
	c.SetStatus(shown.Status)
	_, _ = c.BodyWriter().Write(b)
}

// show completes a problem with the path and the id of the request, and returns it in the
// form of the face.
func (c *Call) show(p *Problem) ErrorAnswer {
	p.Instance, p.RequestID = c.r.URL.EscapedPath(), c.id[0]
	c.problem = p
	return c.route.face.ErrorForm(p)
}

// transform gives every problem the form of the face, including those that huma makes
// itself.
func transform(hc huma.Context, _ string, v any) (any, error) {
	c, ok := hc.(*Call)
	if !ok {
		return v, nil
	}
	var p *Problem
	switch v := v.(type) {
	case *Problem:
		p = v
	case *huma.ErrorModel:
		p = c.problemOfHuma(v.Status, v.Detail)
	default:
		return v, nil
	}
	shown := c.show(p)
	c.SetHeader("Content-Type", shown.ContentType)
	c.status = shown.Status
	return shown.Body, nil
}

// problemOfHuma returns the problem of a request that huma itself refuses: a body that
// it cannot read, or a parameter whose value was found wrong before.
func (c *Call) problemOfHuma(status int, message string) *Problem {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return bodyTooLarge.Problem("a body has at most 1 MiB")
	case status == http.StatusRequestTimeout:
		return bodyTimeout.Problem("send the body without pausing")
	case status == http.StatusBadRequest:
		return bodyRequired.Problem("send a JSON object")
	case c.broken:
		return bodyUnreadable.Problem("the body broke off, or its framing is wrong")
	case c.wrong != nil:
		return ProblemOf(c.wrong)
	}
	return ProblemOf(errors.New(message))
}

// finish ends every request: it recovers from a panic, counts and logs. It must be
// deferred.
func (c *Call) finish() {
	if cause := recover(); cause != nil {
		c.recovered(cause)
	}
	elapsed := time.Since(c.start)
	status := c.Status()
	if status == 0 {
		status = http.StatusOK
	}
	c.route.count(status, elapsed)
	c.log(status, elapsed)
}

var errPanicked = errors.New("a handler panicked")

func (c *Call) recovered(cause any) {
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	c.engine.logger.Error("a request panicked",
		slog.String("request_id", c.id[0]), slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if c.Status() != 0 {
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
		slog.String("request_id", c.id[0]), slog.String("method", c.Method()), slog.String("route", c.route.path),
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
