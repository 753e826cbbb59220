package credentials

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// violations returns an option that sends what the server says of forbidden subjects.
func violations() (nats.Option, <-chan error) {
	seen := make(chan error, 16)
	return nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { seen <- err }), seen
}

func refused(t *testing.T, seen <-chan error, what, subject string) {
	t.Helper()
	select {
	case err := <-seen:
		if !strings.Contains(strings.ToLower(err.Error()), "violation") || !strings.Contains(err.Error(), subject) {
			t.Errorf("%s %s: %v", what, subject, err)
		}
	case <-time.After(patience):
		t.Errorf("%s %s was not refused", what, subject)
	}
}

// A subscriber can publish nothing, wherever and whatever it is, and subscribe to nothing.
func TestForbidden(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		note, seen := violations()
		nc := h.subscriber(t, h.own, password, note)
		own, others := feed+"."+consumerOf(h.own), feed+"."+consumerOf(h.others)
		for _, subject := range []string{
			"anything", "muster.log.00", "muster.feed.00." + h.own, "muster.events." + h.own + "._.member.added",
			"muster.servers.connections", "muster.servers.kick.X",
			"$JS.API.INFO", "$JS.API.STREAM.LIST", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.CREATE.MINE",
			"$JS.API.STREAM.INFO." + feed, "$JS.API.STREAM.UPDATE." + feed, "$JS.API.STREAM.DELETE." + feed, "$JS.API.STREAM.DELETE." + log,
			"$JS.API.STREAM.PURGE." + feed, "$JS.API.STREAM.SNAPSHOT." + feed, "$JS.API.STREAM.RESTORE." + feed,
			"$JS.API.STREAM.MSG.GET." + feed, "$JS.API.STREAM.MSG.GET." + log, "$JS.API.STREAM.MSG.DELETE." + feed,
			"$JS.API.STREAM.PEER.REMOVE." + feed, "$JS.API.STREAM.LEADER.STEPDOWN." + feed, "$JS.API.META.LEADER.STEPDOWN",
			"$JS.API.DIRECT.GET." + feed, "$JS.API.DIRECT.GET." + log, "$JS.API.DIRECT.GET." + feed + ".muster.feed.00." + h.others,
			"$JS.API.CONSUMER.LIST." + feed, "$JS.API.CONSUMER.NAMES." + feed, "$JS.API.CONSUMER.CREATE." + feed, "$JS.API.CONSUMER.CREATE." + own,
			"$JS.API.CONSUMER.CREATE." + own + ".muster.feed.00.>", "$JS.API.CONSUMER.DURABLE.CREATE." + own,
			"$JS.API.CONSUMER.DELETE." + own, "$JS.API.CONSUMER.DELETE." + others, "$JS.API.CONSUMER.PAUSE." + own, "$JS.API.CONSUMER.PAUSE." + others,
			"$JS.API.CONSUMER.UNPIN." + own, "$JS.API.CONSUMER.RESET." + own, "$JS.API.CONSUMER.LEADER.STEPDOWN." + own,
			"$JS.API.CONSUMER.INFO." + others, "$JS.API.CONSUMER.MSG.NEXT." + others, "$JS.API.CONSUMER.MSG.NEXT." + own + ".more",
			"$JS.ACK." + others + ".1.1.1.1.1", "$JS.ACK." + own, "$JS.ACK._.ACCOUNT." + own + ".1.1.1.1.1", "$JS.ACK._.ACCOUNT." + others + ".1.1.1.1.1",
			"$JS.FC." + own + ".1", "$JS.OTHER.API.CONSUMER.INFO." + own,
			"$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.USER.INFO", "$SYS.REQ.USER.AUTH", "$SYS.REQ.ACCOUNT.PING.CONNZ",
			"$KV.bucket.key", "$O.bucket.M.x", "$MQTT.sub.x", "$NRG.V.x",
			"_INBOX.x", Inbox(h.own) + ".x", Inbox(h.others) + ".x", "_R_.x.y", "_GR_.x.y.z",
		} {
			if err := nc.PublishRequest(subject, Inbox(h.own)+".reply", nil); err != nil {
				t.Fatal(err)
			}
			refused(t, seen, "publishing to", subject)
		}
		for _, subject := range []string{
			">", "*", "muster.>", "muster.feed.00." + h.own, "muster.events." + h.own + ".>", "muster.log.00",
			"$JS.>", "$JS.API.>", "$JS.EVENT.>", "$SYS.>", "$SYS.REQ.USER.AUTH", "_INBOX.>", "_INBOX_.>", "*.reply", "_R_.>",
			Inbox(h.own), Inbox(h.others) + ".>", Inbox(h.own) + "x.>",
		} {
			for _, queue := range []string{"", "queue"} {
				if _, err := nc.QueueSubscribeSync(subject, queue); err != nil {
					t.Fatal(err)
				}
				refused(t, seen, "subscribing to", subject)
			}
		}
		for _, damage := range h.damage(t) {
			t.Error(damage)
		}
		if !nc.IsConnected() || len(h.fetch(t, nc, h.own, 5)) != 5 {
			t.Error("its own messages cannot be fetched afterwards")
		}
	})
}
