package events

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/muster-dev/muster/domain"
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
	want := Position{n.Partition(a.org), 5 + callers*each}
	if err := n.fold.WaitFor(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	bytes, messages, err := n.Size(t.Context())
	if err != nil || messages >= callers*each || bytes == 0 {
		t.Fatalf("%d messages for %d commands: nothing was grouped (%v)", messages, callers*each, err)
	}
	// The feed has them all, with the same numbers.
	n.feedHolds(t, want)
	var got uint64
	for after := uint64(0); ; {
		page, next, err := n.Events(t.Context(), Filter{Organization: a.org}, after, 100)
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

// feedHolds waits until the feed holds the position.
func (n *node) feedHolds(t testing.TB, p Position) {
	t.Helper()
	tl := n.partitions[p.Partition].tail
	for {
		tl.mu.RLock()
		moved, at := tl.moved, tl.feed
		tl.mu.RUnlock()
		if at >= p.Number {
			return
		}
		select {
		case <-moved:
		case <-t.Context().Done():
			t.Fatal(fmt.Errorf("the feed stands at %d, not %s", at, p))
		}
	}
}
