package worker

import (
	"context"
	"time"
)

// alarm waits for moments that may move while it waits, and acts when they come.
type alarm struct {
	// next returns the next moment, zero for none. The channel is closed when the
	// moment has changed.
	next func() (time.Time, <-chan struct{})
	now  func() time.Time
	// act is called when the moment has come. After it, next must return another
	// moment, or act is called again at once.
	act func(context.Context) error
	// failed is called with the error of act, unless the context has ended.
	failed func(error)
	// retry is how long to wait after act has failed.
	retry time.Duration
}

// run waits and acts until the context ends.
func (a *alarm) run(ctx context.Context) {
	for {
		at, moved := a.next()
		var due <-chan time.Time
		if !at.IsZero() {
			due = time.After(at.Sub(a.now()))
		}
		select {
		case <-ctx.Done():
			return
		case <-moved:
			continue
		case <-due:
		}
		if err := a.act(ctx); err != nil && ctx.Err() == nil {
			a.failed(err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(a.retry):
			}
		}
	}
}
