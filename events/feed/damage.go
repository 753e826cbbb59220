package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// damage is why a stream cannot be the feed.
type damage struct {
	made   time.Time // creation time of the stream
	reason error     // around [wire.ErrDamaged]
	sure   bool      // JetStream's own counts say so
}

func damaged(info *jetstream.StreamInfo, format string, arguments ...any) *damage {
	return &damage{info.Created, fmt.Errorf(format+": %w", append(arguments, wire.ErrDamaged)...), false}
}

// damage returns why the stream cannot be the feed, or nil if no reason is known. It
// compares the stream's last event with the log. Events have unique ids, so a feed with
// the log's event at its end has the log's history before it. It also compares the first
// event that this process does not know to be there: if somebody else has published
// something in its place, the events that were in flight behind it have come after that.
func (f *Feed) damage(ctx context.Context, info *jetstream.StreamInfo) (*damage, error) {
	if !f.store.Whole(info) {
		d := damaged(info, "it is not this log's, or lacks its beginning")
		d.sure = true
		return d, nil
	}
	if d := f.damaged.Load(); d != nil && d.made.Equal(info.Created) {
		return d, nil
	}
	last := info.State.LastSeq
	if last == 0 {
		return nil, nil
	}
	tip, err := f.log.Tip(ctx)
	if err != nil {
		return nil, err
	}
	if last > tip.Number {
		return damaged(info, "it has %d events, and the log has %d", last, tip.Number), nil
	}
	numbers := []uint64{last}
	if f.made.Equal(info.Created) && f.last+1 < last {
		numbers = append(numbers, f.last+1)
	}
	for _, number := range numbers {
		entry, err := f.log.Entry(ctx, number)
		if err != nil {
			return nil, err
		}
		if d, err := f.differs(ctx, info, &entry); err != nil || d != nil {
			return d, err
		}
	}
	return nil, nil
}

// differs returns damage if the stream does not hold the log's event, according to the
// stream's leader.
func (f *Feed) differs(ctx context.Context, info *jetstream.StreamInfo, e *wire.Entry) (*damage, error) {
	at := wire.Position{Partition: f.partition, Number: e.Number}
	m, err := f.store.FeedMessage(ctx, f.partition, e.Number)
	switch {
	case errors.Is(err, store.ErrNoMessage):
		return damaged(info, "event %s is missing", at), nil
	case err != nil:
		return nil, err
	case !bytes.Equal(m.Data, e.Stored):
		return damaged(info, "event %s is not the log's", at), nil
	}
	return nil, nil
}
