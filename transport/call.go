package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/auth"
)

// call is one request on its way through the API: who asks, under which id, for
// which operation. It is huma's view of the request and the context that handlers
// get, in one allocation instead of six.
type call struct {
	humaContext
	ctx   context.Context // the request's; the call stands in for it
	api   *API
	route *route
	who   *auth.Bearer
	// problem is what the request was refused with, for the log.
	problem *Problem
	status  int  // overrides what huma has chosen
	json    bool // the body is JSON, however its type is spelled

	r  *http.Request
	w  http.ResponseWriter
	id [1]string // X-Request-Id, as a header's values
}

type humaContext = huma.Context

// Header values that every answer shares.
var (
	noSniff = []string{"nosniff"}
	noStore = []string{"no-store"}
)

// Context is the call itself.
func (c *call) Context() context.Context { return c }

// Deadline, Done, Err and Value are the request's context.
func (c *call) Deadline() (time.Time, bool) { return c.ctx.Deadline() }

// Done: see [call.Deadline].
func (c *call) Done() <-chan struct{} { return c.ctx.Done() }

// Err: see [call.Deadline].
func (c *call) Err() error { return c.ctx.Err() }

// Value: see [call.Deadline].
func (c *call) Value(key any) any { return c.ctx.Value(key) }

// Unwrap is huma's own context.
func (c *call) Unwrap() huma.Context { return c.humaContext }

// Header is a header of the request, as far as huma is concerned: the body of a
// request that was admitted is JSON, whatever exactly its type says, and so is
// the answer.
func (c *call) Header(name string) string {
	switch {
	case name == "Content-Type" && c.json:
		return "application/json"
	case name == "Accept":
		return ""
	}
	return c.humaContext.Header(name)
}

// SetStatus sends the headers.
func (c *call) SetStatus(status int) {
	if c.status != 0 {
		status = c.status
	}
	c.humaContext.SetStatus(status)
}

// serve is the API's only middleware: it gives the request its id, admits it,
// lets it be handled, turns a panic into a problem, counts and logs.
func (a *API) serve(r *route, hc huma.Context, next func(huma.Context)) {
	c := &call{humaContext: hc, ctx: hc.Context(), api: a, route: r}
	c.r, c.w = humago.Unwrap(hc)
	start := time.Now()
	defer c.finish(start)
	c.id[0] = c.takeID()
	header := c.w.Header() // set without Set, which makes a slice each time
	header["X-Request-Id"] = c.id[:]
	header["X-Content-Type-Options"] = noSniff
	if err := c.admit(); err != nil {
		c.refuse(err)
		return
	}
	next(c)
}

// admit authenticates the request, and holds it against what its operation
// demands: a scope, a token that is bound to no workspace, a type of body.
func (c *call) admit() error {
	if c.route.public {
		return c.admitPublic()
	}
	c.w.Header()["Cache-Control"] = noStore
	who, err := c.api.authenticator.Authenticate(c, c.route.face.authorization(c.Header("Authorization")))
	if err != nil {
		return err
	}
	c.who = who
	allowance, err := c.api.rates.Admit(who.Identity, c.api.now())
	writeAllowance(c.w.Header(), allowance)
	if err != nil {
		return err
	}
	switch {
	case c.route.root && !who.IsRoot():
		return insufficientScope.problem("only the root token may do this")
	case !c.route.root && c.route.scope != anyScope && !who.Allows(c.route.scope):
		return insufficientScope.problem("the token needs the scope " + string(c.route.scope))
	case c.route.wide && !who.Workspace().IsZero():
		return insufficientScope.problem("the token is bound to a workspace, and this concerns the whole organization")
	case c.route.face.Bound && who.Workspace().IsZero():
		return insufficientScope.problem("a token is needed that is bound to the workspace that is meant")
	}
	if c.route.reads {
		if err := c.api.authenticator.MayRead(who); err != nil {
			return err
		}
	}
	if err := c.checkQuery(); err != nil {
		return err
	}
	return c.checkMediaType()
}

// admitPublic holds a request that needs no token against what its operation takes.
func (c *call) admitPublic() error {
	if c.Operation().RequestBody == nil {
		return nil
	}
	c.w.Header()["Cache-Control"] = noStore
	if err := c.checkQuery(); err != nil {
		return err
	}
	return c.checkMediaType()
}

