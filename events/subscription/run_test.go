package subscription

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// An event that fails is tried again before the next one.
func TestInOrder(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 2)
	to := newReceiver()
	to.outcome = func(_ context.Context, events []feed.Event, attempt int) Outcome {
		if events[0].Number == 1 && attempt < 3 {
			return Outcome{Kind: Failed, Status: 503, Error: errFailed.Error()}
		}
		return Outcome{Kind: Delivered, Status: 200}
	}
	n.deliver(t, all(1), to)
	to.expect(t, 1, 1, 1, 2)
	if want := []int{1, 2, 3, 1}; !slices.Equal(to.attempts, want) {
		t.Errorf("attempts %v, not %v", to.attempts, want)
	}
	n.write(t, 3)
	to.expect(t, 1, 1, 1, 2, 3, 4, 5)
	until(t, "all is acknowledged", func() bool { p := n.at(t, all(1)); return p == Place{Position: 5} })
	var attempts []Attempt
	until(t, "all attempts are kept", func() (kept bool) {
		var err error
		attempts, err = n.Deliveries(t.Context(), domain.SubscriptionID{1}, 0, 10)
		must(t, err)
		return len(attempts) == 7
	})
	if a := attempts[6]; a.Position.Number != 1 || a.Outcome != Failed || a.Status != 503 || a.Error != errFailed.Error() || a.Next.IsZero() || a.Attempt != 1 || a.Type != "muster.member.added" {
		t.Errorf("the first attempt is kept as %+v", a)
	}
	if a := attempts[0]; a.Position.Number != 5 || a.Outcome != Delivered || !a.Next.IsZero() || a.Last != nil {
		t.Errorf("the last attempt is kept as %+v", a)
	}
	page, err := n.Deliveries(t.Context(), domain.SubscriptionID{1}, attempts[4].Sequence, 10)
	if err != nil || len(page) != 2 || page[0].ID != attempts[5].ID {
		t.Errorf("the page before the fifth attempt has %d, %v", len(page), err)
	}
}

// While nothing is undelivered nothing is asked of the server.
func TestAnIdleSubscriptionCostsNothing(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 4)
	to := newReceiver()
	spec := all(1)
	spec.Types = []string{"muster.workspace.*"}
	var looked atomic.Uint64
	n.options.Events = func(ctx context.Context, f feed.Filter, after uint64, limit int) ([]feed.Event, uint64, error) {
		found, next, err := n.feed.Events(ctx, f, after, limit)
		if err == nil && next == after && len(found) == 0 {
			looked.Store(after)
		}
		return found, next, err
	}
	n.deliver(t, spec, to)
	to.expect(t, 4)
	until(t, "the position is noted", func() bool {
		note, err := n.note(t.Context(), domain.SubscriptionID{1})
		return err == nil && note.Position == 4
	})
	until(t, "nothing is pulled", func() bool {
		c, err := n.consumer(t.Context(), spec)
		return err == nil && c.CachedInfo().NumWaiting == 0
	})
	var asked atomic.Int64
	for _, subject := range []string{"$JS.API.CONSUMER.>", "$JS.API.STREAM.MSG.GET.>", cursorSubject + ">"} {
		heard, err := n.store.Conn.Subscribe(subject, func(*nats.Msg) { asked.Add(1) })
		must(t, err)
		defer func() { _ = heard.Unsubscribe() }()
	}
	for range 3 { // events that it does not want; what it does after each is done before the next
		n.write(t, 1)
		until(t, "it has looked at the event", func() bool { return looked.Load() == n.tip.Number })
	}
	must(t, n.store.Conn.Flush())
	if asked := asked.Load(); asked != 0 {
		t.Errorf("%d requests were made", asked)
	}
	n.write(t, 1)
	to.expect(t, 4, 8)
	until(t, "requests are made for what it wants", func() bool { return asked.Load() > 0 })
}

// Two nodes work on one subscription, one at a time. When one of them dies in the middle of an
// attempt, the other takes over.
func TestTwoNodes(t *testing.T) {
	url := natstest.Outside(t)
	nodes := []*node{
		start(t, store.Options{Dir: t.TempDir(), URL: url}, quick()),
		start(t, store.Options{Dir: t.TempDir(), URL: url}, quick()),
	}
	write := func(from, events int) {
		for range events {
			m := nodes[from].append(t)
			nodes[1-from].apply(m)
		}
		for _, n := range nodes {
			n.seen(t)
		}
	}
	to := newReceiver() // of both
	to.outcome = func(_ context.Context, events []feed.Event, attempt int) Outcome {
		if events[0].Number%7 == 0 && attempt == 1 {
			return Outcome{Kind: Failed}
		}
		return Outcome{Kind: Delivered}
	}
	for _, n := range nodes {
		n.deliver(t, all(1), to)
	}
	for i := range 10 {
		write(i%2, 2)
	}
	to.expect(t, 1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 14, 15, 16, 17, 18, 19, 20)

	until(t, "all is acknowledged", func() bool { return nodes[0].at(t, all(1)) == Place{Position: 20} })
	must(t, nodes[0].end()) // all others are delivered by the other node
	nodes[1].write(t, 2)
	to.until(t, "the node that is left", func(got []uint64) bool { return got[len(got)-1] == 22 })
}

