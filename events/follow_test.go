package events

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// refusing sets what is asked before a message is applied.
func (f *fold) refusing(refuse func(wire.Message) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = refuse
}

// apart returns two tenants in different partitions.
func apart(t *testing.T, n *node) (a, b tenant) {
	t.Helper()
	a, b = found(t, n), found(t, n)
	for n.Partition(b.org) == n.Partition(a.org) {
		b = found(t, n)
	}
	return a, b
}

// soon waits until the condition holds, for ten seconds at most.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// A message that can never be applied stops its partition and takes no commands for it.
// The other partition goes on, although its messages arrive together with that one.
func TestAStuckMessageStopsOnlyItsPartition(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 2})
	a, b := apart(t, n)
	stuck := n.Partition(a.org)
	never := errors.New("this can never be applied")
	arrived, release := make(chan struct{}), make(chan struct{})
	first := true
	n.fold.refusing(func(m wire.Message) error {
		if first {
			first = false
			close(arrived)
			<-release // so that what follows comes at once
			return nil
		}
		for i := range m.Entries {
			if _, is := m.Entries[i].Event.(domain.WorkspaceArchived); is {
				return never
			}
		}
		return nil
	})
	must(t, n, b.add())
	<-arrived
	before := must(t, n, a.add())
	bad := must(t, n, domain.ArchiveWorkspace{Meta: root(a.org), Workspace: a.ws})
	good := must(t, n, b.add())
	time.Sleep(100 * time.Millisecond) // in which all three are read
	close(release)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := n.fold.WaitFor(ctx, good.Position); err != nil {
		t.Fatalf("the other partition stands still: %v", err)
	}
	soon(t, "the partition has stopped", func() bool { return n.partitions[stuck].health.refusal() != nil })
	if got := n.fold.Applied(stuck); got != before.Position.Number || got >= bad.Position.Number {
		t.Errorf("the partition has stopped at event %d, and not behind %s", got, before.Position)
	}
	if _, err := n.Run(ctx, a.add()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a command to the partition that has stopped: %v", err)
	}
	if err := n.fold.WaitFor(ctx, must(t, n, b.add()).Position); err != nil {
		t.Errorf("the other partition stands still: %v", err)
	}
	if err := n.Ready(ctx); !errors.Is(err, never) {
		t.Errorf("ready: %v", err)
	}
}

// While the read models cannot be written, commands are refused at once, and nobody waits
// for them. When they can be written again everything goes on by itself.
func TestFollowingGoesOnWhenItCan(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 2})
	a, b := apart(t, n)
	tips, err := n.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tip := range tips { // so that only what follows is refused
		if err := n.fold.WaitFor(t.Context(), tip); err != nil {
			t.Fatal(err)
		}
	}
	full := errors.New("the disk is full")
	var tried atomic.Int64
	n.fold.refusing(func(wire.Message) error {
		tried.Add(1)
		return fmt.Errorf("%w: %w", ErrTryAgain, full)
	})
	last := must(t, n, a.add()) // is written, because nothing is known yet
	waiting, end := context.WithTimeout(t.Context(), 10*time.Second)
	defer end()
	if err := n.AwaitShown(waiting, AllEvents, a.org); !errors.Is(err, ErrBehind) || waiting.Err() != nil {
		t.Fatalf("whoever waits for the read models waits on: %v", err)
	}
	for _, c := range []domain.Command{a.add(), b.add()} {
		begun := time.Now()
		if _, err := n.Run(t.Context(), c); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, full) {
			t.Errorf("a command: %v", err)
		}
		if took := time.Since(begun); took > 100*time.Millisecond {
			t.Errorf("a refusal took %s", took)
		}
	}
	if err := n.Ready(t.Context()); !errors.Is(err, full) {
		t.Errorf("ready: %v", err)
	}
	soon(t, "it is tried again", func() bool { return tried.Load() >= 4 })
	n.fold.refusing(nil)
	soon(t, "it is ready", func() bool { return n.Ready(t.Context()) == nil })
	if got := n.fold.Applied(last.Position.Partition); got != last.Position.Number {
		t.Errorf("applied up to %d of %s", got, last.Position)
	}
	must(t, n, a.add())
	must(t, n, b.add())
}
