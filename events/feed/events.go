package feed

import "context"

// live is how many events a reader may lack and still be served at once. Others wait for
// their turn.
const live = pageSize

// Events returns the visible events after the number that the filter wants, in order and
// at most limit of them. It also returns next, the number up to which it has looked: the
// following call begins there. Fewer than limit events do not mean that there are no
// more: a call looks at a bounded number of events. There are no more if next equals
// after; then a watch tells when to ask again, see [Feed.Watch]. The error wraps [ErrBehind] if neither
// the feed nor the log can show what was visible.
func (f *Feed) Events(ctx context.Context, filter Filter, after uint64, limit int) (found []Event, next uint64, err error) {
	if f.view.isLive(filter.Organization, after) {
		if found, next, ok := f.view.read(filter, after, limit); ok {
			return found, next, nil
		}
	}
	done, err := f.history.turn(ctx)
	if err != nil {
		return nil, after, err
	}
	defer func() { done(size(found)) }()
	found, next, ok := f.view.read(filter, after, limit)
	if ok {
		return found, next, nil
	}
	return f.past(ctx, filter, next, limit)
}

// size returns how many bytes the events have.
func size(events []Event) (bytes int) {
	for i := range events {
		bytes += len(events[i].Stored)
	}
	return bytes
}
