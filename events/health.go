package events

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/muster-dev/muster/events/store"
)

// health is what keeps a partition from taking commands. Whatever finds a reason sets it,
// and clears it once it has passed. It is safe for concurrent use.
type health struct {
	damaged   atomic.Pointer[failure]   // the log is damaged; never cleared
	following atomic.Pointer[failure]   // the read models cannot follow the log
	appending atomic.Pointer[failure]   // an append has failed, and neither an append nor a probe has succeeded since
	flying    atomic.Bool               // a group is on its way into the log
	proved    atomic.Pointer[time.Time] // when an append or a probe last began that succeeded

	// They return why commands are refused for other reasons, and never change.
	storing func() error // the disk takes nothing at the moment
	keeping func() error // what only the feed holds cannot be kept
	reading func() error // the log cannot be read at the moment
}

// failure is an error that [Log.Ready] reports, and when it happened.
type failure struct {
	err error
	at  time.Time
}

// refusal returns why commands are refused without being tried, or nil if they are not.
// It is around [store.ErrUnavailable].
func (h *health) refusal() error {
	for _, reason := range []*failure{h.damaged.Load(), h.following.Load(), h.appending.Load()} {
		if reason != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, reason.err)
		}
	}
	for _, other := range []func() error{h.storing, h.keeping, h.reading} {
		if err := other(); err != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
	return nil
}

// failed notes that an append has failed. If the one before had not, it logs that and
// returns the failure, otherwise nil.
func (h *health) failed(p *process, partition int, err error) *failure {
	f := &failure{err, p.now()}
	if !h.appending.CompareAndSwap(nil, f) {
		return nil
	}
	p.logger.Error("appending to the log failed", slog.Int("partition", partition), slog.Any("error", err))
	return f
}

// recovered notes that the partition can be written to.
func (h *health) recovered(p *process, partition int) {
	now := time.Now()
	h.proved.Store(&now)
	if f := h.appending.Swap(nil); f != nil {
		p.logger.Info("the log can be written to again", slog.Int("partition", partition), slog.Duration("after", p.now().Sub(f.at)))
	}
}
