package subscription

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what this node counts while it delivers.
type metrics struct {
	deliveries *prometheus.CounterVec
	inFlight   prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_webhook_deliveries_total",
			Help: "Attempts to deliver events to webhooks by outcome: delivered, failed, gone or refused.",
		}, []string{"outcome"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "muster_webhook_deliveries_in_flight", Help: "Attempts to deliver events to webhooks that are under way.",
		}),
	}
	for _, outcome := range []OutcomeKind{Delivered, Failed, Gone, Refused} {
		m.deliveries.WithLabelValues(string(outcome))
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.deliveries, m.inFlight} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("registering the metrics of subscriptions: %w", err)
		}
	}
	return m, nil
}
