package events

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/muster-dev/muster/events/store"
)

// health is what keeps a partition from taking commands. Whatever finds a reason sets it,
// and clears it once it has passed. It is safe for concurrent use.
type health struct {
	damaged   atomic.Pointer[failure] // the log is damaged; never cleared
	following atomic.Pointer[failure] // the read models cannot follow the log
	appending atomic.Pointer[failure] // the last append has failed
	storing   func() error            // why nothing can be stored at the moment; never changes
}

// failure is an error that [Log.Ready] reports, and when it happened.
type failure struct {
	err error
	at  time.Time
}

// refusal returns why commands are refused without being tried, or nil if they are not.
// It is around [store.ErrUnavailable].
func (h *health) refusal() error {
	for _, reason := range []*failure{h.damaged.Load(), h.following.Load()} {
		if reason != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, reason.err)
		}
	}
	if err := h.storing(); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return nil
}
