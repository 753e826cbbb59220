package subscription

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// client is a client of NATS that knows nothing of Muster but the names.
type client struct {
	t  testing.TB
	js jetstream.JetStream
}

func connect(t testing.TB, url string) client {
	t.Helper()
	nc, err := nats.Connect(url)
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	return client{t, js}
}

// fetch fetches and acknowledges what there is, and returns the numbers.
func (c client) fetch(spec Spec, most int) (got []uint64) {
	c.t.Helper()
	consumer, err := c.js.Consumer(c.t.Context(), store.FeedStream(spec.Partition), ConsumerName(spec.ID))
	must(c.t, err)
	batch, err := consumer.Fetch(most, jetstream.FetchMaxWait(time.Second))
	must(c.t, err)
	for m := range batch.Messages() {
		meta, err := m.Metadata()
		must(c.t, err)
		got = append(got, meta.Sequence.Stream)
		must(c.t, m.DoubleAck(c.t.Context()))
	}
	must(c.t, batch.Error())
	return got
}

// What a client of NATS has acknowledged is noted, and survives that the feed is lost.
func TestNATS(t *testing.T) {
	url := natstest.Outside(t)
	n := start(t, store.Options{Dir: t.TempDir(), URL: url}, quick())
	n.write(t, 10)
	spec := all(1)
	spec.Kind = domain.SubscriptionNATS
	must(t, n.Ensure(t.Context(), spec))
	c := connect(t, url)
	if got := c.fetch(spec, 6); !slices.Equal(got, numbers(1, 6)) {
		t.Fatalf("the client got %v", got)
	}
	if p := n.at(t, spec); p.Position != 6 || p.Lag != 4 {
		t.Errorf("%+v", p)
	}
	until(t, "the position is noted", func() bool { note, err := n.note(t.Context(), spec.ID); return err == nil && note.Position == 6 })

	for len(n.lost) > 0 {
		<-n.lost
	}
	must(t, n.js.DeleteStream(t.Context(), store.FeedStream(0)))
	n.append(t)
	n.seen(t)
	for <-n.lost != nil { // until all are lost
	}
	must(t, n.Ensure(t.Context(), spec))
	if got := c.fetch(spec, 5); !slices.Equal(got, numbers(7, 11)) {
		t.Fatalf("the client got %v", got)
	}
}

// A client of NATS gets nothing while the subscription is paused, and may still acknowledge.
func TestNATSPaused(t *testing.T) {
	url := natstest.Outside(t)
	n := start(t, store.Options{Dir: t.TempDir(), URL: url}, quick())
	n.write(t, 3)
	spec := all(1)
	spec.Kind = domain.SubscriptionNATS
	must(t, n.Ensure(t.Context(), spec))
	c := connect(t, url)
	consumer, err := c.js.Consumer(t.Context(), spec.stream(), ConsumerName(spec.ID))
	must(t, err)
	m, err := consumer.Next()
	must(t, err)
	paused := spec
	paused.Paused, paused.Version = true, 2
	must(t, n.Ensure(t.Context(), paused))
	must(t, n.Ensure(t.Context(), paused))
	if got := c.fetch(spec, 2); len(got) != 0 {
		t.Errorf("the client got %v", got)
	}
	must(t, m.DoubleAck(t.Context()))
	resumed := paused
	resumed.Paused, resumed.Version, resumed.Resumed = false, 3, 3
	must(t, n.Ensure(t.Context(), resumed))
	if got := c.fetch(spec, 2); !slices.Equal(got, numbers(2, 3)) {
		t.Errorf("the client got %v", got)
	}
	born := all(2) // it is made while the subscription is paused
	born.Kind, born.Paused = domain.SubscriptionNATS, true
	must(t, n.Ensure(t.Context(), born))
	if got := c.fetch(born, 2); len(got) != 0 {
		t.Errorf("the client got %v", got)
	}
}

// The cursor of a client of NATS can be moved, and a second node makes no difference.
func TestNATSRewound(t *testing.T) {
	url := natstest.Outside(t)
	n := start(t, store.Options{Dir: t.TempDir(), URL: url}, quick())
	n.write(t, 5)
	spec := all(1)
	spec.Kind = domain.SubscriptionNATS
	must(t, n.Ensure(t.Context(), spec))
	c := connect(t, url)
	c.fetch(spec, 5)
	for len(n.lost) > 0 {
		<-n.lost
	}
	must(t, n.Ensure(t.Context(), all(2)))
	must(t, n.Ensure(t.Context(), all(2).later(3))) // a webhook's is no client's
	must(t, n.Ensure(t.Context(), spec.from(4, 3)))
	if id := <-n.lost; id == nil || *id != spec.ID {
		t.Errorf("the consumer of %v is reported to be lost", id)
	}
	if got := c.fetch(spec, 3); !slices.Equal(got, numbers(3, 5)) {
		t.Errorf("the client got %v", got)
	}
}

// All nodes have the same key, whoever makes it.
func TestKey(t *testing.T) {
	url := natstest.Outside(t)
	keys := make([][]byte, 12)
	nodes := []*node{start(t, store.Options{Dir: t.TempDir(), URL: url}, quick()), start(t, store.Options{Dir: t.TempDir(), URL: url}, quick())}
	var running sync.WaitGroup
	for i := range keys {
		running.Go(func() {
			var err error
			if keys[i], err = nodes[i%2].Key(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	for _, key := range keys {
		if len(key) != keySize || !slices.Equal(key, keys[0]) {
			t.Fatalf("the keys are not all the same")
		}
	}
	stream, err := nodes[0].js.Stream(t.Context(), store.Keys.Name)
	must(t, err)
	if err := stream.Purge(t.Context()); err == nil {
		t.Error("the key can be purged")
	}
}
