package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// pageAddress is where the service is on all pages. The tests serve it elsewhere.
const pageAddress = "127.0.0.1:8080"

// typist is somebody who types the examples of a page: the service in a first terminal,
// and everything else in a second one.
type typist struct {
	t       *testing.T
	dir     string
	service *process
	shell   *session
}

func newTypist(t *testing.T, dir string) *typist {
	t.Helper()
	return &typist{t: t, dir: dir}
}

// programs are the ways in which pages start Muster.
var programs = []string{"go run ./cmd/muster ", "muster "}

// serve starts the service, as muster serve with the arguments.
func (r *typist) serve(args ...string) {
	r.t.Helper()
	if r.service != nil && r.service.cmd != nil {
		r.service.stop()
	}
	before := r.service
	r.service = newProcess(r.t, filepath.Join(r.dir, "muster-data"), args...)
	r.service.env = []string{"MUSTER_ROOT_TOKEN="} // so that it makes one
	if before != nil {
		r.service.addr = before.addr
	}
	r.start()
}

func (r *typist) start() {
	r.t.Helper()
	r.service.start()
	r.service.ready()
	if r.shell == nil {
		r.shell = newSession(r.t, r.dir, "MUSTER_URL=http://"+r.service.addr, "MUSTER_ROOT_TOKEN=", "LC_ALL=C.UTF-8")
		r.shell.run(`go() { shift 2; muster "$@"; }`) // go run ./cmd/muster
	}
}

func (r *typist) stop() {
	r.t.Helper()
	r.service.stop()
}

// setUp types the variables and functions of the tour.
func (r *typist) setUp(tour page) {
	r.t.Helper()
	for _, s := range tour.steps {
		if s.language == "sh" && strings.Contains(s.text, "URL=") {
			r.take(tour, s)
			return
		}
	}
	r.t.Fatal("the tour does not say what URL is")
}

// follow takes all steps of a page.
func (r *typist) follow(p page) {
	r.t.Helper()
	for _, s := range p.steps {
		r.take(p, s)
	}
}

// take takes one step.
func (r *typist) take(p page, s step) {
	r.t.Helper()
	where := p.at(s)
	name, special := strings.CutPrefix(s.note, typedBy)
	shape, shaped := strings.CutPrefix(s.note, shapeOf)
	switch {
	case strings.HasPrefix(s.note, notTyped):
	case s.note == noteStop:
		r.stop()
	case s.note == noteStart:
		r.start()
	case special:
		types, ok := specials[name]
		if !ok {
			r.t.Fatalf("%s: nothing is called %q", where, name)
		}
		types(r.t, *r, r.here(s.text))
	case shaped && s.language == "json":
		checkShape(r.t, where, shape, s.text)
	case s.note != "":
		r.t.Fatalf("%s: what does the comment %q mean?", where, s.note)
	case s.language == "sh":
		r.script(where, s)
	case s.language == "console":
		for _, c := range s.console(r.t) {
			c.command, c.shown = r.here(c.command), r.here(c.shown)
			r.shell.enter(where, c)
		}
	case s.language == "js":
		r.shell.enter(where, typed{command: "node --input-type=module <<'END_OF_EXAMPLE'\n" + r.here(s.text) + "END_OF_EXAMPLE\n"})
	}
}

// script types a block without output. One that starts the service goes into the first
// terminal.
func (r *typist) script(where string, s step) {
	r.t.Helper()
	for _, program := range programs {
		if line, ok := strings.CutPrefix(s.text, program+"serve"); ok {
			r.serve(strings.Fields(line)...)
			return
		}
	}
	r.shell.enter(where, typed{command: r.here(s.text)})
}

// here returns the text with the address where the service really is.
func (r *typist) here(text string) string {
	return strings.ReplaceAll(text, pageAddress, r.service.addr)
}
