package personal

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the keys count and time.
type metrics struct {
	waits     prometheus.Counter
	made      prometheus.Counter
	destroyed prometheus.Counter
	making    prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, k *Keys) (*metrics, error) {
	m := &metrics{
		waits: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_personal_key_waits_total", Help: "Times that somebody had to wait for a key of personal data to be made.",
		}),
		made: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_personal_keys_made_total", Help: "Keys of personal data that were made ahead.",
		}),
		destroyed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_personal_keys_destroyed_total", Help: "Keys of personal data that this process destroyed.",
		}),
		making: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "muster_personal_keys_making_seconds", Help: "Time to make a pool of keys durable.",
			Buckets: prometheus.ExponentialBuckets(1e-3, 4, 8), // 1 ms to 16 s
		}),
	}
	if r == nil {
		return m, nil
	}
	ready := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "muster_personal_keys_ready", Help: "Keys of personal data that can be taken without waiting.",
	}, func() float64 { return float64(k.ready()) })
	for _, c := range []prometheus.Collector{m.waits, m.made, m.destroyed, m.making, ready} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("registering the metrics of keys: %w", err)
		}
	}
	return m, nil
}
