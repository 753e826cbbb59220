package credentials

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A foreign client with a subscriber's credentials fetches its consumer and acknowledges.
func TestFetchAndAcknowledge(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		nc := h.subscriber(t, h.own, password)
		messages := h.fetch(t, nc, h.own, 5)
		if len(messages) != 5 {
			t.Fatalf("%d messages", len(messages))
		}
		for i, m := range messages {
			if m.Subject() != "muster.feed.00."+h.own {
				t.Error("a message of somebody else:", m.Subject())
			}
			var err error
			switch i {
			case 4:
				err = m.Nak()
			default:
				err = m.DoubleAck(h.context(t))
			}
			if err != nil {
				t.Error(err)
			}
		}
		again := h.fetch(t, nc, h.own, 1)
		if len(again) != 1 || again[0].Ack() != nil {
			t.Fatal("the message that was not taken did not come again")
		}
		info := h.consumer(t, h.own)
		if _, err := again[0].Metadata(); err != nil || info.AckFloor.Stream < 4 {
			t.Errorf("acknowledged up to %d, %v", info.AckFloor.Stream, err)
		}
		if err := h.door.CanIssue(); err != nil {
			t.Error(err)
		}
	})
}

// consumer returns what the owner sees of the user's consumer.
func (h *house) consumer(t *testing.T, user string) *jetstream.ConsumerInfo {
	t.Helper()
	c, err := h.js.Consumer(h.context(t), feed, consumerOf(user))
	if err != nil {
		t.Fatal(err)
	}
	return c.CachedInfo()
}

// A request that would stay open for longer than the server remembers where its replies go is
// refused, and the client learns why.
func TestLongRequest(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		nc := h.subscriber(t, h.own, password)
		body := fmt.Sprintf(`{"batch":1,"expires":%d}`, MaxExpires+time.Second)
		m, err := nc.Request("$JS.API.CONSUMER.MSG.NEXT."+feed+"."+consumerOf(h.own), []byte(body), patience)
		if err != nil || m.Header.Get("Status") != "409" || !strings.Contains(m.Header.Get("Description"), "MaxRequestExpires") {
			t.Errorf("%v, %v", m, err)
		}
	})
}
