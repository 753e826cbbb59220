package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

const (
	// pageSize is the largest number of messages of the feed that are read at once.
	pageSize = 256
	// mostPages bounds the pages that one call looks at, if the filter selects little.
	mostPages = 8
	// sparse is how many times the events that a filter selects there must be in a page of
	// all events, so that the following pages are read by JetStream's index.
	sparse = 16
)

// everything is the subject that matches all of the feed's messages.
const everything = store.PublicSubject + ">"

// errMoved reports that the feed's stream is not what it was, and that the feed is looked
// at.
var errMoved = errors.New("the feed has moved")

// past returns events that are not in memory. It looks at a bounded number of events.
func (f *Feed) past(ctx context.Context, filter Filter, after uint64, limit int) (found []Event, next uint64, err error) {
	next = after
	subject := ""
	for range mostPages {
		last := f.Visible()
		if next >= last {
			break
		}
		p, err := f.pageAfter(ctx, subject, next)
		if err != nil {
			return nil, after, err
		}
		before := len(found)
		for _, i := range p.from(next) {
			if i.Number > last {
				break
			}
			if next = i.Number; filter.wants(&i) {
				if found = append(found, i.Event); len(found) == limit {
					return found, next, nil
				}
			}
		}
		next = max(next, min(p.upto, last))
		if subject == "" && (len(found)-before)*sparse < len(p.items) {
			subject = filter.subject()
		}
	}
	return found, next, nil
}

// pageAfter returns a page that holds the event after the number. As far as the feed has
// been compared with the log the page is the feed's, and only holds events on the subject.
// Beyond that, and while there is no feed, it is the log's and holds all events.
func (f *Feed) pageAfter(ctx context.Context, subject string, after uint64) (*page, error) {
	if made, last := f.view.stored(); after < last {
		p, err := f.history.pages.get(ctx, feedSource(f.partition, made, subject), after, func(ctx context.Context) (*page, error) {
			return f.readFeed(ctx, made, last, subject, after)
		})
		if !errors.Is(err, errMoved) {
			return p, err
		}
	}
	return f.history.pages.get(ctx, logSource(f.partition), after, func(ctx context.Context) (*page, error) {
		return f.readLog(ctx, after)
	})
}

// readLog reads a page of the log.
func (f *Feed) readLog(ctx context.Context, after uint64) (*page, error) {
	at, ok := f.history.pages.end(f.partition, after)
	if !ok {
		var err error
		if at, ok, err = f.log.Before(ctx, after+1); err != nil {
			return nil, err
		}
	}
	p := &page{upto: after}
	if ok {
		messages, err := f.log.Page(ctx, at)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			for i := range m.Entries {
				if m.Entries[i].Number > after {
					p.add(itemOf(&m.Entries[i]))
				}
			}
			p.end = m.Checkpoint()
		}
	}
	if len(p.items) == 0 {
		return nil, fmt.Errorf("%w: the log has no event %s", ErrBehind, wire.Position{Partition: f.partition, Number: after + 1})
	}
	return p, nil
}

// readFeed reads a page of the feed's stream, which is the one that was made then. It has
// been compared with the log up to last. Meanwhile the stream may be deleted and made
// again, and a replica of it may lag behind: both hold a beginning of the same history. So
// only the leader is believed when it says that there is nothing more, and only if the
// stream is still the same one.
func (f *Feed) readFeed(ctx context.Context, made time.Time, last uint64, subject string, after uint64) (*page, error) {
	messages, err := f.store.FeedPage(ctx, f.partition, subject, after+1, pageSize)
	if err == nil && len(messages) == 0 {
		messages, err = f.leaders(ctx, subject, after+1)
	}
	if err != nil {
		return nil, err
	}
	p := &page{upto: after}
	for _, m := range messages {
		if m.Sequence > last {
			p.upto = last
			break
		}
		entry, position, err := wire.Decode(m.Data)
		if err != nil || position != (wire.Position{Partition: f.partition, Number: m.Sequence}) || subject == "" && m.Sequence != p.upto+1 {
			return nil, f.moved(ctx, made, last)
		}
		p.add(itemOf(&entry))
	}
	if len(messages) > 0 {
		return p, nil
	}
	if there, err := f.holds(ctx, made, last); err != nil || !there || subject == "" {
		return nil, errors.Join(err, f.moved(ctx, made, last))
	}
	p.upto = last
	return p, nil
}

// leaders reads the feed's next message on the subject from the stream's leader. It returns
// no message if there is none, and also if there is no feed.
func (f *Feed) leaders(ctx context.Context, subject string, from uint64) ([]store.Message, error) {
	if subject == "" {
		subject = everything
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

// moved has the feed looked at, because the stream that was made then lacks a message up to
// last or has another one in its place. It returns errMoved.
func (f *Feed) moved(ctx context.Context, made time.Time, last uint64) error {
	there, err := f.holds(ctx, made, last)
	if err != nil {
		return err
	}
	if there {
		f.distrust()
	}
	return errMoved
}

// holds reports whether the feed is whole, is the stream that was made then, and
// reaches as far as the number. If it does not, the feed is looked at.
func (f *Feed) holds(ctx context.Context, made time.Time, number uint64) (bool, error) {
	stream, err := f.store.Feed(ctx, f.partition)
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return false, fmt.Errorf("reading %s: %w", store.FeedStream(f.partition), err)
	}
	if err == nil {
		info := stream.CachedInfo()
		if f.store.Whole(info) && info.Created.Equal(made) && info.State.LastSeq >= number {
			return true, nil
		}
	}
	f.lose()
	return false, nil
}
