package node

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/muster-dev/muster/projections"
)

const (
	// openEvery is how long a node waits before it tries again to open the read models. No
	// event tells when the disk has room.
	openEvery = time.Second
	// rebuildEvery is the longest wait if they must be rebuilt, which reads the whole log.
	rebuildEvery = 30 * time.Second
)

// openModels opens the read models. What can pass, such as a full disk, it waits for. That
// ends with the context.
func (n *Node) openModels(ctx context.Context, p projections.Options, o Options) error {
	var begun time.Time // when it failed for the first time
	for pause := openEvery; ; {
		rebuilt, err := n.tryModels(ctx, p, o)
		switch {
		case err == nil && !begun.IsZero():
			n.Logger.Info("the read models could be opened at last", slog.Duration("after", time.Since(begun)))
			return nil
		case err == nil || !projections.Passes(err) || ctx.Err() != nil:
			return err
		}
		if begun.IsZero() {
			begun = time.Now()
			n.Logger.Error("the read models cannot be opened: this is tried again", slog.Any("error", err))
		}
		if o.Waiting != nil {
			o.Waiting(err)
		}
		if rebuilt {
			pause = min(2*pause, rebuildEvery)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// tryModels opens the read models, and rebuilds them if need be. It reports whether it tried
// to do that.
func (n *Node) tryModels(ctx context.Context, p projections.Options, o Options) (rebuilt bool, err error) {
	n.Models, err = projections.Open(p)
	if !errors.Is(err, projections.ErrNeedsRebuild) {
		return false, err
	}
	if err := n.rebuilds(err); err != nil {
		return false, err
	}
	if err := Rebuild(ctx, n.Log, p, o.Logger, o.Stderr); err != nil {
		return true, err
	}
	n.Models, err = projections.Open(p)
	return true, err
}
