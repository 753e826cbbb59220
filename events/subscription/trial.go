package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
)

// trial is an event that was handed out, and what is tried with it.
type trial struct {
	m       jetstream.Msg
	handed  uint64 // the number of the message
	number  uint64 // of the event, which is an earlier one if JetStream has left that out
	id      domain.EventID
	attempt int
	at      time.Time
	events  []feed.Event // with those that are delivered together with it
	last    uint64       // number of the last one; before the events are known, of the last one that they may have, or 0
}

// errForeign reports that a message of the feed is not the event with its number. The feed is
// compared with the log elsewhere, and made again.
var errForeign = errors.New("the feed has a message that is not the event with its number")

// read returns the trial of what was handed out.
func (r *runner) read(ctx context.Context, m jetstream.Msg) (*trial, error) {
	meta, err := m.Metadata()
	if err != nil {
		return nil, err
	}
	t := &trial{m: m, handed: meta.Sequence.Stream, attempt: 1, at: r.options.Now()}
	e := feed.Event{Number: t.handed, Stored: m.Data()}
	if r.expected.Number != 0 && r.expected.Number < t.handed {
		if e, err = r.leftOut(ctx, e); err != nil {
			return nil, err
		}
	}
	entry, position, err := wire.Decode(e.Stored)
	if err != nil || position != (wire.Position{Partition: r.spec.Partition, Number: e.Number}) {
		return nil, errors.Join(fmt.Errorf("%w: %s, message %d", errForeign, r.spec.stream(), t.handed), err)
	}
	e.Type = entry.Event.EventType()
	t.number, t.id, t.events = e.Number, entry.ID, []feed.Event{e}
	return t, nil
}

// leftOut returns the event to deliver when another one was handed out than was expected. If the
// expected one has been delivered, by another node, it is the one that was handed out. If not,
// JetStream cannot read the message of the expected one: it leaves such messages out and does not
// report them. The history still has the event.
func (r *runner) leftOut(ctx context.Context, handed feed.Event) (feed.Event, error) {
	consumer, err := r.consumer(ctx, r.spec)
	if err != nil {
		return feed.Event{}, err
	}
	if consumer == nil {
		return feed.Event{}, errLost
	}
	r.unsure = true
	floor := consumer.CachedInfo().AckFloor.Stream
	if floor >= r.expected.Number {
		return handed, nil
	}
	missing, _, err := r.next(ctx, r.spec.Filter(), floor)
	if err != nil || missing.Number == 0 || missing.Number >= handed.Number {
		return handed, err
	}
	if !r.resets {
		return feed.Event{}, fmt.Errorf("%s has no message %d that can be read, and NATS before 2.14 cannot go back to it", r.spec.stream(), missing.Number)
	}
	r.logger.Error("the feed lacks an event: it is delivered from the history",
		slog.String("subscription_id", r.spec.ID.String()), slog.Uint64("number", missing.Number))
	return missing, nil
}

// record returns what is kept of the trial.
func (t *trial) record(partition int, o Outcome) Attempt {
	a := NewAttempt(t.at, o)
	a.Position = &wire.Position{Partition: partition, Number: t.number}
	a.EventID, a.Type, a.Attempt = t.id, t.events[0].Type, t.attempt
	if t.last != t.number {
		a.Last = &wire.Position{Partition: partition, Number: t.last}
	}
	return a
}