// checkQuery refuses parameters that the operation does not know. Huma would too,
// but takes the query apart even where there is none.
func (c *call) checkQuery() error {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	var unknown []FieldProblem
	for name := range c.r.URL.Query() {
		if !slices.Contains(c.route.parameters, name) {
			unknown = append(unknown, FieldProblem{"query." + name, codeUnknownParameter, "the operation does not have this parameter"})
		}
	}
	if unknown == nil {
		return nil
	}
	slices.SortFunc(unknown, func(a, b FieldProblem) int { return strings.Compare(a.Pointer, b.Pointer) })
	return invalid(unknown...)
}

func (c *call) checkMediaType() error {
	body := c.Operation().RequestBody
	if body == nil {
		return nil
	}
	sent := c.r.Header.Get("Content-Type")
	c.json = true
	if sent == "" || body.Content[sent] != nil {
		return nil
	}
	if media, _, err := mime.ParseMediaType(sent); err == nil && takes(body, media) {
		return nil
	}
	c.json = false
	if body.Content["application/merge-patch+json"] != nil {
		return mediaType.problem("Content-Type: application/merge-patch+json or application/json is expected").
			with("Accept-Patch", "application/merge-patch+json, application/json")
	}
	return mediaType.problem("Content-Type: " + strings.Join(slices.Sorted(maps.Keys(body.Content)), " or ") + " is expected")
}

// takes reports whether the body can be of the type, by its name or by how it ends.
func takes(body *huma.RequestBody, media string) bool {
	if body.Content[media] != nil {
		return true
	}
	subtype, ok := strings.CutPrefix(media, "application/")
	return ok && strings.HasSuffix(subtype, "+json") && body.Content["application/*+json"] != nil
}

// takeID takes the client's id for the request, when it is one that can stand in
// a log line, and makes one otherwise.
func (c *call) takeID() string {
	id := c.Header("X-Request-Id")
	if id == "" || len(id) > 128 {
		return domain.CommandID(c.api.newID()).String()
	}
	for i := 0; i < len(id); i++ {
		if id[i] <= ' ' || id[i] > '~' || id[i] == '"' || id[i] == '\\' {
			return domain.CommandID(c.api.newID()).String()
		}
	}
	return id
}

// refuse answers with a problem.
func (c *call) refuse(err error) {
	p := problemOf(err)
	shown := c.show(p)
	b, err := encode(nil, shown.Body)
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

// problemOf is [problemOf], but for a client that has left: that is nobody's
// failure.
func (c *call) problemOf(err error) *Problem {
	p := problemOf(err)
	if p.Code == internalError.Code && c.ctx.Err() != nil {
		return clientGone.problem("the client did not wait for the answer")
	}
	return p
}

// show puts into a problem what it has of this request, and gives it the form of
// the face.
func (c *call) show(p *Problem) ErrorAnswer {
	p.Instance, p.RequestID = c.r.URL.EscapedPath(), c.id[0]
	c.problem = p
	return c.route.face.ErrorForm(p)
}

// finish is deferred around every request.
func (c *call) finish(start time.Time) {
	if cause := recover(); cause != nil {
		c.recovered(cause)
	}
	elapsed := time.Since(start)
	status := c.Status()
	if status == 0 {
		status = http.StatusOK
	}
	c.route.count(status, elapsed)
	c.log(status, elapsed)
}

var errPanicked = errors.New("a handler panicked")

func (c *call) recovered(cause any) {
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	c.api.logger.Error("a request panicked",
		slog.String("request_id", c.id[0]), slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if c.Status() != 0 {
		panic(http.ErrAbortHandler) // too late for a problem: end the connection, so that the client sees it
	}
	c.refuse(errPanicked)
}

func (c *call) log(status int, elapsed time.Duration) {
	level := slog.LevelDebug
	if status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !c.api.logger.Enabled(c.ctx, level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("request_id", c.id[0]), slog.String("method", c.Method()), slog.String("route", c.route.path),
		slog.Int("status", status), slog.Duration("elapsed", elapsed),
	}
	if c.who != nil {
		attributes = append(attributes, slog.String("actor", c.who.Actor.ID))
	}
	if p := c.problem; p != nil {
		attributes = append(attributes, slog.String("code", p.Code))
		if p.cause != nil && status >= http.StatusInternalServerError {
			attributes = append(attributes, slog.String("cause", p.cause.Error()))
		}
	}
	c.api.logger.LogAttrs(c.ctx, level, "request", attributes...)
}
