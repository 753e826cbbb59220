package events

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// batch returns a command that adds that many members. Its reason makes it large.
func (a tenant) batch(members, reason int) domain.Batch {
	b := domain.Batch{Meta: root(a.org), Workspace: a.ws, Atomic: true}
	b.Reason = strings.Repeat("x", reason)
	for range members {
		b.Operations = append(b.Operations, a.add())
	}
	return b
}

// A command may take a whole message. If there is something in the message already it
// gets the next one.
func TestLargeCommands(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir()})
	a := found(t, n)
	_, err := n.Run(t.Context(), a.batch(1000, 500))
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("a command that fits into no message: %v", err)
	}
	var fit int
	if _, after, ok := strings.Cut(err.Error(), "send up to "); !ok {
		t.Errorf("nothing is said of what fits: %v", err)
	} else if _, err := fmt.Sscan(after, &fit); err != nil {
		t.Error(err)
	}
	if _, err := n.Try(t.Context(), a.batch(fit, 500)); err != nil || fit < 700 {
		t.Errorf("%d operations, which should fit: %v", fit, err)
	}
	if _, err := n.Try(t.Context(), a.batch(1000, 500)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a command that fits into no message, tried: %v", err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := n.Run(t.Context(), a.batch(1000, 200)); err != nil {
				t.Error(err)
			}
		})
		for range 50 {
			all.Go(func() {
				if _, err := n.Run(t.Context(), a.add()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if err := n.fold.WaitFor(t.Context(), wire.Position{Partition: n.Partition(a.org), Number: 5 + 4*1000 + 4*50}); err != nil {
		t.Error(err)
	}
}

// A caller whose context has ended is answered once, however often the group is decided.
func TestCallerWhoHasLeft(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir()})
	a := found(t, n)
	gone, leave := context.WithCancel(t.Context())
	leave()
	w := n.partitions[n.Partition(a.org)].writer
	r := &request{ctx: gone, command: a.add(), answered: make(chan struct{})}
	g := newGroup(w.process, w.held)
	for range 2 {
		if !g.decide(r) || len(g.decided) != 0 || !errors.Is(r.err, store.ErrUnavailable) {
			t.Errorf("%d decided, error %v", len(g.decided), r.err)
		}
	}
}
