package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

const (
	// expiryMost is how many ends of each partition are recorded before the clock is read
	// again.
	expiryMost = 100
	// expiryRetry is how long to wait after an end could not be recorded.
	expiryRetry = time.Second
)

// Expiry records the ends of memberships and invitations when they come. Access ends
// at that moment even if the event is written later. Every node runs this worker: the
// first event wins, and the other nodes' commands change nothing.
type Expiry struct {
	Log    *events.Log
	Models *projections.ReadModels
	// Now is the clock that ends are compared with.
	Now func() time.Time
	// NewID returns a new id for a command.
	NewID  func() domain.CommandID
	Logger *slog.Logger
}

// Run records ends until the context ends. Errors are logged and tried again.
func (e *Expiry) Run(ctx context.Context) {
	a := alarm{next: e.Models.NextEnd, now: e.Now, act: e.record, retry: expiryRetry, failed: func(err error) {
		e.Logger.Warn("what has ended could not be written down; trying again", slog.Any("error", err))
	}}
	a.run(ctx)
}

// record records the ends that have come, in all partitions at the same time.
func (e *Expiry) record(ctx context.Context) error {
	at := e.Now()
	return inEachPartition(ctx, e.Log.Partitions(), func(ctx context.Context, partition int) error {
		return e.recordOf(ctx, partition, at)
	})
}

// recordOf runs a command for each membership and invitation of the partition that has
// ended.
func (e *Expiry) recordOf(ctx context.Context, partition int, at time.Time) error {
	ended, err := e.Models.Ended(ctx, partition, at, expiryMost)
	if err != nil {
		return err
	}
	return runEach(ctx, e.Log, e.Models, ended, e.command)
}

func (e *Expiry) command(end projections.End) domain.Command {
	return domain.ExpireMember{
		Meta: domain.Meta{
			ID: e.NewID(), Organization: end.Organization,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "muster"},
		},
		Workspace: end.Workspace, User: end.User,
	}
}
