package events

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

func TestTwoNodesOnOneServer(t *testing.T) {
	url := natstest.Outside(t)
	one := start(t, Options{Dir: t.TempDir(), URL: url})
	two := start(t, Options{Dir: t.TempDir(), URL: url})
	a := found(t, one)

	// Both add members to one workspace at once.
	var wg sync.WaitGroup
	const each = 60
	for _, n := range []*node{one, two} {
		for range 4 {
			wg.Go(func() {
				for range each / 4 {
					if _, err := n.Run(t.Context(), a.add()); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	tips, err := one.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := one.Partition(a.org)
	if tips[p].Number != 5+2*each {
		t.Fatalf("%d events, not %d", tips[p].Number, 5+2*each)
	}
	for _, n := range []*node{one, two} {
		if err := n.fold.WaitFor(t.Context(), tips[p]); err != nil {
			t.Fatal(err)
		}
		n.seen(t, tips[p])
	}

	// A refusal is decided on what the log says now, not on what this node
	// remembers: each node sees at once what the other has just done.
	add := a.add()
	for i := range 20 {
		from, to := one, two
		if i%2 == 1 {
			from, to = two, one
		}
		must(t, from, add)
		again := add
		again.ID = domain.CommandID(uuid.New()) // with the same one it may be taken for the command that is written
		if _, err := to.Run(t.Context(), again); !errors.Is(err, domain.ErrAlreadyMember) {
			t.Fatalf("round %d: added twice: %v", i, err)
		}
		must(t, to, domain.RemoveMember{Meta: root(a.org), Workspace: a.ws, User: add.User})
		if r := must(t, from, domain.RemoveMember{Meta: root(a.org), Workspace: a.ws, User: add.User}); len(r.Types) != 0 {
			t.Fatalf("round %d: removed twice", i)
		}
		add.ID = domain.CommandID(uuid.New())
	}
}

func TestTheLastOwnerIsRacedFor(t *testing.T) {
	url := natstest.Outside(t)
	nodes := []*node{start(t, Options{Dir: t.TempDir(), URL: url}), start(t, Options{Dir: t.TempDir(), URL: url})}
	for range 10 {
		a := found(t, nodes[0])
		second := a.add()
		second.Role = domain.RoleOwner
		must(t, nodes[1], second)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, user := range []domain.UserID{a.owner, second.User} {
			wg.Go(func() {
				_, errs[i] = nodes[i].Run(t.Context(), domain.RemoveMember{Meta: root(a.org), Workspace: a.ws, User: user})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), domain.ErrLastOwner) {
			t.Fatalf("exactly one owner must stay: %v, %v", errs[0], errs[1])
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir})
	a := found(t, n)
	add := a.add()
	add.Request = domain.Hash{1}
	var wg sync.WaitGroup
	results := make([]Result, 50)
	for i := range results {
		wg.Go(func() {
			var err error
			again := add
			again.Membership = domain.MembershipID(uuid.New())
			if results[i], err = n.Run(t.Context(), again); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first := 0
	for _, r := range results {
		if !r.Replayed {
			first++
		}
		if r.Position != results[0].Position || r.State.Membership(a.ws, add.User).ID != results[0].State.Membership(a.ws, add.User).ID {
			t.Fatal("two answers to one key")
		}
	}
	if first != 1 {
		t.Fatalf("%d first answers", first)
	}
	other := add
	other.Request = domain.Hash{2}
	if _, err := n.Run(t.Context(), other); !errors.Is(err, ErrIdempotencyMismatch) {
		t.Fatalf("another request with the same key: %v", err)
	}
}

func TestTryWritesNothing(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir()})
	a := found(t, n)
	before, _ := n.Tips(t.Context())
	add := a.add()
	r, err := n.Try(t.Context(), add)
	if err != nil || r.State.Membership(a.ws, add.User) == nil || len(r.Types) != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	after, _ := n.Tips(t.Context())
	if before[0] != after[0] || before[1] != after[1] {
		t.Fatal("something was written")
	}
	must(t, n, add)
	if _, err := n.Try(t.Context(), add); !errors.Is(err, domain.ErrAlreadyMember) {
		t.Fatal(err)
	}
}

func TestTimesAndNumbers(t *testing.T) {
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1, Now: func() time.Time { return clock }})
	a := found(t, n)              // events 1 to 5
	clock = clock.Add(-time.Hour) // the clock goes back; history does not
	must(t, n, a.add())
	clock = clock.Add(3 * time.Hour)
	must(t, n, a.add())
	n.seen(t, wire.Position{Partition: 0, Number: 7})
	for at, want := range map[string]uint64{"2026-03-01T12:00:00Z": 0, "2026-03-01T12:00:01Z": 6, "2026-03-01T15:00:00Z": 7} {
		when, _ := time.Parse(time.RFC3339, at)
		if got, err := n.NumberAt(t.Context(), 0, when); err != nil || got != want {
			t.Errorf("before %s: %d, not %d (%v)", at, got, want, err)
		}
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	last := n.fold.entries[0]
	for _, e := range n.fold.entries[1:] {
		if e.Time.Before(last.Time) || e.ID.Compare(last.ID) <= 0 || e.ID.Time() != uint64(e.Time.UnixMilli()) {
			t.Fatalf("event %d at %s with id %s follows %s with %s", e.Number, e.Time, e.ID, last.Time, last.ID)
		}
		last = e
	}
}

// A caller who leaves while a group is decided again and again is answered once.
func TestCallersWhoLeave(t *testing.T) {
	url := natstest.Outside(t)
	nodes := []*node{start(t, Options{Dir: t.TempDir(), URL: url, Partitions: 1}), start(t, Options{Dir: t.TempDir(), URL: url, Partitions: 1})}
	a := found(t, nodes[0])
	var wg sync.WaitGroup
	for _, n := range nodes {
		for range 8 {
			wg.Go(func() {
				for i := range 40 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%5)*200*time.Microsecond)
					_, err := n.Run(ctx, a.add())
					cancel()
					if err != nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, ErrOutcomeUnknown) {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	must(t, nodes[0], a.add())
	must(t, nodes[1], a.add())
}
