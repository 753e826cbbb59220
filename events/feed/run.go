package feed

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// Run publishes events until the context ends. It returns when every goroutine that it
// has started has ended.
func (f *Feed) Run(ctx context.Context) {
	defer func() {
		f.checking()
		f.checks.Wait()
	}()
	f.timer = time.NewTimer(0) // unknown is looked at at once
	defer f.timer.Stop()
	f.armed = true
	mended := f.store.Mended()
	for {
		var in input
		select {
		case <-ctx.Done():
			return
		case m := <-f.incoming:
			in = f.arrived(ctx, m)
		case <-f.losing:
			in = lost
		case <-mended: // the stream may have become shorter
			mended = f.store.Mended()
			f.view.lose()
			in = lost
		case <-f.hearing:
			in = f.heard(ctx)
		case <-f.timer.C:
			f.armed = false
			in = f.outcome(ctx, f.look(ctx))
		}
		f.move(in)
		if f.state.publishes() && f.overflown.Load() {
			f.move(f.outcome(ctx, f.look(ctx)))
		}
	}
}

// move goes to the state that follows the input, and sets the timer for it.
func (f *Feed) move(in input) {
	next := f.state.next(in)
	if next == f.state && f.armed {
		return
	}
	f.state = next
	pause, ends := next.pause()
	if f.armed = ends; ends {
		f.timer.Reset(pause)
	} else {
		f.timer.Stop()
	}
}

// arrived takes a message that the read models have applied, and those that have come
// meanwhile, so that they are published together. Those that this process has appended it
// publishes as soon as their turn comes.
func (f *Feed) arrived(ctx context.Context, m wire.Message) input {
	publishes := f.state.publishes() && !f.made.IsZero()
	events := 0
	for more := true; more; {
		f.wanted = m.Last()
		f.queued.Add(-int64(m.Size()))
		if publishes && m.Writer == f.writer {
			f.own = append(f.own, m)
		}
		if events += len(m.Entries); events >= store.FeedWindow || len(f.own) >= maxOwn {
			break
		}
		select {
		case m = <-f.incoming:
		default:
			more = false
		}
	}
	if !publishes {
		return nothing // the look that follows publishes it
	}
	return f.outcome(ctx, f.advance(ctx))
}

// heard takes note of what other processes have announced.
func (f *Feed) heard(ctx context.Context) input {
	number := f.announced.Swap(0) // one that is too old must not be believed later
	if !f.state.listens() || number <= f.last {
		return nothing
	}
	f.others = number
	f.view.reached(number)
	return f.outcome(ctx, f.advance(ctx))
}

// outcome returns the input that results from a look or a publication.
func (f *Feed) outcome(ctx context.Context, err error) input {
	if err == nil && f.failing && f.last >= f.wanted {
		f.failing = false
		f.logger.Info("the feed is published again", slog.Int("partition", f.partition))
	}
	switch {
	case err == nil && f.last >= f.wanted:
		return complete
	case err == nil:
		return theirs
	case ctx.Err() != nil:
		return nothing
	case store.IsConflict(err): // another process may publish too
		return conflicted
	case errors.Is(err, jetstream.ErrNoStreamResponse):
		return lost
	}
	if !f.failing { // it is tried again and again
		f.failing = true
		f.logger.Warn("the feed is behind", slog.Int("partition", f.partition), slog.Any("error", err))
	}
	return erred
}

// reached records how far this process has published.
func (f *Feed) reached(number uint64) {
	f.last = number
	f.view.reached(max(number, f.others))
}
