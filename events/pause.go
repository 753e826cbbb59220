package events

import (
	"context"
	"time"
)

// The pause before something is tried again that has failed. It doubles each time.
const (
	firstPause = 50 * time.Millisecond
	longPause  = time.Second
)

// pause is a pause that grows each time.
type pause time.Duration

// wait waits, longer than the last time. It returns early when something is mended, and
// reports false when the context has ended.
func (p *pause) wait(ctx context.Context, mended <-chan struct{}) bool {
	*p = min(max(2*(*p), pause(firstPause)), pause(longPause))
	timer := time.NewTimer(time.Duration(*p))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-mended:
		*p = 0
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
