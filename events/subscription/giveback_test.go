package subscription

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

// An event that could not be read because the node ends is given back at once.
func TestWhatCannotBeReadAtTheEndIsGivenBack(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, Options{})
	n.write(t, 2)
	spec := all(1).from(2, 2)
	must(t, n.Ensure(t.Context(), spec))
	c, err := n.consumer(t.Context(), spec)
	must(t, err)
	m, err := c.Next()
	must(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	// It expects an earlier event, so that it has to look at the consumer.
	r := &runner{Subscriptions: n.Subscriptions, spec: spec, expected: feed.Event{Number: 1}}
	if err := r.handle(ended, m); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	begin := time.Now()
	_, err = c.Next()
	must(t, err)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it was given back after %s", took)
	}
}
