package subscription

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// Nodes come and go at any moment, some of them without a word, and the receiver does what it
// likes. Every event arrives at least once, no event before the one before it has arrived, and
// never two at once.
func TestNodesComeAndGo(t *testing.T) {
	url := natstest.Outside(t)
	o := quick()
	o.AckWait = 400 * time.Millisecond
	writer := start(t, store.Options{Dir: t.TempDir(), URL: url}, o)
	const events = 150
	writer.write(t, events)
	to := newReceiver()
	to.outcome = func(ctx context.Context, _ []feed.Event, _ int) Outcome {
		switch rand.IntN(8) {
		case 0:
			return Outcome{Kind: Failed, Status: 503}
		case 1:
			return Outcome{Kind: Failed}
		case 2:
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
			}
			return Outcome{Kind: Failed}
		}
		return Outcome{Kind: Delivered}
	}
	arrived := func(got []uint64) bool { return len(got) > 0 && got[len(got)-1] == events }
	for round := range 12 {
		n := start(t, store.Options{Dir: t.TempDir(), URL: url}, o)
		first, second := n.deliver(t, all(1), to), n.deliver(t, all(1), to)
		timer := time.NewTimer(time.Duration(rand.IntN(300)) * time.Millisecond)
		<-timer.C
		if round%3 == 0 {
			n.store.Conn.Close() // as if it had been killed
		}
		_, _ = first.stop(), second.stop()
		_ = n.end()
	}
	writer.deliver(t, all(1), to)
	got := to.until(t, "the last one", arrived)
	until(t, "all is acknowledged", func() bool { return writer.at(t, all(1)) == Place{Position: events} })
	var reached uint64
	for _, number := range got {
		if number > reached+1 {
			t.Fatalf("event %d came after event %d: %v", number, reached, got)
		}
		reached = max(reached, number)
	}
	t.Logf("%d attempts for %d events", len(got), events)
}
