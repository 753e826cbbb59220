package feed

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// maxOwn is how many messages may wait for their turn. If there are more, they are read
// from the log.
const maxOwn = 64

// maxConflicts is how often publishing is retried immediately when another process was
// faster.
const maxConflicts = 3

// advance publishes the messages of this process whose turn it is. A message that
// follows events of another process waits until that process has published them.
func (f *Feed) advance(ctx context.Context) error {
	for conflicts := 0; ; {
		f.believe()
		for len(f.own) > 0 && f.own[0].Last() <= f.last {
			f.own[0] = wire.Message{} // so that its events can be freed
			f.own = f.own[1:]
		}
		switch {
		case len(f.own) > maxOwn:
			return f.look(ctx)
		case len(f.own) == 0 || f.own[0].First() > f.last+1:
			return nil
		}
		err := f.send(ctx, f.turn())
		if store.IsConflict(err) && conflicts < maxConflicts {
			conflicts++
			err = f.open(ctx) // how far has the other process come?
		}
		if err != nil {
			return err
		}
	}
}

// believe accepts what other processes say they have published, but only up to the next
// event that this process has to publish itself. So a false announcement keeps no event
// out of the feed.
func (f *Feed) believe() {
	number := min(f.others, f.wanted)
	if len(f.own) > 0 {
		number = min(number, f.own[0].First()-1)
	}
	f.last = max(f.last, number)
}

// turn returns the events that the feed lacks of the messages whose turn it is: the next one,
// and those that follow it without a gap. They are published together.
func (f *Feed) turn() []*wire.Entry {
	var entries []*wire.Entry
	next := f.last + 1
	for _, m := range f.own {
		if m.First() > next || len(entries) >= store.FeedWindow {
			break
		}
		entries, next = f.lacking(entries, m), m.Last()+1
	}
	return entries
}

// lacking appends the events of the message that the feed lacks.
func (f *Feed) lacking(entries []*wire.Entry, m wire.Message) []*wire.Entry {
	for i := range m.Entries {
		if m.Entries[i].Number > f.last {
			entries = append(entries, &m.Entries[i])
		}
	}
	return entries
}

// send publishes events that follow the feed's last one, and returns when the feed holds
// them. JetStream acknowledges only the first and the last event of each window. Each event
// is stored after the one before it or not at all. So if the last event is stored, all are.
// If it is not, the reply to the first event says why. A reply with another number is not
// JetStream's, or is about another stream: then the feed is looked at.
func (f *Feed) send(ctx context.Context, entries []*wire.Entry) error {
	for window := range slices.Chunk(entries, store.FeedWindow) {
		var answers []answer
		between := newMessage() // for all messages between the first and the last: nats.go does not keep it
		for i, e := range window {
			if i > 0 && i < len(window)-1 {
				if err := f.store.Conn.PublishMsg(f.message(between, e)); err != nil {
					return fmt.Errorf("publishing event %d: %w", e.Number, err)
				}
				continue
			}
			future, err := f.store.JS.PublishMsgAsync(f.message(newMessage(), e))
			if err != nil {
				return fmt.Errorf("publishing event %d: %w", e.Number, err)
			}
			answers = append(answers, answer{future, e.Number})
		}
		if err := f.stored(ctx, answers); err != nil {
			return err
		}
	}
	f.reached(f.last)
	f.announce()
	return nil
}

// answer is the reply to an event that was published, once it is there.
type answer struct {
	jetstream.PubAckFuture
	number uint64 // of the event
}

// stored waits for the replies.
func (f *Feed) stored(ctx context.Context, answers []answer) error {
	sound := f.store.Sound()
	deadline := time.NewTimer(store.CallTimeout)
	defer deadline.Stop()
	for _, a := range answers {
		select {
		case ack := <-a.Ok():
			if ack.Sequence != a.number || ack.Stream != f.stream {
				f.distrust()
				return fmt.Errorf("publishing event %d: the reply says that it is event %d of %s: %w", a.number, ack.Sequence, ack.Stream, wire.ErrDamaged)
			}
			f.last = a.number
		case err := <-a.Err():
			return fmt.Errorf("publishing events after %d: %w", f.last, err)
		case <-deadline.C:
			return fmt.Errorf("publishing events after %d: no answer within %s", f.last, store.CallTimeout)
		case <-sound.Done():
			return fmt.Errorf("publishing events after %d: %w", f.last, store.ErrDisk)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// newMessage returns an empty message.
func newMessage() *nats.Msg {
	return &nats.Msg{Header: nats.Header{"Content-Type": contentType, jetstream.ExpectedLastSeqHeader: make([]string, 1)}}
}

// contentType is the header of every message. It is never changed.
var contentType = []string{"application/cloudevents+json"}

// StoredSubject returns the subject of the event in the feed's stream.
func StoredSubject(e *wire.Entry) string {
	return string(appendSubject([]byte(store.PublicSubject), e.Event))
}

// IsHeader reports whether these are the headers, as on the wire, that the feed's stream has for
// the event. The client writes them in any order.
func IsHeader(header []byte, e *wire.Entry) bool {
	first := "Content-Type: " + contentType[0] + "\r\n"
	second := jetstream.ExpectedLastSeqHeader + ": " + strconv.FormatUint(e.Number-1, 10) + "\r\n"
	text := string(header)
	return text == headerLine+first+second+"\r\n" || text == headerLine+second+first+"\r\n"
}

// headerLine begins the headers of a message on the wire.
const headerLine = "NATS/1.0\r\n"

// message makes msg the event as subscribers get it: a CloudEvent in structured mode, on a
// subject by which JetStream can filter. JetStream refuses the message unless it gets its
// place in the feed.
func (f *Feed) message(msg *nats.Msg, e *wire.Entry) *nats.Msg {
	msg.Subject = string(appendSubject(append(make([]byte, 0, 128), f.subject...), e.Event))
	msg.Header[jetstream.ExpectedLastSeqHeader][0] = strconv.FormatUint(e.Number-1, 10)
	msg.Data = e.Stored
	return msg
}
