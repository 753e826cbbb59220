package subscription

import (
	"context"
	"testing"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// On a cluster everything goes on while one of three servers is down.
func TestCluster(t *testing.T) {
	servers := natstest.Cluster(t)
	urls := ""
	for _, s := range servers {
		urls += "," + s.ClientURL()
	}
	n := start(t, store.Options{Dir: t.TempDir(), URL: urls[1:]}, quick())
	n.write(t, 5)
	to := newReceiver()
	to.outcome = func(_ context.Context, events []feed.Event, attempt int) Outcome {
		if events[0].Number%3 == 0 && attempt == 1 {
			return Outcome{Kind: Failed, Status: 503}
		}
		return Outcome{Kind: Delivered, Status: 200}
	}
	n.deliver(t, all(1), to)
	to.expect(t, 1, 2, 3, 3, 4, 5)
	if _, err := n.Key(t.Context()); err != nil {
		t.Error(err)
	}
	stream, err := n.js.Stream(t.Context(), cursorsConfig.Name)
	must(t, err)
	if info := stream.CachedInfo(); info.Config.Replicas != 3 {
		t.Errorf("cursors have %d replicas", info.Config.Replicas)
	}
	for _, s := range servers { // the one that leads the consumer
		if c, err := n.consumer(t.Context(), all(1)); err != nil || c.CachedInfo().Cluster.Leader != s.Name() {
			continue
		}
		s.Shutdown()
		s.WaitForShutdown()
		break
	}
	to.forget()
	for range 4 {
		until(t, "an event is written", func() bool { _, err := n.tryAppend(); return err == nil })
	}
	to.until(t, "all of them", func(got []uint64) bool { return len(got) > 0 && got[len(got)-1] == 9 })
}
