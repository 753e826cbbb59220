package feed

import (
	"context"
	"log/slog"
	"time"
)

// check reads once through a stream that this process has not read before, because
// JetStream skips messages that it cannot read and does not report them. The part that
// has been checked can be read while the check goes on.
func (f *Feed) check(ctx context.Context, made time.Time, last uint64) {
	for {
		sound, err := f.sound(ctx, made, last)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			f.logger.Warn("the feed cannot be checked now", slog.Int("partition", f.partition), slog.Any("error", err))
		case sound:
			f.view.setChecked(made, allChecked)
			return
		default:
			if there, err := f.holds(ctx, made, last); err == nil {
				if there {
					f.damaged.Store(&made)
					f.distrust()
				}
				return // or the stream is gone, and its successor will be looked at
			}
		}
		select {
		case <-time.After(4 * standstill):
		case <-ctx.Done():
			return
		}
	}
}

// sound reports whether no message of the stream is missing.
func (f *Feed) sound(ctx context.Context, made time.Time, last uint64) (bool, error) {
	for at := uint64(0); at < last; f.view.setChecked(made, at) {
		page, err := f.page(ctx, everything, at+1, pageSize)
		if err != nil || len(page) == 0 {
			return false, err
		}
		for _, m := range page {
			if at++; m.Sequence != at {
				return false, nil
			}
		}
	}
	return true, nil
}

// adopt takes the stream as the feed, with the length that JetStream reports. If this
// process has neither made nor read the stream before, it is checked in the background.
func (f *Feed) adopt(ctx context.Context, made time.Time, last uint64, own bool) {
	f.last = last
	if !f.view.adopt(made, last, own) {
		return
	}
	f.checking()
	ctx, f.checking = context.WithCancel(ctx)
	f.checks.Go(func() { f.check(ctx, made, last) })
}
