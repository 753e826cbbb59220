package subscription

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// later returns the spec after an event with the number that the consumer is made again for.
func (s Spec) later(number uint64) Spec {
	s.Epoch, s.Version = number, number
	return s
}

// from returns the spec after an event with the number that has set the cursor.
func (s Spec) from(number, first uint64) Spec {
	s = s.later(number)
	s.Set, s.Start = number, first
	return s
}

// Ten events while the subscription is paused are ten events when it is resumed.
func TestPauseAndResume(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 3)
	to := newReceiver()
	r := n.deliver(t, all(1), to)
	to.expect(t, 1, 2, 3)
	must(t, ignore(r.stop(), context.Canceled))
	paused := all(1)
	paused.Paused, paused.Version = true, 4
	must(t, n.Ensure(t.Context(), paused))
	n.write(t, 10)
	if p := n.at(t, paused); p.Position != 3 || p.Lag != 10 || !p.Oldest.Equal(testTime.Add(4*time.Second)) {
		t.Errorf("%+v", p)
	}
	if err := n.Run(t.Context(), paused, nil, to.deliver); err == nil {
		t.Error("a paused subscription is run")
	}
	if err := n.Ensure(t.Context(), all(1)); !errors.Is(err, ErrSuperseded) {
		t.Errorf("what was before the pause: %v", err)
	}
	resumed := paused
	resumed.Paused, resumed.Resumed, resumed.Version = false, 13, 13
	n.deliver(t, resumed, to)
	to.expect(t, numbers(1, 13)...)
}

// The cursor can be set to any place, back and forth, while the subscription is worked on.
func TestRewindAndSkip(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 6)
	to := newReceiver()
	r := n.deliver(t, all(1), to)
	to.expect(t, numbers(1, 6)...)
	rewound := all(1).from(6, 3)
	must(t, n.Ensure(t.Context(), rewound)) // another node is faster
	n.write(t, 1)
	if err := r.ended(t); !errors.Is(err, ErrSuperseded) {
		t.Fatalf("the run with the old spec ended with %v", err)
	}
	to.forget()
	r = n.deliver(t, rewound, to)
	to.expect(t, 3, 4, 5, 6, 7)
	must(t, ignore(r.stop(), context.Canceled))

	to = newReceiver()
	to.outcome = func(_ context.Context, events []feed.Event, _ int) Outcome {
		if events[0].Number == 8 {
			return Outcome{Kind: Failed, RetryAfter: time.Hour}
		}
		return Outcome{Kind: Delivered}
	}
	n.write(t, 2)
	r = n.deliver(t, rewound, to)
	to.expect(t, 8)
	until(t, "the failure is noted", func() bool { return n.at(t, rewound).Health.Failing() })
	failing := n.at(t, rewound)
	if e, ok, err := n.Next(t.Context(), rewound); e.Number != 8 || !ok || err != nil || failing.Position != 7 || failing.Lag != 2 {
		t.Errorf("event %d is next, %t, %v, %+v", e.Number, ok, err, failing)
	}
	must(t, ignore(r.stop(), context.Canceled))
	n.write(t, 1)
	skipped := rewound.from(10, 9)
	n.deliver(t, skipped, to)
	to.expect(t, 8, 9, 10)
	until(t, "the endpoint is well again", func() bool { return n.at(t, skipped) == Place{Position: 10} })
}

// A changed filter applies to what was undelivered, and otherwise to what comes after the change.
func TestFilterChange(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 9)
	spec := all(1)
	spec.Types = []string{"muster.workspace.created"} // events 4 and 8
	to := newReceiver()
	r := n.deliver(t, spec, to)
	to.expect(t, 4, 8)
	until(t, "all is acknowledged", func() bool { return n.at(t, spec).Position == 8 })
	must(t, ignore(r.stop(), context.Canceled))
	wide := spec
	wide.Types = nil
	wide = n.update(t, wide) // event 10
	must(t, n.Ensure(t.Context(), wide))
	n.write(t, 1)
	r = n.deliver(t, wide, to)
	to.expect(t, 4, 8, 10, 11)
	must(t, ignore(r.stop(), context.Canceled))

	n.write(t, 1) // event 12 is undelivered when event 13 changes the filter
	narrow := wide
	narrow.Types, narrow.Workspace = []string{"muster.member.*", "muster.member.added", "muster.user.erased"}, testSpace
	if got := narrow.Subjects(); len(got) != 2 {
		t.Errorf("it wants %v", got)
	}
	narrow = n.update(t, narrow)
	n.write(t, 1)
	n.deliver(t, narrow, to)
	to.expect(t, 4, 8, 10, 11, 14) // event 12 is the creation of a workspace
	other := all(2)
	other.Workspace = domain.WorkspaceID{9}
	if p := n.at(t, other); p.Lag != 0 {
		t.Errorf("another workspace has events: %+v", p)
	}
}

