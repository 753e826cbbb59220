package feed

import (
	"context"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
)

// rememberAfter is how many events may have to be compared again after a crash.
const rememberAfter = 10_000

// adopt takes the stream as the feed, with the length that JetStream reports. If this
// process has neither made nor compared the stream before, it is compared with the log in
// the background, from where an earlier process has come.
func (f *Feed) adopt(ctx context.Context, info *jetstream.StreamInfo, last uint64, own bool) {
	f.last, f.generation = last, store.Generation(info)
	same := f.made.Equal(info.Created)
	f.made = info.Created
	check := f.view.adopt(info.Created, last, own)
	if same && !check {
		return // its check goes on
	}
	w := &watch{Feed: f, info: info, logger: f.logger.With(slog.Int("partition", f.partition))}
	if remembered, err := f.store.FeedCheck(f.partition); err != nil {
		w.logger.Warn("the whole feed is compared with the log", slog.Any("error", err))
	} else if remembered.Created.Equal(info.Created) && remembered.Generation == f.generation && !f.suspect.Load() {
		w.remembered = remembered
	}
	f.suspect.Store(false)
	if check {
		f.view.setChecked(info.Created, min(w.remembered.Checked, last))
	}
	f.checking()
	ctx, f.checking = context.WithCancel(ctx)
	f.checks.Go(func() { w.run(ctx, check, last) })
}

// watch compares one stream with the log: first what has not been compared yet, and then,
// slowly, everything again and again. JetStream skips messages that it cannot read and does
// not report them.
type watch struct {
	*Feed
	info       *jetstream.StreamInfo
	logger     *slog.Logger
	remembered store.FeedCheck
	failing    bool // it was logged that the feed cannot be compared
}

func (w *watch) run(ctx context.Context, check bool, last uint64) {
	defer w.remember()
	from := min(w.remembered.Checked, last)
	if check && !w.compare(ctx, from, last, w.checked, &w.history.checks) {
		return
	}
	if check {
		w.view.setChecked(w.info.Created, allChecked)
	}
	w.remember()
	for {
		fed := w.Fed()
		scrubbed := func(number uint64) {
			w.remembered.Scrubbed = number
			w.rememberSometimes()
		}
		if !w.compare(ctx, min(w.remembered.Scrubbed, fed), fed, scrubbed, &w.history.scrubs) {
			return
		}
		w.remembered.Scrubbed = 0
		w.remember()
		if !w.rest(ctx) {
			return
		}
	}
}

// rest lasts from one scrub to the next. It reports false if the context ends before.
func (w *watch) rest(ctx context.Context) bool {
	const parts = 60
	for range parts {
		if pause(ctx, w.history.scrubAgain/parts) != nil {
			return false
		}
		w.rememberSometimes()
	}
	return true
}

// inTime returns how long a comparison that readers may wait for rests after a page. All
// feeds together take at most a quarter of a processor.
func inTime(took time.Duration) time.Duration { return 3 * took }

// checked notes how far the first comparison has come.
func (w *watch) checked(number uint64) {
	w.view.setChecked(w.info.Created, number)
	w.rememberSometimes()
}

// compare compares the stream with the log after one number, up to another one. It reports
// false if the context has ended, or if the stream is damaged or gone: then the feed is
// looked at. What cannot be read now is tried again.
func (w *watch) compare(ctx context.Context, from, last uint64, done func(uint64), p *pace) bool {
	for from < last {
		c, err := w.compareAfter(ctx, from, last)
		for err == nil && from < last {
			err = w.history.quietly(ctx, p, func() error {
				more, err := c.next(ctx, c.strictly(ctx, w.info))
				if err == nil && !more { // the look has compared the feed's last event
					from = last
				} else if err == nil {
					from = min(c.at.Number, last)
				}
				return err
			})
			if err == nil {
				done(from)
			}
		}
		if ctx.Err() != nil || err != nil && !w.goesOn(ctx, err) {
			return false
		}
	}
	return true
}

// goesOn reports whether a comparison should be tried again after the error.
func (w *watch) goesOn(ctx context.Context, err error) bool {
	if there, failed := w.holds(ctx, w.info.Created, 0); failed == nil && !there {
		return false // its successor is looked at
	}
	if d := damageOf(err); d != nil {
		w.damaged.Store(d)
		w.distrust()
		return false
	}
	if !w.failing {
		w.failing = true
		w.logger.Warn("the feed cannot be checked now", slog.Any("error", err))
	}
	return pause(ctx, 4*standstill) == nil
}

// rememberSometimes remembers how far the stream was compared if that has changed by much.
func (w *watch) rememberSometimes() {
	w.recovered()
	if made, checked := w.view.compared(); made.Equal(w.info.Created) && checked >= w.remembered.Checked+rememberAfter {
		w.remember()
	}
}

// recovered logs that the feed can be compared again.
func (w *watch) recovered() {
	if w.failing {
		w.failing = false
		w.logger.Info("the feed can be checked again")
	}
}

// remember writes how far the stream was compared. What this process has published itself
// counts as compared.
func (w *watch) remember() {
	made, checked := w.view.compared()
	if !made.Equal(w.info.Created) {
		return
	}
	now := store.FeedCheck{Created: made.UTC(), Generation: store.Generation(w.info), Checked: checked, Scrubbed: w.remembered.Scrubbed}
	if now == w.remembered {
		return
	}
	if err := w.store.SetFeedCheck(w.partition, now); err != nil {
		w.logger.Warn("how far the feed was checked cannot be remembered", slog.Any("error", err))
		return
	}
	w.remembered = now
}
