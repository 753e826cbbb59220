package proof

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics tell how far the checkpoints are. They are looked up when they are collected.
type metrics struct {
	partitions                                  []*partition
	configured                                  int
	hashed, signed, failing, cosigned, possible *prometheus.Desc
}

func newMetrics(all []*partition, witnesses int) *metrics {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"partition"}, nil)
	}
	return &metrics{
		partitions: all, configured: witnesses,
		hashed:   describe("muster_tree_events", "Events that the Merkle tree of the partition has."),
		signed:   describe("muster_checkpoint_events", "Events that the last checkpoint of the partition covers."),
		failing:  describe("muster_checkpoint_failing", "1 if no checkpoint of the partition can be signed, because the log is not the one that was signed or because something fails, otherwise 0."),
		cosigned: describe("muster_checkpoint_cosignatures", "Witnesses that have signed the last checkpoint of the partition."),
		possible: prometheus.NewDesc("muster_witnesses", "Witnesses that are asked to sign checkpoints.", nil, nil),
	}
}

// Describe names the metrics.
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.hashed, m.signed, m.failing, m.cosigned, m.possible} {
		out <- d
	}
}

// Collect looks the metrics up.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	out <- prometheus.MustNewConstMetric(m.possible, prometheus.GaugeValue, float64(m.configured))
	for _, p := range m.partitions {
		say := func(what *prometheus.Desc, value float64) {
			out <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, value, strconv.Itoa(p.number))
		}
		now := p.published()
		failing := 0.0
		if now.Trouble != nil {
			failing = 1
		}
		say(m.hashed, float64(p.tree.Size()))
		say(m.signed, float64(now.N))
		say(m.failing, failing)
		say(m.cosigned, float64(len(now.Witnesses)))
	}
}
