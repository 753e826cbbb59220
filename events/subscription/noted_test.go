package subscription

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

// A position that could not be noted is noted later, without another event.
func TestAPositionIsNotedLater(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 1)
	noting := func(most int32) {
		config := n.cursors.CachedInfo().Config
		config.MaxMsgSize = most
		_, err := n.js.UpdateStream(t.Context(), config)
		must(t, err)
	}
	var tried atomic.Int64
	to := newReceiver()
	to.outcome = func(context.Context, []feed.Event, int) Outcome {
		noting(1)
		heard, err := n.store.Conn.Subscribe(cursorSubject+">", func(*nats.Msg) { tried.Add(1) })
		must(t, err)
		t.Cleanup(func() { _ = heard.Unsubscribe() })
		return Outcome{Kind: Delivered}
	}
	n.deliver(t, all(1), to)
	to.expect(t, 1)
	until(t, "it was tried when the event was delivered, and about a second later", func() bool { return tried.Load() >= 2 })
	noting(cursorsConfig.MaxMsgSize)
	until(t, "the position is noted", func() bool {
		note, err := n.note(t.Context(), all(1).ID)
		return err == nil && note.Position == 1
	})
}
