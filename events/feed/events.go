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

// Events returns the visible events after the number that the filter wants, in order and
// at most limit of them. It also returns next, the number up to which it has looked: the
// following call begins there. Fewer than limit events do not mean that there are no
// more. There are no more if next equals after; then [Feed.Wait] tells when to ask
// again. While the feed is being rebuilt or checked, Events waits. If that takes too
// long, the error wraps [ErrBehind].
func (f *Feed) Events(ctx context.Context, filter Filter, after uint64, limit int) (found []Event, next uint64, err error) {
	if found, next, ok := f.view.read(filter, after, limit); ok {
		return found, next, nil
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if err := f.view.until(wait, func() bool { return f.view.readable() > after }); err != nil {
			return nil, after, behind(err)
		}
		found, next, err := f.read(ctx, filter, after, limit)
		if err != nil || next > after {
			return found, next, err
		}
	}
}

// read returns events from the feed's stream. Meanwhile the stream may be deleted and
// made again, and a replica of it may lag behind. So read believes only the leader when
// it says that there is nothing more, and only if the stream is the one that was checked
// and has the length that it must have. Otherwise read returns the events that it has
// found so far, and the feed is looked at.
func (f *Feed) read(ctx context.Context, filter Filter, after uint64, limit int) (found []Event, next uint64, err error) {
	made, last := f.view.stored()
	if there, err := f.holds(ctx, made, last); err != nil || !there {
		return nil, after, err
	}
	subject, exact := filter.subject()
	for next = after; next < last && len(found) < limit; {
		size := pageSize
		if exact {
			size = min(size, limit-len(found))
		}
		page, err := f.page(ctx, subject, next+1, size)
		if err != nil {
			return nil, after, err
		}
		for _, m := range page {
			if m.Sequence > last {
				return found, last, nil
			}
			if len(found) == limit {
				return found, next, nil
			}
			entry, _, err := wire.Decode(m.Data)
			if err != nil {
				return nil, after, err
			}
			if i := itemOf(&entry); filter.wants(&i) {
				found = append(found, i.Event)
			}
			next = m.Sequence
		}
		if len(page) > 0 {
			continue
		}
		if there, err := f.holds(ctx, made, last); err != nil || !there {
			return found, next, err // the rest can be read when the feed has been rebuilt
		}
		next = last
	}
	return found, next, nil
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
