package subscription

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
)

// metrics are what this node counts while it delivers.
type metrics struct {
	deliveries *prometheus.CounterVec
	exhausted  *prometheus.CounterVec
	inFlight   prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_webhook_deliveries_total",
			Help: "Attempts to deliver events to webhooks by outcome: delivered, failed, gone or refused.",
		}, []string{"outcome"}),
		exhausted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_webhook_exhausted_total",
			Help: "Subscriptions to be paused because their webhook has failed for too long or is gone, by reason: failing or gone.",
		}, []string{"reason"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "muster_webhook_deliveries_in_flight", Help: "Attempts to deliver events to webhooks that are under way.",
		}),
	}
	for _, outcome := range []OutcomeKind{Delivered, Failed, Gone, Refused} {
		m.deliveries.WithLabelValues(string(outcome))
	}
	for _, reason := range []domain.PauseCause{domain.PauseFailing, domain.PauseGone} {
		m.exhausted.WithLabelValues(string(reason))
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.deliveries, m.exhausted, m.inFlight} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("registering the metrics of subscriptions: %w", err)
		}
	}
	return m, nil
}
