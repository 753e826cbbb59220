package subscription

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/feed"
)

// receiver is an endpoint: it notes what it gets, and responds as it is told.
type receiver struct {
	outcome func(ctx context.Context, events []feed.Event, attempt int) Outcome // nil: all is well

	mu       sync.Mutex
	got      []uint64 // the first event of each request
	upto     []uint64 // and the last one
	attempts []int
	accepted []uint64 // all events of the requests that went well
	busy     int
	overlap  bool // two requests at once
	changed  chan struct{}
}

func newReceiver() *receiver { return &receiver{changed: make(chan struct{})} }

func (r *receiver) deliver(ctx context.Context, events []feed.Event, attempt int) Outcome {
	r.mu.Lock()
	r.busy++
	r.overlap = r.overlap || r.busy > 1
	r.mu.Unlock()
	o := Outcome{Kind: Delivered, Status: 200}
	if r.outcome != nil {
		o = r.outcome(ctx, events, attempt)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
	r.got, r.upto, r.attempts = append(r.got, events[0].Number), append(r.upto, events[len(events)-1].Number), append(r.attempts, attempt)
	if o.Kind == Delivered {
		for _, e := range events {
			r.accepted = append(r.accepted, e.Number)
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
	return o
}

// until waits until the receiver's requests are as wanted. The receiver is locked when that is
// judged.
func (r *receiver) until(t testing.TB, what string, holds func(got []uint64) bool) []uint64 {
	t.Helper()
	timeout := time.NewTimer(40 * time.Second)
	defer timeout.Stop()
	for {
		r.mu.Lock()
		got, changed, overlap := slices.Clone(r.got), r.changed, r.overlap
		enough := holds(got)
		r.mu.Unlock()
		if overlap {
			t.Fatal("the receiver was sent two requests at once")
		}
		if enough {
			return got
		}
		select {
		case <-changed:
		case <-timeout.C:
			t.Fatalf("never: %s; it got %v", what, got)
		}
	}
}

// expect waits until the receiver has got these events, in this order.
func (r *receiver) expect(t testing.TB, want ...uint64) {
	t.Helper()
	got := r.until(t, "all events", func(got []uint64) bool { return len(got) >= len(want) })
	if !slices.Equal(got, want) {
		t.Fatalf("the receiver got %v, not %v", got, want)
	}
}

// forget forgets what the receiver has got.
func (r *receiver) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got, r.upto, r.attempts = nil, nil, nil
}