// A new URL is tried at once, whatever the old one was waiting for.
func TestAChangeIsTriedAtOnce(t *testing.T) {
	o := quick()
	o.Schedule = func(int) time.Duration { return time.Hour }
	n := start(t, store.Options{Dir: t.TempDir()}, o)
	n.write(t, 2)
	to := newReceiver()
	to.outcome = func(context.Context, []feed.Event, int) Outcome { return Outcome{Kind: Failed} }
	r := n.deliver(t, all(1), to)
	to.expect(t, 1)
	until(t, "it is failing", func() bool { return n.at(t, all(1)).Health.Failing() })
	since := n.at(t, all(1)).Health.FailingSince
	must(t, ignore(r.stop(), context.Canceled))
	changed := all(1).later(2)
	r = n.deliver(t, changed, to)
	to.expect(t, 1, 1)
	until(t, "the attempt is noted", func() bool { return n.at(t, changed).Health.Epoch == 2 })
	if h := n.at(t, changed).Health; !h.FailingSince.Equal(since) {
		t.Errorf("it is failing since %s, not %s", h.FailingSince, since)
	}
	must(t, ignore(r.stop(), context.Canceled))

	// The consumer is lost, and with it how long to wait.
	must(t, n.js.DeleteConsumer(t.Context(), changed.stream(), changed.consumerName()))
	r = n.deliver(t, changed, to)
	until(t, "it is waiting again", func() bool {
		c, err := n.consumer(t.Context(), changed)
		return err == nil && c != nil && c.CachedInfo().NumAckPending == 1
	})
	must(t, n.store.Conn.Flush())
	must(t, ignore(r.stop(), context.Canceled))
	to.expect(t, 1, 1)
}

// The feed is lost with all consumers, and made again from the log. The subscription goes on
// from the noted place.
func TestAFeedThatIsLost(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 20)
	to := newReceiver()
	n.deliver(t, all(1), to)
	to.expect(t, numbers(1, 20)...)
	noted := func(position uint64) {
		until(t, "the position is noted", func() bool {
			note, err := n.note(t.Context(), domain.SubscriptionID{1})
			return err == nil && note.Position == position
		})
	}
	noted(20)
	must(t, n.js.DeleteStream(t.Context(), store.FeedStream(0)))
	n.write(t, 3)
	to.expect(t, numbers(1, 23)...)
	noted(23)

	failed := make(chan struct{})
	to.outcome = func(_ context.Context, _ []feed.Event, attempt int) Outcome {
		if attempt == 1 { // while the event waits for the next attempt
			close(failed)
			return Outcome{Kind: Failed, RetryAfter: 2 * time.Second}
		}
		return Outcome{Kind: Delivered}
	}
	n.append(t)
	<-failed
	must(t, n.js.DeleteStream(t.Context(), store.FeedStream(0)))
	to.expect(t, append(numbers(1, 24), 24)...)
}

// However many nodes see a change at once, and one of them dies in between, the consumer follows
// it, and never goes back.
func TestManyNodesChangeAtOnce(t *testing.T) {
	url := natstest.Outside(t)
	nodes := []*node{
		start(t, store.Options{Dir: t.TempDir(), URL: url}, quick()),
		start(t, store.Options{Dir: t.TempDir(), URL: url}, quick()),
	}
	for range 30 {
		nodes[1].apply(nodes[0].append(t))
	}
	nodes[1].seen(t)
	for round := range uint64(5) {
		specs := []Spec{all(1).later(2*round + 1), all(1).from(2*round+2, 5+round)}
		var running sync.WaitGroup
		for i := range 12 {
			running.Go(func() {
				err := nodes[i%2].Ensure(t.Context(), specs[i/2%2])
				if err != nil && (!errors.Is(err, ErrSuperseded) || i/2%2 == 1) {
					t.Error(err)
				}
			})
		}
		running.Wait()
		c, err := nodes[0].consumer(t.Context(), specs[1])
		must(t, err)
		if info := c.CachedInfo(); epochOf(info) != 2*round+2 || info.AckFloor.Stream != 4+round {
			t.Errorf("round %d: epoch %d at %d", round, epochOf(info), info.AckFloor.Stream)
		}
	}
	if err := nodes[1].Ensure(t.Context(), all(1)); !errors.Is(err, ErrSuperseded) {
		t.Errorf("an old spec: %v", err)
	}
}

