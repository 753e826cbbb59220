package events

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/events/store"
)

// metrics are what the log counts and times while it runs commands.
type metrics struct {
	commands  *prometheus.CounterVec
	decide    prometheus.Histogram
	append    prometheus.Histogram
	group     prometheus.Histogram
	conflicts prometheus.Counter
	unknown   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	fine := prometheus.ExponentialBuckets(1e-6, 4, 12) // 1 µs to 4 s
	m := &metrics{
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_commands_total",
			Help: "Commands by type and outcome: done, unchanged, replayed, tried, refused, unavailable or unknown.",
		}, []string{"command", "outcome"}),
		decide: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "muster_decide_seconds", Help: "Time to decide a command and encode its events, and to load what it must see where that was not loaded for many at once.", Buckets: fine,
		}),
		append: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "muster_append_seconds", Help: "Time to make one group of commands durable.", Buckets: fine,
		}),
		group: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "muster_append_commands", Help: "Commands that became durable together.", Buckets: prometheus.ExponentialBuckets(1, 2, 12),
		}),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_append_conflicts_total", Help: "Groups decided again because another process had written to the partition.",
		}),
		unknown: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_append_unanswered_total", Help: "Appends whose acknowledgement was lost, so that the log had to be looked at.",
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.commands, m.decide, m.append, m.group, m.conflicts, m.unknown} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("registering the log's metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) command(commandType string, dry bool, result Result, err error) {
	outcome := "done"
	switch {
	case errors.Is(err, ErrOutcomeUnknown):
		outcome = "unknown"
	case errors.Is(err, store.ErrUnavailable):
		outcome = "unavailable"
	case err != nil:
		outcome = "refused"
	case dry:
		outcome = "tried"
	case result.Replayed:
		outcome = "replayed"
	case len(result.Types) == 0:
		outcome = "unchanged"
	}
	m.commands.WithLabelValues(commandType, outcome).Inc()
}
