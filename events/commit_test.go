package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/wire"
)

// deferring is a fold that shows events when they are committed. It counts commits, and lets
// them fail.
type deferring struct {
	*fold
	wanted  chan struct{}
	commits atomic.Int64
	fails   atomic.Bool
	broken  atomic.Bool   // it fails for good
	shown   atomic.Uint64 // the number of the last event that was committed
}

var errFullDisk = errors.New("the disk is full")

func (d *deferring) Commit() error {
	if d.broken.Load() {
		return errFullDisk
	}
	if d.fails.Load() {
		return fmt.Errorf("%w: %w", ErrTryAgain, errFullDisk)
	}
	d.commits.Add(1)
	d.shown.Store(d.fold.Applied(0))
	return nil
}

func (d *deferring) Wanted() <-chan struct{} { return d.wanted }

func (d *deferring) Applied(int) uint64 { return d.shown.Load() }

func (d *deferring) WaitFor(ctx context.Context, p wire.Position) error {
	for d.shown.Load() < p.Number {
		select {
		case d.wanted <- struct{}{}:
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// startDeferring starts a node whose read models are a deferring fold.
func startDeferring(t *testing.T, o Options) (*node, *deferring) {
	t.Helper()
	o.Dir, o.Partitions, o.Logger = t.TempDir(), 1, quiet()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	d := &deferring{fold: newFold(1), wanted: make(chan struct{}, 1)}
	following, unfollow := context.WithCancel(context.Background())
	followed := make(chan error, 1)
	go func() { followed <- l.Follow(following, slices.Clone(d.applied), d) }()
	t.Cleanup(func() {
		unfollow()
		if err := errors.Join(<-followed, l.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := l.Start(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return &node{Log: l, fold: d.fold}, d
}

// While much is written there are few commits, and what nobody waits for is committed, too.
func TestFewCommits(t *testing.T) {
	n, d := startDeferring(t, Options{})
	a := found(t, n)
	before, begun := d.commits.Load(), time.Now()
	const commands = 300
	for range commands {
		must(t, n, a.add())
	}
	most := before + int64(time.Since(begun)/commitPause) + 2
	n.seen(t, must(t, n, a.add()).Position)
	if got := d.commits.Load(); got > most+1 {
		t.Errorf("%d commits of %d commands, want %d at most", got, commands, most+1)
	}
}

// What is wanted is committed at once.
func TestWantedCommits(t *testing.T) {
	n, d := startDeferring(t, Options{})
	a := found(t, n)
	for range 20 {
		r := must(t, n, a.add())
		if err := n.AwaitShown(t.Context(), AllEvents, a.org); err != nil || d.Applied(0) < r.Position.Number {
			t.Fatal(err)
		}
	}
}

// A commit that fails is tried again, and meanwhile commands are refused. Whoever has read an
// event in the feed is not shown less by the read models, and waiting for it fails.
func TestACommitIsTriedAgain(t *testing.T) {
	n, d := startDeferring(t, Options{})
	a := found(t, n)
	n.seen(t, must(t, n, a.add()).Position)
	d.fails.Store(true)
	r := must(t, n, a.add())
	soon(t, "it is noticed", func() bool { return errors.Is(n.Ready(t.Context()), errFullDisk) })
	if _, err := n.Run(t.Context(), a.add()); !errors.Is(err, errFullDisk) {
		t.Errorf("a command: %v", err)
	}
	n.seen(t, r.Position)
	if n.Shown(AllEvents, a.org) {
		t.Errorf("%s is shown", r.Position)
	}
	if err := n.AwaitShown(t.Context(), AllEvents, a.org); !errors.Is(err, ErrBehind) {
		t.Errorf("waiting in vain: %v", err)
	}
	d.fails.Store(false)
	soon(t, "it is shown", func() bool { return n.Shown(AllEvents, a.org) })
	soon(t, "it is ready", func() bool { return n.Ready(t.Context()) == nil })
	must(t, n, a.add())
}

// A commit that fails for good stops the partition after what was committed, because no more
// can be read.
func TestACommitThatFailsForGood(t *testing.T) {
	n, d := startDeferring(t, Options{})
	a := found(t, n)
	last := must(t, n, a.add()).Position
	if err := n.AwaitShown(t.Context(), AllEvents, a.org); err != nil {
		t.Fatal(err)
	}
	d.broken.Store(true)
	must(t, n, a.add())
	<-n.partitions[0].stall.ended.Done()
	var stopped *StoppedError
	if err := n.Stopped(); !errors.As(err, &stopped) || !errors.Is(err, errFullDisk) || stopped.After != last {
		t.Errorf("%v, not after %s", err, last)
	}
}

// Who reads of an event in the feed is not shown less by the read models of the same node, also
// if another process has written it.
func TestVisibleEventsAreWaitedFor(t *testing.T) {
	url := natstest.Outside(t)
	other := start(t, Options{Dir: t.TempDir(), URL: url, Partitions: 1})
	n, d := startDeferring(t, Options{URL: url})
	a := found(t, other)
	add := a.add()
	n.seen(t, must(t, other, add).Position)
	soon(t, "it is shown", func() bool { return n.Shown(AllEvents, a.org) })
	d.fails.Store(true)
	remove := must(t, other, domain.RemoveMember{Meta: root(a.org), Workspace: a.ws, User: add.User})
	n.seen(t, remove.Position)
	for _, sort := range []Sort{AllEvents, Withdrawals} {
		if n.Shown(sort, a.org) || n.Shown(sort, domain.OrganizationID{}) {
			t.Errorf("events of sort %d up to %s are shown", sort, remove.Position)
		}
	}
	if !n.Shown(TokenEvents, a.org) {
		t.Error("nothing has happened to a token")
	}
	d.fails.Store(false)
	soon(t, "it is shown", func() bool { return n.Shown(Withdrawals, a.org) && d.Applied(0) >= remove.Position.Number })
}
