package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/muster-dev/muster/events/wire"
)

// PageBytes bounds the bytes of a page. A page has at least one message, whatever the
// message's size is.
const PageBytes = 128 << 10

// logPageSize bounds the messages of a page of the log.
const logPageSize = 64

// pageQueue is how many messages of a page can wait to be read. No page has more. Room for them
// is made for every page, and by default it takes half a megabyte.
const pageQueue = 512

// FeedPage reads at most size messages of a partition's feed from the number on, and at
// most about [PageBytes]. If the subject is not empty it reads only messages on it. It
// reads from any replica, which may lag behind. It returns no messages if that replica
// has none, and also if there is no feed.
func (s *Store) FeedPage(ctx context.Context, partition int, subject string, from uint64, size int) (page []Message, err error) {
	options := []jetstreamext.GetBatchOpt{jetstreamext.GetBatchSeq(from), jetstreamext.GetBatchMaxBytes(PageBytes)}
	if subject != "" { // without a subject JetStream need not match any
		options = append(options, jetstreamext.GetBatchSubject(subject))
	}
	err = s.page(ctx, FeedStream(partition), size, options, func(m *jetstream.RawStreamMsg) error {
		page = append(page, Message{Sequence: m.Sequence, Data: m.Data})
		return nil
	})
	return page, err
}

// Page reads the next messages after the checkpoint, at most about [PageBytes] of them,
// and checks the chain. It returns no messages if the log has none.
func (p *Partition) Page(ctx context.Context, after wire.Checkpoint) (page []wire.Message, err error) {
	at, end := after, p.end.Load()
	if end != nil && at.Message >= end.Message {
		return nil, nil
	}
	err = p.source.page(ctx, at.Message+1, func(e wire.Envelope) error {
		m, err := e.Decode(at)
		if err != nil {
			return err
		}
		page, at = append(page, m), m.Checkpoint()
		if end != nil && at.Message >= end.Message {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return page, err
}

// page calls each with the messages of one batch.
func (s *Store) page(ctx context.Context, stream string, size int, options []jetstreamext.GetBatchOpt, each func(*jetstream.RawStreamMsg) error) error {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	js, err := s.reading.open(ctx)
	if err != nil {
		return err
	}
	messages, err := jetstreamext.GetBatch(ctx, js, stream, size, options...)
	if err != nil {
		return fmt.Errorf("reading %s: %w", stream, err)
	}
	for m, err := range messages {
		switch {
		case errors.Is(err, jetstreamext.ErrNoMessages), errors.Is(err, nats.ErrNoResponders): // or there is no stream
			return nil
		case err != nil:
			return fmt.Errorf("reading %s: %w", stream, err)
		}
		if err := each(m); err != nil {
			return err
		}
	}
	// The iterator ends without an error when its time is up.
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", stream, err)
	}
	return nil
}

// Entry reads the event with the number. The error wraps [ErrNoMessage] if the log does
// not have it.
func (p *Partition) Entry(ctx context.Context, number uint64) (wire.Entry, error) {
	if last, err := p.ended(ctx); err == nil && last > 0 { // most are at the end
		if m, err := p.decoded(ctx, last); err == nil && number >= m.First() && number <= m.Last() {
			return m.Entries[number-m.First()], nil
		}
	}
	before, ok, err := p.Before(ctx, number)
	if err != nil {
		return wire.Entry{}, err
	}
	if !ok {
		return wire.Entry{}, fmt.Errorf("event %s: %w", wire.Position{Partition: p.Number, Number: number}, ErrNoMessage)
	}
	m, err := p.decoded(ctx, before.Message+1)
	if err != nil {
		return wire.Entry{}, err
	}
	return m.Entries[number-m.First()], nil
}
