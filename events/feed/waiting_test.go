package feed

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// A wait ends with its context, also if what it waits for has come: else a caller that
// waits in a loop would not notice that it should end.
func TestAWaitEndsWithItsContext(t *testing.T) {
	n := open(t, store.Options{Dir: t.TempDir()})
	n.view.adopt(testTime, 0, true)
	n.Apply(events(1, 3))
	n.view.reached(3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.WaitFor(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Readers of a node whose read models are behind the feed, and of one whose feed is behind
// its read models, sleep. They do not ask again and again.
func TestReadersOfANodeThatIsBehindSleep(t *testing.T) {
	url := natstest.Outside(t)
	writer, behind := start(t, store.Options{Dir: t.TempDir(), URL: url}), start(t, store.Options{Dir: t.TempDir(), URL: url})
	behind.apply(writer.write(t, 10))
	behind.seen(t)
	for range 10 {
		writer.write(t, 10) // and the other node applies nothing of it
	}
	writer.seen(t)
	eventually(t, "the node hears that the feed is ahead", func() bool { fed := behind.Fed(); return fed >= 10 })

	unpublished := open(t, store.Options{Dir: t.TempDir()})
	unpublished.view.adopt(testTime, 0, true)
	unpublished.write(t, 10)

	for name, n := range map[string]*node{"the read models are behind": behind, "the feed is behind": unpublished} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		wake, stop := n.Watch(testOrg)
		rounds := 0
		for after := n.Visible(); ctx.Err() == nil; rounds++ {
			_, next, err := n.Events(ctx, Filter{Organization: testOrg}, after, 100)
			if err != nil {
				break
			}
			if after < next {
				after = next
				continue
			}
			select {
			case <-wake:
			case <-ctx.Done():
			}
		}
		stop()
		cancel()
		if rounds > 2 { // at the beginning, and perhaps once when the context has ended
			t.Errorf("%s: a reader asked %d times", name, rounds)
		}
	}
}
