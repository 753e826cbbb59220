package projections

import (
	"testing"
	"testing/synctest"
	"time"
)

// The history is applied when the node is at rest, and at once if that takes too long, too much
// is lacking or somebody wants it.
func TestHistoryRests(t *testing.T) {
	for name, c := range map[string]struct {
		commits int           // one every 100 ms
		events  uint64        // of each commit
		wanted  time.Duration // when somebody wants to read what has come; 0 for never
		want    time.Duration // how long the history waits after the first commit
	}{
		"one commit":      {commits: 1, events: 1, want: historyRest},
		"many":            {commits: 11, events: 100, want: time.Second + historyRest},
		"without a pause": {commits: 1000, events: 1, want: historyLate},
		"heavy load":      {commits: 1000, events: historyBehind / 5, want: 400 * time.Millisecond},
		"a reader":        {commits: 1000, events: 1, wanted: 250 * time.Millisecond, want: 250 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &History{wanted: make(chan struct{}, 1), more: make(chan struct{}, 1)}
				idle := make(chan struct{})
				go func() {
					defer close(idle)
					time.Sleep(time.Minute) // nothing to apply, however long that is
					for range c.commits {
						h.add(c.events)
						time.Sleep(100 * time.Millisecond)
					}
				}()
				if c.wanted > 0 {
					time.AfterFunc(time.Minute+c.wanted, func() { signal(h.wanted) })
				}
				begun := time.Now()
				h.rest(t.Context())
				if took := time.Since(begun) - time.Minute; took != c.want {
					t.Errorf("it was applied after %s, not after %s", took, c.want)
				}
				<-idle
			})
		})
	}
}

// Between its transactions the history leaves the processors to commands, if there are any.
func TestHistoryPauses(t *testing.T) {
	const took = 50 * time.Millisecond // a transaction
	for name, c := range map[string]struct {
		commits int           // during the transaction
		events  uint64        // of each commit
		waiting int64         // how many wait already
		wanted  time.Duration // when somebody wants to read; 0 for never
		want    time.Duration
	}{
		"at rest":        {},
		"commands":       {commits: 2, events: 1, want: historyShare * took},
		"too far behind": {commits: 2, events: historyBehind},
		"nearly too far": {commits: 2, events: historyBehind - 1, want: historyShare * took},
		"readers":        {commits: 2, events: 1, waiting: 2},
		"a new reader":   {commits: 2, events: 1, wanted: took + time.Millisecond, want: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &History{wanted: make(chan struct{}, 1), more: make(chan struct{}, 1)}
				h.add(1) // before the transaction
				pause := h.pacer(t.Context())
				h.waiting.Store(c.waiting)
				if c.wanted > 0 {
					time.AfterFunc(c.wanted, func() { signal(h.wanted) })
				}
				time.Sleep(took)
				h.behind.Store(0)
				for range c.commits {
					h.add(c.events)
				}
				begun := time.Now()
				pause()
				if paused := time.Since(begun); paused != c.want {
					t.Errorf("it pauses for %s, not for %s", paused, c.want)
				}
			})
		})
	}
}
