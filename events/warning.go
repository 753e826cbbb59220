package events

import (
	"log/slog"
	"time"
)

// What [Log.Warnings] can return.
const (
	// WarnClockJumped: the clock has jumped, and events do not follow it until that has lasted
	// for some minutes.
	WarnClockJumped = "clock_jumped"
	// WarnLogAhead: the last event of a partition is more than a minute ahead of the clock, and
	// new events have its time until then.
	WarnLogAhead = "log_ahead_of_clock"
)

// Warnings returns what is wrong with the clock. Commands are taken all the same, but their
// events have another time than the clock shows. It is empty if nothing is wrong.
func (l *Log) Warnings() []string {
	var warnings []string
	if l.clock.doubt() != 0 {
		warnings = append(warnings, WarnClockJumped)
	}
	now := l.clock.now()
	for _, p := range l.partitions {
		if last := p.writer.future.Load(); last != nil && last.Sub(now) > jump {
			return append(warnings, WarnLogAhead)
		}
	}
	return warnings
}

// watch notes whether the log's last event is ahead of the clock, and logs it when that
// begins.
func (w *writer) watch(now time.Time) {
	last := w.held.tip.Time
	if last.Sub(now) <= jump {
		w.future.Store(nil)
		return
	}
	if w.future.Swap(&last) == nil {
		w.logger.Warn("the log's last event is ahead of the clock; new events have its time until then",
			slog.Int("partition", w.held.log.Number), slog.String("ahead", last.Sub(now).String()))
	}
}
