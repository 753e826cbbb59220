package events

import (
	"context"
	"fmt"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// Run decides the command and appends its events. If it returns no error they are
// durable and survive power loss. The read models show them a moment later: see
// [Log.AwaitShown]. Two commands of one organization never see each other
// half done. With one of the domain's errors the result has the position of the last
// event that the refusal rests on.
func (l *Log) Run(ctx context.Context, c domain.Command) (Result, error) {
	return l.submit(ctx, c, false)
}

// Try decides the command on the real state, as [Log.Run] would, and writes nothing. Of
// people whom the actor could not read it shows nothing: see [domain.HideUnread].
func (l *Log) Try(ctx context.Context, c domain.Command) (Result, error) {
	return l.submit(ctx, c, true)
}

func (l *Log) submit(ctx context.Context, c domain.Command, dry bool) (Result, error) {
	w := l.partitions[l.Partition(c.Metadata().Organization)].writer
	if !w.started.Load() {
		if err := w.stall.permanent(); err != nil {
			return Result{}, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		return Result{}, fmt.Errorf("%w: still starting", store.ErrUnavailable)
	}
	r := &request{ctx: ctx, command: c, dry: dry, answered: make(chan struct{})}
	result, err := w.submit(ctx, r)
	l.metrics.command(c.CommandType(), dry, result, err)
	return result, err
}
