package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// acks receives JetStream's replies to what is appended to a partition. It replaces
// [jetstream.JetStream.PublishMsg], because every command waits for it: no goroutine passes the
// reply on, and the usual reply is not decoded.
type acks struct {
	mu      sync.Mutex // held while a reply is waited for: a partition has one writer
	replies chan *nats.Msg
	inbox   string // what the subjects of the replies begin with; empty before the first message
	sent    uint64 // how many messages were sent
	usual   []byte // the reply to a message that was stored where it was expected
}

// mostLate is how many replies may come that nobody waits for any more.
const mostLate = 1024

// publish publishes a message that must become the one with the sequence, and returns nil when
// it is stored. The subject of each reply is its own, so that a late one is not taken for the
// reply to another message. The errors are those of nats.go and JetStream.
func (a *acks) publish(ctx context.Context, conn *nats.Conn, msg *nats.Msg, stream string, sequence uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.inbox == "" {
		inbox, replies := conn.NewInbox()+".", make(chan *nats.Msg, mostLate)
		if _, err := conn.ChanSubscribe(inbox+"*", replies); err != nil {
			return err
		}
		a.inbox, a.replies = inbox, replies
	}
	a.sent++
	msg.Reply = a.inbox + strconv.FormatUint(a.sent, 10)
	if err := conn.PublishMsg(msg); err != nil {
		return err
	}
	for {
		select {
		case reply := <-a.replies:
			if reply.Subject == msg.Reply {
				return a.outcome(reply, stream, sequence)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// outcome returns what a reply says.
func (a *acks) outcome(reply *nats.Msg, stream string, sequence uint64) error {
	a.usual = append(append(append(a.usual[:0], `{"stream":"`...), stream...), `","seq":`...)
	a.usual = append(strconv.AppendUint(a.usual, sequence, 10), '}')
	if string(reply.Data) == string(a.usual) {
		return nil
	}
	if len(reply.Data) == 0 && reply.Header.Get("Status") == noResponders {
		return jetstream.ErrNoStreamResponse
	}
	var said struct {
		Error *jetstream.APIError `json:"error"`
		jetstream.PubAck
	}
	switch err := json.Unmarshal(reply.Data, &said); {
	case err != nil, said.Error == nil && said.Stream == "":
		return jetstream.ErrInvalidJSAck
	case said.Error != nil:
		return said.Error
	case said.Sequence != sequence:
		return fmt.Errorf("JetStream stored the message as %d and not as %d", said.Sequence, sequence)
	}
	return nil
}

// noResponders is the status of the reply if nobody listens on a message's subject.
const noResponders = "503"
