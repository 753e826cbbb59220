package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/wire"
)

// deferring is a fold that counts commits, and lets them fail.
type deferring struct {
	*fold
	wanted  chan struct{}
	commits atomic.Int64
	fails   atomic.Bool
}

var errFullDisk = errors.New("the disk is full")

func (d *deferring) Commit() error {
	if d.fails.Load() {
		return fmt.Errorf("%w: %w", ErrTryAgain, errFullDisk)
	}
	d.commits.Add(1)
	return nil
}

func (d *deferring) Wanted() <-chan struct{} { return d.wanted }

// startDeferring starts a node whose read models are a deferring fold.
func startDeferring(t *testing.T) (*node, *deferring) {
	t.Helper()
	l, err := Open(t.Context(), Options{Dir: t.TempDir(), Partitions: 1, Logger: quiet()})
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
	n, d := startDeferring(t)
	a := found(t, n)
	before, begun := d.commits.Load(), time.Now()
	const commands = 300
	for range commands {
		n.seen(t, wire.Position{}) // nothing that anybody must wait for
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
	n, d := startDeferring(t)
	a := found(t, n)
	for range 20 {
		r := must(t, n, a.add())
		if err := d.WaitFor(t.Context(), r.Position); err != nil { // applied
			t.Fatal(err)
		}
		d.wanted <- struct{}{}
		n.seen(t, r.Position)
	}
}

// Nothing reaches the feed that is not committed. A commit that fails is tried again, and
// meanwhile commands are refused.
func TestACommitIsTriedAgain(t *testing.T) {
	n, d := startDeferring(t)
	a := found(t, n)
	n.seen(t, must(t, n, a.add()).Position)
	d.fails.Store(true)
	r := must(t, n, a.add())
	soon(t, "it is noticed", func() bool { return errors.Is(n.Ready(t.Context()), errFullDisk) })
	if _, err := n.Run(t.Context(), a.add()); !errors.Is(err, errFullDisk) {
		t.Errorf("a command: %v", err)
	}
	if got := n.Visible(0); got.Number >= r.Position.Number {
		t.Errorf("%s is visible", got)
	}
	d.fails.Store(false)
	n.seen(t, r.Position)
	soon(t, "it is ready", func() bool { return n.Ready(t.Context()) == nil })
	must(t, n, a.add())
}
