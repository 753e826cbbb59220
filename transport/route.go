package transport

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
)

// route is what is known of an operation before a request comes: what it demands
// of a token, and where it is counted.
type route struct {
	face         *face
	method, path string
	public       bool
	root         bool         // only the root token
	scope        domain.Scope // anyScope for any
	reads        bool         // changes nothing, whatever the method
	wide         bool         // concerns the whole organization: nothing for a token bound to a workspace
	parameters   []string     // of the query

	metrics  *metrics
	duration prometheus.Observer
	counters [600]atomic.Pointer[prometheus.Counter] // by status, found on first use
}

// newRoute reads what the operation declares.
func (f *face) newRoute(op huma.Operation) *route {
	metrics := f.api.metrics
	r := &route{face: f, method: op.Method, path: op.Path, metrics: metrics, duration: metrics.duration.WithLabelValues(op.Path, op.Method)}
	if len(op.Security) == 0 {
		r.public = true
		return r
	}
	r.scope = domain.Scope(op.Security[0][securityScheme][0])
	r.root = r.scope == rootScope
	r.reads = strings.HasSuffix(string(r.scope), ":read")
	r.wide = strings.HasPrefix(op.Path, "/v1/organizations")
	return r
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

// metrics count HTTP requests by route, which are as many as the API has.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	streams  prometheus.Gauge
	slow     prometheus.Counter
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_http_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_http_request_duration_seconds", Help: "Time from a request's headers to the end of its answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "muster_http_event_streams", Help: "Event streams (SSE) that are open.",
		}),
		slow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_http_event_streams_slow_total", Help: "Event streams ended because their reader was too slow.",
		}),
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.streams, m.slow} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("registering the API's metrics: %w", err)
		}
	}
	return m, nil
}
