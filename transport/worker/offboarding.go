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
	// offboardingMost is how many users of each partition are worked on in turn.
	offboardingMost = 100
	// offboardingRetry is how long to wait after ends could not be recorded.
	offboardingRetry = time.Second
)

// Offboarding records the ends of memberships whose user was removed from the
// organization and who had too many of them for one commit. Their access has ended with
// that commit. Every node runs this worker, and whichever command comes first in the log
// records an end. What was not recorded when all nodes stopped is recorded after the next
// start.
type Offboarding struct {
	Log    *events.Log
	Models *projections.ReadModels
	// Now is the clock of the log.
	Now func() time.Time
	// NewID returns a new id for a command.
	NewID  func() domain.CommandID
	Logger *slog.Logger
}

// Run records ends until the context ends. Errors are logged and tried again.
func (o *Offboarding) Run(ctx context.Context) {
	a := alarm{next: o.Models.NextOffboarding, now: o.Now, act: o.record, retry: offboardingRetry, failed: func(err error) {
		o.Logger.Warn("the ends of a removed user's memberships could not be recorded; trying again", slog.Any("error", err))
	}}
	a.run(ctx)
}

// record records ends in all partitions at the same time.
func (o *Offboarding) record(ctx context.Context) error {
	return inEachPartition(ctx, o.Log.Partitions(), o.recordOf)
}

// recordOf runs a command for each user of the partition who has ends to record.
func (o *Offboarding) recordOf(ctx context.Context, partition int) error {
	list, err := o.Models.Offboardings(ctx, partition, offboardingMost)
	if err != nil {
		return err
	}
	return runEach(ctx, o.Log, o.Models, list, o.command)
}

func (o *Offboarding) command(one projections.Offboarding) domain.Command {
	return domain.EndMemberships{
		Meta: domain.Meta{
			ID: o.NewID(), Organization: one.Organization, Cause: one.By,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "muster"},
		},
		User: one.User,
	}
}
