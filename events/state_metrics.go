package events

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// stateMetrics tell how far the log, what follows it, and the feed are. They are
// looked up when they are collected.
type stateMetrics struct {
	process                               *process
	partitions                            []*partition
	bytes, messages, lag, behind, stopped *prometheus.Desc
}

func newStateMetrics(own *process, all []*partition) *stateMetrics {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"partition"}, nil)
	}
	return &stateMetrics{
		process:    own,
		partitions: all,
		bytes:      describe("muster_log_bytes", "Bytes that the log takes in JetStream."),
		messages:   describe("muster_log_messages", "Messages of the log, each one flush."),
		lag:        describe("muster_projection_lag_events", "Events of the log that this node's read models do not show yet."),
		behind:     describe("muster_feed_lag_events", "Events of the log that are not known to be in the feed yet."),
		stopped:    describe("muster_partition_stopped", "1 if the partition cannot be followed any more, so that it takes no commands, otherwise 0."),
	}
}

// Describe names the metrics.
func (m *stateMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.bytes
	out <- m.messages
	out <- m.lag
	out <- m.behind
	out <- m.stopped
}

// Collect looks the metrics up. If JetStream does not answer for a partition the
// partition has none, because no figure is better than a wrong one.
func (m *stateMetrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(m.process.closing, store.CallTimeout)
	defer cancel()
	for _, p := range m.partitions {
		say := func(what *prometheus.Desc, value uint64) {
			out <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, float64(value), strconv.Itoa(p.Number))
		}
		stopped := uint64(0)
		if p.stall.permanent() != nil {
			stopped = 1
		}
		say(m.stopped, stopped)
		// The tip is read last, so that what is written meanwhile makes no lag below 0.
		shown, fed := p.committed.Load(), p.feed.Fed()
		bytes, messages, err := p.Size(ctx)
		var tip wire.Checkpoint
		if err == nil {
			tip, err = p.Tip(ctx)
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.process.logger.Warn("the state of a partition cannot be measured", slog.Int("partition", p.Number), slog.Any("error", err))
			}
			continue
		}
		say(m.bytes, bytes)
		say(m.messages, messages)
		say(m.lag, tip.Number-min(shown, tip.Number))
		say(m.behind, tip.Number-min(fed, tip.Number))
	}
}
