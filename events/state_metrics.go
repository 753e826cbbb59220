package events

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// stateMetrics tell where the log, what follows it, and the feed stand. They are
// looked up when somebody asks for them.
type stateMetrics struct {
	log                          *Log
	bytes, messages, lag, behind *prometheus.Desc
}

func newStateMetrics(l *Log) *stateMetrics {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"partition"}, nil)
	}
	return &stateMetrics{
		log:      l,
		bytes:    describe("muster_log_bytes", "Bytes that the log takes in JetStream."),
		messages: describe("muster_log_messages", "Messages of the log, each one flush."),
		lag:      describe("muster_projection_lag_events", "Events of the log that this node's read models have not applied yet."),
		behind:   describe("muster_feed_lag_events", "Events of the log that are not known to be in the feed yet."),
	}
}

// Describe names the metrics.
func (m *stateMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.bytes
	out <- m.messages
	out <- m.lag
	out <- m.behind
}

// Collect looks the metrics up. A partition that JetStream says nothing of has
// none: no figure is better than a wrong one.
func (m *stateMetrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(m.log.closing, callTimeout)
	defer cancel()
	for _, p := range m.log.partitions {
		// In this order, so that what is written meanwhile makes no lag below 0.
		p.tail.mu.RLock()
		applied, fed := p.tail.last, p.tail.feed
		p.tail.mu.RUnlock()
		info, err := p.stream.Info(ctx)
		var tip Checkpoint
		if err == nil {
			tip, err = m.log.tip(ctx, p.number)
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.log.logger.Warn("the state of a partition cannot be measured", slog.Int("partition", p.number), slog.Any("error", err))
			}
			continue
		}
		say := func(what *prometheus.Desc, value uint64) {
			out <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, float64(value), strconv.Itoa(p.number))
		}
		say(m.bytes, info.State.Bytes)
		say(m.messages, info.State.Msgs)
		say(m.lag, tip.Number-min(applied, tip.Number))
		say(m.behind, tip.Number-min(fed, tip.Number))
	}
}
