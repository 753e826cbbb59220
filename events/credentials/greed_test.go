package credentials

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// A client that floods the server with requests is disconnected. One that does not stays.
func TestGreed(t *testing.T) {
	h := embedded(t, false)
	h.door.(*Gate).maxReplies = 2000
	h.door.Admit(h.book.lookup())
	modest := h.subscriber(t, h.others, password)
	var gone atomic.Bool
	greedy := h.subscriber(t, h.own, password, nats.NoReconnect(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
		nats.ClosedHandler(func(*nats.Conn) { gone.Store(true) }))
	inbox := greedy.NewRespInbox()
	if _, err := greedy.SubscribeSync(inbox); err != nil {
		t.Fatal(err)
	}
	subject := "$JS.API.CONSUMER.MSG.NEXT." + feed + "." + consumerOf(h.own)
	for until := time.Now().Add(patience); !gone.Load(); {
		if time.Now().After(until) {
			t.Fatal("a greedy client is let do what it likes")
		}
		for range 500 {
			_ = greedy.PublishRequest(subject, inbox, nil) // fails once the connection is closed
		}
		_ = greedy.FlushTimeout(patience)
	}
	if len(h.fetch(t, modest, h.others, 5)) != 5 || modest.Stats().Reconnects != 0 {
		t.Error("the modest client was disconnected")
	}
	h.subscriber(t, h.own, password) // may come again
}