// A node dies while it makes a consumer again.
func TestAConsumerIsMadeAgainByAnotherNode(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 9)
	must(t, n.Ensure(t.Context(), all(1)))
	claim := func(epoch, position uint64) {
		_, err := n.change(t.Context(), domain.SubscriptionID{1}, func(n *note) bool {
			n.Former = append(n.Former, n.Epoch)
			n.Version, n.Set, n.Epoch, n.Position, n.Making = epoch, epoch, epoch, position, true
			return true
		})
		must(t, err)
	}
	claim(5, 4) // and the old consumer is still there
	begin := time.Now()
	if p := n.at(t, all(1).from(5, 5)); p.Position != 4 {
		t.Errorf("%+v", p)
	}
	if took := time.Since(begin); took < claimFor {
		t.Errorf("another node was given only %s", took)
	}
	claim(6, 5)
	must(t, n.js.DeleteConsumer(t.Context(), store.FeedStream(0), all(1).later(5).consumerName())) // and there is none
	if p := n.at(t, all(1).from(6, 6)); p.Position != 5 || p.Lag != 4 {
		t.Errorf("%+v", p)
	}
	claim(7, 3) // and a newer change comes, whose place is not set
	if p := n.at(t, all(1).from(7, 4).later(8)); p.Position != 3 || p.Lag != 6 {
		t.Errorf("%+v", p)
	}
	n.only(t, all(1).later(8))
}

// What is deleted stays deleted.
func TestDelete(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 3)
	to := newReceiver()
	r := n.deliver(t, all(1), to)
	to.expect(t, 1, 2, 3)
	must(t, n.Delete(t.Context(), all(1)))
	must(t, n.Delete(t.Context(), all(1)))
	n.only(t)
	n.write(t, 1)
	if err := r.ended(t); !errors.Is(err, ErrDeleted) {
		t.Errorf("the run ends with %v", err)
	}
	if err := n.Ensure(t.Context(), all(1).later(99)); !errors.Is(err, ErrDeleted) {
		t.Error(err)
	}
	if _, err := n.Place(t.Context(), all(1)); !errors.Is(err, ErrDeleted) {
		t.Error(err)
	}
	if attempts, err := n.Deliveries(t.Context(), domain.SubscriptionID{1}, 0, 10); err != nil || len(attempts) != 0 {
		t.Errorf("%d attempts, %v", len(attempts), err)
	}
	n.only(t)
}

// Everything survives that the process is restarted.
func TestARestart(t *testing.T) {
	dir := t.TempDir()
	o := quick()
	o.Schedule = func(int) time.Duration { return 1500 * time.Millisecond }
	n := start(t, store.Options{Dir: dir}, o)
	n.write(t, 5)
	key, err := n.Key(t.Context())
	must(t, err)
	to := newReceiver()
	to.outcome = func(_ context.Context, events []feed.Event, attempt int) Outcome {
		if events[0].Number == 4 && attempt < 3 {
			return Outcome{Kind: Failed, Status: 500}
		}
		return Outcome{Kind: Delivered}
	}
	n.deliver(t, all(1), to)
	to.expect(t, 1, 2, 3, 4)
	must(t, n.end())
	n = start(t, store.Options{Dir: dir}, o)
	begin := time.Now()
	n.deliver(t, all(1), to)
	to.expect(t, 1, 2, 3, 4, 4, 4, 5)
	if want := []int{1, 1, 1, 1, 2, 3, 1}; !slices.Equal(to.attempts, want) || time.Since(begin) < time.Second {
		t.Errorf("attempts %v, not %v, within %s", to.attempts, want, time.Since(begin))
	}
	again, err := n.Key(t.Context())
	if err != nil || len(key) != 32 || !slices.Equal(key, again) {
		t.Errorf("another key, %v", err)
	}
}
