package feed

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// A leader that has lost touch with the other replicas may have been deposed. It is not
// believed that the feed has no such message, or how long the feed is.
func TestALeaderThatIsAloneIsNotBelieved(t *testing.T) {
	servers := natstest.Cluster(t)
	n := start(t, store.Options{Dir: t.TempDir(), URL: servers[0].ClientURL() + "," + servers[1].ClientURL() + "," + servers[2].ClientURL()})
	n.write(t, 5)
	n.seen(t)
	stream, err := n.store.Feed(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	leader := stream.CachedInfo().Cluster.Leader
	for _, s := range servers {
		if s.Name() != leader {
			s.Shutdown()
		}
	}
	for begun := time.Now(); time.Since(begun) < 8*time.Second; time.Sleep(50 * time.Millisecond) {
		_, missing := n.store.FeedMessage(t.Context(), 0, 6)
		_, unknown := n.store.NextFeedMessage(t.Context(), 0, everything, 6)
		_, opened := n.store.Feed(t.Context(), 0)
		if time.Since(begun) < 4*time.Second { // they may have been heard of just now
			continue
		}
		for _, err := range []error{missing, unknown, opened} {
			if err == nil || errors.Is(err, store.ErrNoMessage) || errors.Is(err, jetstream.ErrStreamNotFound) {
				t.Fatalf("the leader is believed after %s: %v", time.Since(begun), err)
			}
		}
	}
}

// If the log has grown past what the feed was compared with, the feed is not replaced.
func TestAFeedIsComparedWithTheLogAsItIsNow(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()})
	n.write(t, 5)
	n.seen(t)
	info := n.info(t)
	for upto, fine := range map[uint64]bool{4: false, 5: true} {
		if err := n.current(t.Context(), info, survey{upto: upto}); (err == nil) != fine {
			t.Errorf("compared up to event %d of 5: %v", upto, err)
		}
	}
}
