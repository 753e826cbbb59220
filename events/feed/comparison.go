package feed

import (
	"bytes"
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// comparison reads a stretch of the feed's stream side by side with the log.
type comparison struct {
	*Feed
	at   wire.Checkpoint // everything up to it has been compared
	last uint64          // number of the last message of the feed that is compared
	page []store.Message // of the feed, to be compared
}

// compareAfter returns a comparison of what follows the event with the number.
func (f *Feed) compareAfter(ctx context.Context, number, last uint64) (*comparison, error) {
	c := &comparison{Feed: f, at: wire.Checkpoint{Position: wire.Position{Partition: f.partition}}, last: last}
	if number == 0 {
		return c, nil
	}
	at, ok, err := f.log.Before(ctx, number+1)
	if err == nil && !ok { // the log ends there, or before
		at, err = f.log.Tip(ctx)
	}
	c.at = at
	return c, err
}

// next compares the events of the log's next page. It calls each with the log's events in
// order, up to last, each with the feed's message or nil. It reports false if the log has
// no more events.
func (c *comparison) next(ctx context.Context, each func(*wire.Entry, *store.Message) error) (bool, error) {
	messages, err := c.log.Page(ctx, c.at)
	if err != nil || len(messages) == 0 {
		return false, err
	}
	for _, m := range messages {
		for i := range m.Entries {
			e := &m.Entries[i]
			if e.Number > c.last {
				break
			}
			of, err := c.message(ctx, e.Number)
			if err == nil {
				err = each(e, of)
			}
			if err != nil {
				return false, err
			}
		}
		c.at = m.Checkpoint()
	}
	return true, nil
}

// message returns the feed's message with the number, or nil if the stream lacks it.
func (c *comparison) message(ctx context.Context, number uint64) (*store.Message, error) {
	for len(c.page) > 0 && c.page[0].Sequence < number {
		c.page = c.page[1:]
	}
	if len(c.page) == 0 {
		page, err := c.store.FeedPage(ctx, c.partition, "", number, pageSize)
		if err == nil && len(page) == 0 {
			page, err = c.leaders(ctx, "", number)
		}
		if err != nil {
			return nil, err
		}
		c.page = page
	}
	if len(c.page) == 0 || c.page[0].Sequence > number {
		return nil, nil
	}
	return &c.page[0], nil
}

// errDiffers ends a comparison that has found damage.
type errDiffers struct{ *damage }

func (e errDiffers) Error() string { return e.reason.Error() }

// strictly returns a function for next that ends the comparison at the first event that
// differs. A replica may lag behind or be damaged by itself, so the leader is asked before.
func (c *comparison) strictly(ctx context.Context, info *jetstream.StreamInfo) func(*wire.Entry, *store.Message) error {
	return func(e *wire.Entry, m *store.Message) error {
		if m != nil && bytes.Equal(m.Data, e.Stored) {
			return nil
		}
		d, err := c.differs(ctx, info, e)
		if err == nil && d != nil {
			err = errDiffers{d}
		}
		return err
	}
}

// damageOf returns the damage that an error reports, or nil.
func damageOf(err error) *damage {
	var d errDiffers
	if errors.As(err, &d) {
		return d.damage
	}
	return nil
}
