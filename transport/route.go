package transport

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
)

// route is what is known of an operation before a request comes: what it requires of a
// request, and where it is counted.
type route struct {
	face         *Face
	method, path string
	reach        Reach
	scope        domain.Scope
	reads        bool            // changes nothing, even if the method is POST
	ticket       bool            // a ticket can take the place of the token
	operation    *huma.Operation // what the document says; nil for what is not an operation
	parameters   []parameter
	answers      answerForm
	unexpected   []string // the bounding headers that the operation does not take

	metrics  *metrics
	duration prometheus.Observer
	counters [600]atomic.Pointer[prometheus.Counter] // by status; set on first use
}

// newRoute returns the route of an operation, still without its parameters.
func newRoute(f *Face, m *metrics, op *Operation) *route {
	return &route{
		face: f, method: op.Method, path: op.Path, reach: op.Reach, scope: op.Scope, reads: op.Do.reads, ticket: op.Ticket,
		metrics: m, duration: m.duration.WithLabelValues(op.Path, op.Method),
	}
}

// boundingHeaders bound what a write does, or on whose behalf.
var boundingHeaders = [...]string{"Muster-On-Behalf-Of", "If-Match", "If-None-Match", "Idempotency-Key", "Muster-Reason"}

// describe adds what the document and the types of input and output say.
func (r *route) describe(op *huma.Operation, input, output reflect.Type) (err error) {
	r.operation = op
	for _, p := range op.Parameters {
		read, err := newParameter(p, input)
		if err != nil {
			return err
		}
		r.parameters = append(r.parameters, read)
	}
	for _, name := range boundingHeaders {
		if !r.takes(name) && (!r.reads || name == "Muster-On-Behalf-Of") {
			r.unexpected = append(r.unexpected, name)
		}
	}
	r.answers, err = newAnswerForm(output, op.DefaultStatus)
	return err
}

// takesBody reports whether the operation takes a body.
func (r *route) takesBody() bool { return r.operation != nil && r.operation.RequestBody != nil }

// takes reports whether the operation has a parameter with that name.
func (r *route) takes(name string) bool {
	return slices.ContainsFunc(r.parameters, func(p parameter) bool { return p.name == name })
}

func (r *route) count(status int, elapsed time.Duration) {
	r.duration.Observe(elapsed.Seconds())
	if status < 0 || status >= len(r.counters) {
		status = http.StatusInternalServerError
	}
	counter := r.counters[status].Load()
	if counter == nil {
		found := r.metrics.requests.WithLabelValues(r.path, r.method, strconv.Itoa(status))
		counter = &found
		r.counters[status].Store(counter)
	}
	(*counter).Inc()
}
