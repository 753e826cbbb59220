package projections

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/muster-dev/muster/events/wire"
)

func TestWaitFor(t *testing.T) {
	t.Parallel()
	h := newHistory(4)
	m := h.models(t)
	h.do(t, createOrganization(orgID(1), 1), createOrganization(orgID(2), 1))

	var waiting sync.WaitGroup
	for number := uint64(0); number <= 3; number++ {
		for partition := 1; partition <= 2; partition++ {
			p := wire.Position{Partition: partition, Number: number}
			waiting.Go(func() {
				if err := m.WaitFor(t.Context(), p); err != nil {
					t.Errorf("%s: %v", p, err)
				}
				if m.Applied(p.Partition) < p.Number {
					t.Errorf("%s: came back at %d", p, m.Applied(p.Partition))
				}
			})
		}
	}
	h.follow(t, m)
	waiting.Wait()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.WaitFor(ctx, wire.Position{Partition: 1, Number: 3}); err != nil {
		t.Errorf("what is there already: %v", err)
	}
	if err := m.WaitFor(ctx, wire.Position{Partition: 1, Number: 4}); !errors.Is(err, context.Canceled) {
		t.Errorf("what never comes: %v", err)
	}
	for _, partition := range []int{-1, 4} {
		if err := m.WaitFor(t.Context(), wire.Position{Partition: partition}); err == nil {
			t.Errorf("partition %d: no error", partition)
		}
	}
}

// WaitFor sleeps until the position is applied, and Close ends it.
func TestCloseEndsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newHistory(4).models(t)
		done := make(chan error)
		go func() { done <- m.WaitFor(context.Background(), wire.Position{Partition: 0, Number: 1}) }()
		synctest.Wait() // it sleeps
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, ErrClosed) {
			t.Errorf("waiting: %v", err)
		}
		if _, err := m.Organization(orgID(1)); !errors.Is(err, ErrClosed) {
			t.Errorf("reading: %v", err)
		}
		if err := m.Apply(wire.Message{}); !errors.Is(err, ErrClosed) {
			t.Errorf("applying: %v", err)
		}
	})
}
