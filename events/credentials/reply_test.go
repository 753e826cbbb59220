package credentials

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// damage returns what is not as furnish has made it.
func (h *house) damage(t *testing.T) (found []string) {
	t.Helper()
	ctx := h.context(t)
	// A message that was written before this one makes it fail.
	if _, err := h.js.Publish(ctx, "muster.log.00", []byte("next"), jetstream.WithExpectLastSequence(3)); err != nil {
		found = append(found, "the log is not as it was: "+err.Error())
	}
	stream, err := h.js.Stream(ctx, feed)
	if err != nil {
		return append(found, "the feed is not there: "+err.Error())
	}
	if state := stream.CachedInfo().State; state.Msgs != 10 || state.LastSeq != 10 || state.Consumers != 2 {
		found = append(found, fmt.Sprintf("the feed has %d messages up to %d, and %d consumers", state.Msgs, state.LastSeq, state.Consumers))
	}
	c, err := h.js.Consumer(ctx, feed, consumerOf(h.others))
	if err != nil {
		return append(found, "the consumer of another subscriber is not there: "+err.Error())
	}
	if info := c.CachedInfo(); info.Delivered.Consumer != 0 || info.NumAckPending != 0 || info.AckFloor.Stream != 0 || info.NumWaiting != 0 || info.NumPending != 5 {
		found = append(found, fmt.Sprintf("the consumer of another subscriber has moved: %+v", info))
	}
	return found
}

// trick makes JetStream publish on the reply subject, in every way that a subscriber can. When
// it returns, JetStream has done so.
func (h *house) trick(t *testing.T, nc *nats.Conn, reply string) {
	t.Helper()
	own := feed + "." + consumerOf(h.own)
	request := func(subject, body, reply string) {
		if err := nc.PublishRequest(subject, reply, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	next := "$JS.API.CONSUMER.MSG.NEXT." + own
	inbox := nc.NewRespInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // it ends with the connection
	request(next, `{"batch":1,"no_wait":true}`, inbox)
	m, err := sub.NextMsg(patience)
	if err != nil {
		t.Fatal(err)
	}
	request(next, `{"batch":1,"no_wait":true}`, reply)  // a message
	request(next, `{"batch":1,"max_bytes":1}`, reply)   // a status: messages are larger
	request(next, `{"batch":-1}`, reply)                // an error
	request("$JS.API.CONSUMER.INFO."+own, "", reply)    // a description
	request(m.Reply, `+NXT {"batch":1}`, reply)         // acknowledges, and asks for a message
	request(m.Reply, "+ACK", reply)                     // an empty message
	request(next, `{"batch":10,"no_wait":true}`, reply) // all that is left
	request(next, `{"batch":1,"no_wait":true}`, reply)  // the status that nothing is left
	request(m.Reply, `+NXT {"no_wait":true}`, reply)    // the same
	request(next, `{"batch":1,"no_wait":true}`, inbox)  // requests are served one after the other
	if _, err := sub.NextMsg(patience); err != nil {
		t.Fatal(err)
	}
}

// targets are reply subjects that a subscriber would like JetStream to publish on.
func (h *house) targets() []string {
	others := feed + "." + consumerOf(h.others)
	return []string{
		"muster.log.00", "muster.feed.00." + h.own,
		"$JS.API.STREAM.DELETE." + log, "$JS.API.STREAM.DELETE." + feed, "$JS.API.STREAM.PURGE." + feed,
		"$JS.API.CONSUMER.DELETE." + others, "$JS.API.CONSUMER.MSG.NEXT." + others, "$JS.API.CONSUMER.PAUSE." + others,
	}
}

// JetStream publishes on any reply subject, but only in the account of the subscribers.
func TestReplySubjects(t *testing.T) {
	for n, target := range (&house{}).targets() {
		t.Run(target, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				h.trick(t, h.subscriber(t, h.own, password), h.targets()[n])
				for _, damage := range h.damage(t) {
					t.Error(damage)
				}
			})
		})
	}
}

// Subscribers must be in an account of their own: in the account of the streams, the same
// requests damage them. If this test fails, NATS has become safer, and [TestReplySubjects] has
// to look for something else.
func TestReplySubjectsInTheAccountOfTheStreams(t *testing.T) {
	for n, target := range (&house{}).targets()[:3] {
		t.Run(target, func(t *testing.T) {
			h := embedded(t, false)
			h.trick(t, h.owner, h.targets()[n])
			if len(h.damage(t)) == 0 {
				t.Error("nothing was damaged")
			}
		})
	}
}

// A reply subject that is an acknowledgement is refused by the server itself.
func TestReplyIsAcknowledgement(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		note, seen := violations()
		nc := h.subscriber(t, h.own, password, note)
		reply := "$JS.ACK." + feed + "." + consumerOf(h.others) + ".1.6.1.1.0"
		for _, subject := range []string{"$JS.API.CONSUMER.MSG.NEXT.", "$JS.API.CONSUMER.INFO."} {
			if err := nc.PublishRequest(subject+feed+"."+consumerOf(h.own), reply, []byte(`{"no_wait":true,"batch":10}`)); err != nil {
				t.Fatal(err)
			}
			refused(t, seen, "replying to", reply)
		}
		for _, damage := range h.damage(t) {
			t.Error(damage)
		}
	})
}

// A header can ask the server to trace a message, and to publish the trace somewhere. What a
// subscriber may not publish to is refused, and nothing gets into the account of the streams.
func TestTrace(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		note, seen := violations()
		nc := h.subscriber(t, h.own, password, note)
		for _, target := range append(h.targets(), Inbox(h.others)+".x", "$SYS.REQ.SERVER.PING") {
			for _, only := range []string{"", "true"} {
				m := nats.NewMsg("$JS.API.CONSUMER.INFO." + feed + "." + consumerOf(h.own))
				m.Header.Set("Nats-Trace-Dest", target)
				if only != "" {
					m.Header.Set("Nats-Trace-Only", only)
				}
				m.Reply = Inbox(h.own) + ".reply"
				if err := nc.PublishMsg(m); err != nil {
					t.Fatal(err)
				}
				refused(t, seen, "tracing to", target)
			}
		}
		for _, damage := range h.damage(t) {
			t.Error(damage)
		}
	})
}
