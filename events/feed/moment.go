package feed

import (
	"context"
	"time"
)

// keptTimes is how many times of events a feed remembers. A search for a time looks at about
// log2(n) of n events, always at the same ones first.
const keptTimes = 4096

// NumberAt returns the number of the last visible event before the time, or 0 if there
// is none.
func (f *Feed) NumberAt(ctx context.Context, t time.Time) (uint64, error) {
	number, err := search(f.Visible(), func(number uint64) (bool, error) {
		at, err := f.timeOf(ctx, number)
		return err == nil && !at.Before(t), err
	})
	if err != nil {
		return 0, err
	}
	return number - 1, nil
}

// TimeAt returns the time of the event with the number, whichever organization it belongs
// to. It waits for an event that the read models may show already and that is not visible
// yet. Its errors are those of [Feed.EventAt].
func (f *Feed) TimeAt(ctx context.Context, number uint64) (time.Time, error) {
	if err := f.reach(ctx, number); err != nil {
		return time.Time{}, err
	}
	return f.timeOf(ctx, number)
}

// timeOf returns the time of a visible event. The time of an event never changes, so it is
// remembered if it had to be read from the feed.
func (f *Feed) timeOf(ctx context.Context, number uint64) (time.Time, error) {
	if i, ok := f.view.at(number); ok {
		return i.time, nil
	}
	if at, ok := f.times.Get(number); ok {
		return at, nil
	}
	i, err := f.at(ctx, number)
	if err == nil {
		f.times.Add(number, i.time)
	}
	return i.time, err
}
