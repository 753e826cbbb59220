package feed

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/muster-dev/muster/events/store"
)

// pageSize is the largest number of messages of the feed that are read at once.
const pageSize = 256

// everything is the subject that matches all of the feed's messages.
const everything = store.PublicSubject + ">"

// page reads at most size of the feed's next messages on the subject, from the number
// on. It reads from any replica, and asks the leader if that replica has none. It
// returns no messages if there are none, and also if there is no feed.
func (f *Feed) page(ctx context.Context, subject string, from uint64, size int) ([]store.Message, error) {
	page, err := f.near(ctx, subject, from, size)
	if err != nil || len(page) > 0 {
		return page, err
	}
	m, err := f.store.NextFeedMessage(ctx, f.partition, subject, from)
	switch {
	case errors.Is(err, store.ErrNoMessage), errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return []store.Message{m}, nil
}

// near reads a page from any replica.
func (f *Feed) near(ctx context.Context, subject string, from uint64, size int) (page []store.Message, err error) {
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	stream := store.FeedStream(f.partition)
	options := []jetstreamext.GetBatchOpt{jetstreamext.GetBatchSeq(from)}
	if subject != everything { // without a subject JetStream need not match any
		options = append(options, jetstreamext.GetBatchSubject(subject))
	}
	messages, err := jetstreamext.GetBatch(ctx, f.store.JS, stream, size, options...)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", stream, err)
	}
	for m, err := range messages {
		switch {
		case errors.Is(err, jetstreamext.ErrNoMessages), errors.Is(err, nats.ErrNoResponders): // or there is no feed
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", stream, err)
		}
		page = append(page, store.Message{Sequence: m.Sequence, Data: m.Data})
	}
	// The iterator ends without an error when its time is up.
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", stream, err)
	}
	return page, nil
}
