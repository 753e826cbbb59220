package subscription

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

// A change that another node follows while something is being delivered is not undone by what is
// acknowledged, given back or asked for afterwards, even if nothing tells this node of it.
func TestAChangeDuringADelivery(t *testing.T) {
	wide := all(1)
	wide.Types = []string{"muster.workspace.created"} // every fourth
	for name, test := range map[string]struct {
		before, after Spec
		batch         int
		outcome       OutcomeKind
		first         uint64 // that is delivered after the change
	}{
		"rewound during a batch":      {all(1), all(1).from(30, 1), 10, Delivered, 1},
		"rewound":                     {all(1), all(1).from(30, 1), 1, Delivered, 1},
		"rewound and failed":          {all(1), all(1).from(30, 10), 1, Failed, 10},
		"skipped during a batch":      {all(1), all(1).from(30, 15), 10, Delivered, 15},
		"filter widened during batch": {wide, all(1).later(30), 5, Delivered, 1},
		"resumed":                     {all(1), func(s Spec) Spec { s.Resumed, s.Version = 30, 30; return s }(all(1)), 10, Delivered, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, store.Options{Dir: t.TempDir()}, quick())
			n.write(t, 30)
			before, after := test.before, test.after
			before.Batch, after.Batch = test.batch, test.batch
			to := newReceiver()
			var once sync.Once
			to.outcome = func(context.Context, []feed.Event, int) Outcome {
				once.Do(func() {
					n.deafen()
					must(t, n.Ensure(context.Background(), after))
				})
				return Outcome{Kind: test.outcome, Status: 200}
			}
			run := n.deliver(t, before, to)
			if err := run.ended(t); !errors.Is(err, ErrSuperseded) {
				t.Fatal(err)
			}
			if to.until(t, "it ends", func([]uint64) bool { return true }); len(to.got) != 1 {
				t.Errorf("the old run has got %v", to.got)
			}
			n.only(t, after)
			next := newReceiver()
			n.deliver(t, after, next)
			got := next.until(t, "the last one", func([]uint64) bool { return slices.Contains(next.upto, 30) })
			if got[0] != test.first || !slices.Equal(next.accepted, numbers(test.first, 30)) {
				t.Errorf("then %v was delivered", next.accepted)
			}
		})
	}
}

// deafen has the runners that wait for events now not be told what happens to their consumers.
func (n *node) deafen() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.calms)
}

// A node that was too slow makes no consumer that stays.
func TestAConsumerThatIsMadeTooLate(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 9)
	must(t, n.Ensure(t.Context(), all(1).later(7)))
	_, err := n.make(t.Context(), all(1).later(5), 0)
	must(t, err)
	if err := n.Ensure(t.Context(), all(1).later(5)); !errors.Is(err, ErrSuperseded) {
		t.Error(err)
	}
	n.only(t, all(1).later(7))
}

// What no node has seen to is swept up, and nothing else.
func TestSweep(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 9)
	client, deleted, paused := all(2), all(3), all(4)
	client.Kind = domain.SubscriptionNATS
	for _, s := range []Spec{all(1).later(7), client, paused} {
		must(t, n.Ensure(t.Context(), s))
	}
	for _, s := range []Spec{all(1).later(5), deleted, deleted.later(4), all(9)} { // 9 is not known
		_, err := n.make(t.Context(), s, 0)
		must(t, err)
	}
	specs := map[domain.SubscriptionID]Spec{
		{1}: all(1).later(7), {2}: client, {3}: deleted.later(6),
		{4}: paused.later(8), // which has not been followed
	}
	for range 2 {
		must(t, n.Sweep(t.Context(), func(id domain.SubscriptionID) (Spec, bool, error) {
			s, ok := specs[id]
			if !ok {
				return Spec{}, false, errFailed
			}
			return s, id == deleted.ID, nil
		}))
		n.only(t, all(1).later(7), client, paused, all(9))
	}
	if err := n.Ensure(t.Context(), deleted.later(6)); !errors.Is(err, ErrDeleted) {
		t.Error(err)
	}
}

func TestConsumerNames(t *testing.T) {
	client := all(7)
	client.Kind = domain.SubscriptionNATS
	for _, s := range []Spec{client, all(7), all(7).later(18446744073709551615)} {
		id, epoch, ok := consumerOf(s.consumerName())
		if _, nats := subscriber(s.consumerName()); !ok || id != s.ID || nats != (s.Kind == domain.SubscriptionNATS) || !nats && epoch != s.epoch() {
			t.Errorf("%s: %s, %d, %t", s.consumerName(), id, epoch, ok)
		}
	}
	text := ConsumerName(client.ID)
	for _, name := range []string{"", "subscription-", text[1:], text[:len(text)-1], text + "-", text + "-0", text + "-x", text + "1", text + "-1-1"} {
		if _, _, ok := consumerOf(name); ok {
			t.Errorf("%q is taken for the name of a consumer", name)
		}
	}
}
