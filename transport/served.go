package transport

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/transport/openapi"
)

// face is a [Face] that is served.
type face struct {
	Face
	engine   *engine
	huma     huma.API
	document *openapi.Document
}

// newFace serves a face.
func (e *engine) newFace(declared Face) (*face, error) {
	declared.Operations = slices.Clone(declared.Operations) // the caller may serve the face again
	f := &face{Face: declared, engine: e, document: declared.newDocument()}
	f.huma = huma.NewAPI(huma.Config{OpenAPI: f.document.Spec()}, describing{})
	for i := range f.Operations {
		op := &f.Operations[i]
		err := op.check()
		if err == nil {
			op.Method = cmp.Or(op.Method, op.Do.method)
			err = op.Do.register(f, op)
		}
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", op.ID, err)
		}
	}
	for _, page := range f.Pages {
		f.show(page)
		f.refuseOthers(page.Path, []string{http.MethodGet})
	}
	if err := f.document.Finish(); err != nil {
		return nil, fmt.Errorf("the document of face %q: %w", f.Name, err)
	}
	f.refuseTheRest()
	return f, nil
}

// route returns the route of an operation, still without its parameters.
func (f *face) route(op *Operation) *route { return newRoute(&f.Face, f.engine.metrics, op) }

// show serves a page through the same middleware as operations.
func (f *face) show(p Page) {
	route := f.route(&Operation{Method: http.MethodGet, Path: p.Path, Reach: ReachPublic})
	if p.Content != nil {
		modified := time.Now()
		f.engine.handle("GET "+p.Path, route, func(c *Call) {
			content, err := p.Content(c.r)
			if err != nil {
				c.refuse(err)
				return
			}
			c.serveContent(content, modified)
		})
		return
	}
	f.engine.handle("GET "+p.Path, route, func(c *Call) { p.Handler.ServeHTTP(pageWriter{c}, c.r) })
}

// showReference serves a page of the reference. If its content cannot be rendered, the
// request is refused.
func (f *face) showReference(p openapi.Page) {
	route := f.route(&Operation{Method: http.MethodGet, Path: p.Path, Reach: ReachPublic})
	f.engine.handle("GET "+p.Path, route, func(c *Call) {
		content, err := p.Content()
		if err != nil {
			c.refuse(fmt.Errorf("rendering %s: %w", p.Path, err))
			return
		}
		c.serveContent(Content{p.MediaType, content}, p.Modified)
	})
}

// serveContent sends a file, or the part of it that the request asks for.
func (c *Call) serveContent(content Content, modified time.Time) {
	w := pageWriter{c}
	w.Header().Set("Content-Type", content.MediaType)
	w.Header().Set("Content-Security-Policy", openapi.PagePolicy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.ServeContent(w, c.r, "", modified, bytes.NewReader(content.Text))
}

// pageWriter writes a page's answer through the call, so that the call knows its status.
type pageWriter struct{ *Call }

func (w pageWriter) Header() http.Header         { return w.w.Header() }
func (w pageWriter) WriteHeader(status int)      { w.SetStatus(status) }
func (w pageWriter) Write(b []byte) (int, error) { return w.w.Write(b) }

// refuseTheRest refuses requests for paths that do not exist and for methods that a path
// does not take.
func (f *face) refuseTheRest() {
	methods := make(map[string][]string)
	for _, op := range f.Operations {
		methods[op.Path] = append(methods[op.Path], op.Method)
	}
	for path, allowed := range methods {
		if !coveredByAnother(path, methods) {
			f.refuseOthers(path, allowed)
		}
	}
	f.refuseBelow()
}

// refuseBelow refuses requests that find nothing below the paths that the face owns.
func (f *face) refuseBelow() {
	for _, path := range f.Owns {
		for _, pattern := range slices.Compact([]string{path, strings.TrimSuffix(path, "/") + "/"}) {
			nowhere := f.route(&Operation{Method: "any", Path: "none", Reach: ReachPublic})
			f.engine.handle(pattern, nowhere, func(c *Call) { c.refuse(NotFound()) })
		}
	}
}

// refuseOthers refuses the methods that the path does not take.
func (f *face) refuseOthers(path string, allowed []string) {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	allow := strings.Join(allowed, ", ")
	other := f.route(&Operation{Method: "other", Path: path, Reach: ReachPublic})
	f.engine.handle(path, other, func(c *Call) {
		c.refuse(methodNotAllowed.Problem("the path takes "+allow).with("Allow", allow))
	})
}

// coveredByAnother reports whether the pattern of another path matches this path too, as
// members/{user} matches members/batch. Requests with other methods then belong to that
// pattern.
func coveredByAnother(path string, all map[string][]string) bool {
	segments := strings.Split(path, "/")
	for other := range all {
		if others := strings.Split(other, "/"); other != path && slices.EqualFunc(segments, others, func(a, b string) bool {
			return a == b || strings.HasPrefix(b, "{")
		}) {
			return true
		}
	}
	return false
}
