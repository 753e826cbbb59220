package feed

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// reply is a reply to what was published.
type reply chan *jetstream.PubAck

func (r reply) Ok() <-chan *jetstream.PubAck { return r }
func (reply) Err() <-chan error              { return nil }
func (reply) Msg() *nats.Msg                 { return nil }

// A reply that gives an event another place than its own is not believed. Otherwise the
// events up to that place would never be published.
func TestAReplyWithAnotherPlaceIsNotBelieved(t *testing.T) {
	n := open(t, store.Options{Dir: t.TempDir()})
	n.last = 4
	said := make(reply, 1)
	said <- &jetstream.PubAck{Stream: store.FeedStream(0), Sequence: 1000}
	if err := n.stored(t.Context(), []answer{{said, 5}}); !errors.Is(err, wire.ErrDamaged) {
		t.Errorf("stored: %v", err)
	}
	if n.last != 4 {
		t.Errorf("the feed is thought to have %d events", n.last)
	}
	select {
	case <-n.losing:
	default:
		t.Error("the feed is not looked at")
	}
}
