package events

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
)

func TestRunIsDurableAndReplayed(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir})
	a := found(t, n)
	add := a.add()
	r := must(t, n, add)
	if got := r.State.Membership(a.ws, add.User); got == nil || got.Role != domain.RoleEditor || got.Version != r.Position.Number {
		t.Fatalf("result: %+v", got)
	}
	if _, err := n.Run(t.Context(), add); !errors.Is(err, domain.ErrAlreadyMember) {
		t.Fatalf("added twice: %v", err)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}

	n = start(t, Options{Dir: dir})
	if got := n.fold.state.Membership(a.ws, add.User); got == nil {
		t.Fatal("the member is gone after a restart")
	}
	if _, err := n.Run(t.Context(), add); !errors.Is(err, domain.ErrAlreadyMember) {
		t.Fatalf("added again after a restart: %v", err)
	}
}

func TestGroupsOfManyCallers(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir()})
	a := found(t, n)
	var wg sync.WaitGroup
	const callers, each = 32, 30
	for range callers {
		wg.Go(func() {
			for range each {
				if _, err := n.Run(t.Context(), a.add()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want := wire.Position{Partition: n.Partition(a.org), Number: 5 + callers*each}
	if err := n.fold.WaitFor(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	bytes, messages, err := n.Size(t.Context())
	if err != nil || messages >= callers*each || bytes == 0 {
		t.Fatalf("%d messages for %d commands: nothing was grouped (%v)", messages, callers*each, err)
	}
	// The feed has them all, with the same numbers.
	n.seen(t, want)
	var got uint64
	for after := uint64(0); ; {
		page, next, err := n.Events(t.Context(), feed.Filter{Organization: a.org}, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			if got++; e.Number != got {
				t.Fatalf("event %d after %d", e.Number, got-1)
			}
		}
		if next == after {
			break
		}
		after = next
	}
	if got != want.Number {
		t.Fatalf("%d events, not %d", got, want.Number)
	}
}

// seen waits until the position is visible: the feed holds it then.
func (n *node) seen(t testing.TB, p wire.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.WaitFor(ctx, p); err != nil {
		t.Fatalf("%s is visible, not %s: %v", n.Visible(p.Partition), p, err)
	}
}

// askingFold is a fold that asks something whenever it has applied a message.
type askingFold struct {
	*fold
	ask func()
}

func (f *askingFold) Apply(m wire.Message) error {
	err := f.fold.Apply(m)
	f.ask()
	return err
}

// As soon as the read models show an event, it can be asked for by its number.
func TestEventsThatReadModelsShowAreKnown(t *testing.T) {
	l, err := Open(t.Context(), Options{Dir: t.TempDir(), Partitions: 1, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	f := newFold(1)
	org := domain.OrganizationID(uuid.New())
	following, unfollow := context.WithCancel(context.Background())
	followed := make(chan error, 1)
	go func() {
		followed <- l.Follow(following, slices.Clone(f.applied), &askingFold{f, func() {
			ctx, cancel := context.WithTimeout(following, 10*time.Millisecond)
			defer cancel()
			if _, err := l.EventAt(ctx, org, f.Applied(0)); errors.Is(err, feed.ErrUnknownEvent) {
				t.Error(err)
			}
		}})
	}()
	defer func() {
		unfollow()
		if err := errors.Join(<-followed, l.Close()); err != nil {
			t.Error(err)
		}
	}()
	if err := l.Start(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	r, err := l.Run(t.Context(), domain.CreateOrganization{
		Meta: root(org), Name: "Analytical Engines", Owner: domain.UserID(uuid.New()), Profile: domain.ProfileFacts{Email: "ada@example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WaitFor(t.Context(), r.Position); err != nil {
		t.Fatal(err)
	}
	if e, err := l.EventAt(t.Context(), org, r.Position.Number); err != nil || e.Number != r.Position.Number {
		t.Errorf("%v, %v", e, err)
	}
}
