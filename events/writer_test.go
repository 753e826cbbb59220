package events

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/store"
)

// A request that comes into the queue when the writer has already ended is answered, and
// does not wait for its context.
func TestARequestBehindTheWritersEnd(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	w := n.partitions[0].writer
	late := newWriter(w.process, w.appender.log, w.health, w.stall) // its caller has not seen that it was stopped
	close(late.ended)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r := &request{ctx: ctx, command: a.add(), answered: make(chan struct{})}
	if _, err := late.submit(ctx, r); !errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
		t.Error(err)
	}
}

// After a failed append the partition is not ready and takes no commands, until it is shown
// that it can be written to.
func TestNotReadyFromTheFirstFailedAppend(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	w := n.partitions[0].writer
	w.health.flying.Store(true) // as while a group is in flight
	w.appender.failed(errors.New("nobody has answered"))
	if w.appender.works() {
		t.Error("a probe counts although a group is in flight")
	}
	if err := n.Ready(t.Context()); err == nil {
		t.Error("ready although an append has failed")
	}
	begun := time.Now()
	if _, err := n.Run(t.Context(), a.add()); !errors.Is(err, store.ErrUnavailable) || time.Since(begun) > time.Second {
		t.Errorf("a command after %s: %v", time.Since(begun), err)
	}
	w.health.flying.Store(false)
	for deadline := time.Now().Add(10 * time.Second); n.Ready(t.Context()) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not ready although the partition can be written to")
		}
	}
	must(t, n, a.add())
}
