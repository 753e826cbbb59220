package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// newer appends an event of a type that this version does not know.
func newer(t *testing.T, n *node, a tenant) {
	t.Helper()
	p := n.Partition(a.org)
	tip, err := n.partitions[p].Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := record(root(a.org), tip.Time, tip.Number+1, domain.WorkspaceArchived{About: domain.About{Organization: a.org, Workspace: a.ws}})
	ids := wire.EventIDs{Last: tip.ID}
	r.ID = ids.Next(tip.Time)
	payload, err := wire.Append(nil, p, &r)
	if err != nil {
		t.Fatal(err)
	}
	payload = bytes.Replace(append(payload, ']'), []byte("workspace.archived"), []byte("workspace.teleported"), 1)
	if err := n.partitions[p].Append(t.Context(), wire.Next(tip, "a newer version", payload)); err != nil {
		t.Fatal(err)
	}
}

// An event of an unknown type stops its partition at that event. The other partitions go
// on, also after a restart.
func TestWhatIsNotUnderstoodStopsItsPartition(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 2})
	a := found(t, n)
	b := found(t, n)
	for n.Partition(b.org) == n.Partition(a.org) {
		b = found(t, n)
	}
	newer(t, n, a)
	<-n.partitions[n.Partition(a.org)].stall.ended.Done()
	if err := n.Ready(t.Context()); !errors.Is(err, wire.ErrUnknownType) {
		t.Fatalf("ready: %v", err)
	}
	add := b.add()
	must(t, n, add)
	if err := n.fold.WaitFor(t.Context(), must(t, n, b.add()).Position); err != nil {
		t.Fatalf("the other partition stands still: %v", err)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	applied := n.fold.Applied(n.Partition(a.org))
	n = start(t, Options{Dir: dir, Partitions: 2})
	if err := n.Ready(t.Context()); !errors.Is(err, wire.ErrUnknownType) || !strings.Contains(err.Error(), fmt.Sprintf("partition %d", n.Partition(a.org))) {
		t.Fatalf("ready after a restart: %v", err)
	}
	if _, err := n.Run(t.Context(), a.add()); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, wire.ErrUnknownType) {
		t.Fatalf("a command to the partition that has stopped: %v", err)
	}
	if err := n.fold.WaitFor(t.Context(), must(t, n, b.add()).Position); err != nil {
		t.Fatalf("the other partition stands still after a restart: %v", err)
	}
	soon(t, "what came before is shown", func() bool { return n.fold.Applied(n.Partition(a.org)) == applied })
}

// A log of which no partition can be followed is not started.
func TestNothingStartsIfAllHasStopped(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 2})
	a, b := apart(t, n)
	newer(t, n, a)
	newer(t, n, b)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 2}); !errors.Is(err, wire.ErrUnknownType) {
		t.Fatalf("started: %v", err)
	}
}

// A command to a stopped partition is answered and not held for ever.
func TestAStoppedPartitionAnswers(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	newer(t, n, a)
	<-n.partitions[n.Partition(a.org)].stall.ended.Done()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := n.Run(ctx, a.add()); !errors.Is(err, store.ErrUnavailable) {
		t.Fatal(err)
	}
}
