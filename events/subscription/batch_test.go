package subscription

import (
	"context"
	"slices"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

// A batch is delivered in one request, is tried again as it was, and the cursor is then behind it.
func TestBatches(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 50)
	spec := all(1)
	spec.Batch, spec.Types = 20, []string{"muster.member.added"} // all but every fourth
	to := newReceiver()
	to.outcome = func(_ context.Context, events []feed.Event, attempt int) Outcome {
		for i := range events {
			if events[i].Type != "muster.member.added" || i > 0 && events[i].Number <= events[i-1].Number {
				t.Errorf("event %d of the batch is %d, %s", i, events[i].Number, events[i].Type)
			}
		}
		if events[0].Number == 27 && attempt == 1 {
			n.append(t) // comes too late for this batch; the test waits meanwhile
			return Outcome{Kind: Failed}
		}
		return Outcome{Kind: Delivered}
	}
	n.deliver(t, spec, to)
	to.expect(t, 1, 27, 27, 51) // 20 events to the 26th, 18 to the 50th, and the same ones again
	if want := []uint64{26, 50, 50, 51}; !slices.Equal(to.upto, want) {
		t.Errorf("the batches end with %v, not %v", to.upto, want)
	}
	until(t, "all is acknowledged", func() bool { return n.at(t, spec) == Place{Position: 51} })
	attempts, err := n.Deliveries(t.Context(), domain.SubscriptionID{1}, 0, 1)
	if err != nil || len(attempts) != 1 || attempts[0].Last != nil || attempts[0].Position.Number != 51 {
		t.Errorf("%+v, %v", attempts, err)
	}
	n.write(t, 3)
	to.until(t, "what comes later", func(got []uint64) bool { return to.upto[len(got)-1] == 54 })
}

// A node that dies when a batch has been delivered, before that is acknowledged, is followed by
// one that does not deliver it again if that was noted.
func TestABatchThatWasNotAcknowledged(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 30)
	spec := all(1)
	spec.Batch = 10
	must(t, n.Ensure(t.Context(), spec))
	c, err := n.consumer(t.Context(), spec)
	must(t, err)
	_, err = c.Next()
	must(t, err)
	_, err = n.change(t.Context(), spec.ID, func(n *note) bool { n.Position = 10; return true })
	must(t, err)
	to := newReceiver()
	n.deliver(t, spec, to)
	to.expect(t, 11, 21)
}

// A node that stood still after it had delivered a batch does not set the cursor back when others
// have gone on.
func TestABatchThatIsAcknowledgedLate(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 30)
	spec := all(1)
	spec.Batch = 10
	must(t, n.Ensure(t.Context(), spec))
	c, err := n.consumer(t.Context(), spec)
	must(t, err)
	m, err := c.Next()
	must(t, err)
	to := newReceiver()
	r := n.deliver(t, spec, to)
	to.expect(t, 1, 11, 21)
	until(t, "all is acknowledged", func() bool { return n.at(t, spec) == Place{Position: 30} })
	must(t, ignore(r.stop(), context.Canceled))
	late := &runner{Subscriptions: n.Subscriptions, spec: spec}
	must(t, late.acknowledge(t.Context(), &trial{m: m, handed: 1, number: 1, last: 10}))
	if p := n.at(t, spec); p != (Place{Position: 30}) {
		t.Errorf("%+v", p)
	}
}

// An older server gets one event at a time.
func TestServersThatCannotReset(t *testing.T) {
	for version, want := range map[string]bool{"2.15.2": true, "2.14.0-RC.1": true, "3.0.0": true, "2.13.9": false, "2.9.1": false, "": false} {
		if canReset(version) != want {
			t.Errorf("%q: %t", version, !want)
		}
	}
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.resets = false
	n.write(t, 3)
	spec := all(1)
	spec.Batch = 10
	to := newReceiver()
	n.deliver(t, spec, to)
	to.expect(t, 1, 2, 3)
}

func BenchmarkDeliver(b *testing.B) {
	for name, batch := range map[string]int{"one": 1, "batch of 100": 100} {
		b.Run(name, func(b *testing.B) {
			n := start(b, store.Options{Dir: b.TempDir()}, Options{})
			n.write(b, b.N)
			spec := all(1)
			spec.Batch = batch
			to := newReceiver()
			b.ResetTimer()
			n.deliver(b, spec, to)
			to.until(b, "all", func(got []uint64) bool { return len(got) > 0 && to.upto[len(got)-1] == uint64(b.N) })
		})
	}
}