// A node that dies with an event in its hands keeps it from the others only for a while. What it
// gives back can be taken at once.
func TestTakingOver(t *testing.T) {
	o := quick()
	o.AckWait = 3 * time.Second
	n := start(t, store.Options{Dir: t.TempDir()}, o)
	n.write(t, 2)
	must(t, n.Ensure(t.Context(), all(1)))
	c, err := n.consumer(t.Context(), all(1))
	must(t, err)
	m, err := c.Next() // and is never heard of again
	must(t, err)
	if meta, err := m.Metadata(); err != nil || meta.Sequence.Stream != 1 {
		t.Fatalf("%+v, %v", meta, err)
	}
	begin := time.Now()
	to := newReceiver()
	r := n.deliver(t, all(1), to)
	to.expect(t, 1, 2)
	if took := time.Since(begin); took < time.Second {
		t.Errorf("an event was taken from another node after %s", took)
	}
	must(t, ignore(r.stop(), context.Canceled))

	n.write(t, 1)
	hangs := newReceiver()
	entered := make(chan struct{})
	hangs.outcome = func(ctx context.Context, _ []feed.Event, _ int) Outcome {
		close(entered)
		<-ctx.Done()
		return Outcome{Kind: Failed}
	}
	r = n.deliver(t, all(1), hangs)
	<-entered
	must(t, ignore(r.stop(), context.Canceled))
	begin = time.Now()
	n.deliver(t, all(1), to)
	to.expect(t, 1, 2, 3)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %s to get back what was given back", took)
	}
	if p := n.at(t, all(1)); p.Health.Failing() {
		t.Errorf("an attempt that was cut short counts: %+v", p.Health)
	}
}

// ignore returns the error unless it is the expected one.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return errors.Join(errors.New("not the expected error"), err)
}

// An attempt that takes longer than others wait is not taken over.
func TestASlowAttemptIsNotTakenOver(t *testing.T) {
	o := quick()
	o.AckWait = time.Second
	n := start(t, store.Options{Dir: t.TempDir()}, o)
	n.write(t, 2)
	to := newReceiver()
	to.outcome = func(context.Context, []feed.Event, int) Outcome {
		time.Sleep(2500 * time.Millisecond)
		return Outcome{Kind: Delivered}
	}
	n.deliver(t, all(1), to)
	n.deliver(t, all(1), to)
	to.expect(t, 1, 2)
}

// Endpoints that hang hold up nobody else.
func TestOneHangsAndTheOthersDoNot(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, Options{})
	hangs := newReceiver()
	hangs.outcome = func(ctx context.Context, _ []feed.Event, _ int) Outcome { <-ctx.Done(); return Outcome{Kind: Failed} }
	n.deliver(t, all(0xff), hangs)
	const good = 100
	var all100 []*receiver
	for i := range byte(good) {
		to := newReceiver()
		n.deliver(t, all(i), to)
		all100 = append(all100, to)
	}
	n.write(t, 1)
	for _, to := range all100 {
		to.expect(t, 1)
	}
	var slowest time.Duration
	for number := uint64(2); number <= 11; number++ {
		n.append(t)
		begin := time.Now()
		n.seen(t)
		for _, to := range all100 {
			to.expect(t, numbers(1, number)...)
		}
		slowest = max(slowest, time.Since(begin))
	}
	t.Logf("the slowest of %d took %s", good, slowest)
	if slowest > 3*time.Second {
		t.Errorf("the slowest of %d took %s", good, slowest)
	}
}

// JetStream leaves out messages that it cannot read, and does not say so. Their events are
// delivered all the same, in their places.
func TestNothingIsLeftOut(t *testing.T) {
	for name, batch := range map[string]int{"one at a time": 1, "batches": 10} {
		t.Run(name, func(t *testing.T) {
			n := start(t, store.Options{Dir: t.TempDir()}, quick())
			n.write(t, 8)
			stream, err := n.js.Stream(t.Context(), store.FeedStream(0))
			must(t, err)
			for _, number := range []uint64{4, 5} {
				must(t, stream.DeleteMsg(t.Context(), number))
			}
			spec := all(1)
			spec.Batch = batch
			to := newReceiver()
			to.outcome = func(_ context.Context, events []feed.Event, attempt int) Outcome {
				if events[0].Number <= 4 && events[len(events)-1].Number >= 4 && attempt == 1 {
					return Outcome{Kind: Failed}
				}
				return Outcome{Kind: Delivered}
			}
			n.deliver(t, spec, to)
			to.until(t, "the last one", func([]uint64) bool { return len(to.accepted) >= 8 })
			if want := numbers(1, 8); !slices.Equal(to.accepted, want) {
				t.Errorf("the receiver got %v, not %v", to.accepted, want)
			}
			until(t, "all is acknowledged", func() bool { return n.at(t, spec) == Place{Position: 8} })
		})
	}
}
