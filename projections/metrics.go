package projections

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	events   prometheus.Counter
	size     prometheus.Histogram
	duration prometheus.Histogram
}

func newMetrics() *metrics {
	return &metrics{
		events: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_projection_events_applied_total",
			Help: "Events that have been applied to the read models.",
		}),
		size: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "muster_projection_apply_events",
			Help:    "Events that were applied in one transaction.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 9), // 1 to 65,536
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "muster_projection_apply_seconds",
			Help:    "Duration of the transactions that apply events.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9), // 0.1 ms to 6.5 s
		}),
	}
}

// register registers the metrics, if there is a registerer.
func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	return errors.Join(r.Register(m.events), r.Register(m.size), r.Register(m.duration))
}
