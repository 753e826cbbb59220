package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

const (
	// erasureMost is how many erasures of each partition are worked on in turn.
	erasureMost = 100
	// erasureRetry is how long to wait after an erasure could not be finished.
	erasureRetry = time.Second
)

// Erasure finishes what [domain.RequestErasure] has begun. It notes the erasure in the ledger,
// destroys the key, makes sure that no file of this node has the profile any more, and records
// that with [domain.FinishErasure]. Every step can be done again, so whenever a process ends,
// another one goes on or the same one does after its next start. Every node runs this worker,
// and the first event wins.
type Erasure struct {
	Log    *events.Log
	Models *projections.ReadModels
	// Now is the clock of the log.
	Now func() time.Time
	// NewID returns a new id for a command.
	NewID  func() domain.CommandID
	Logger *slog.Logger
	// Step, if set, is called after each step of an erasure, with the step's name.
	Step func(name string)
}

// Run finishes erasures until the context ends. Errors are logged and tried again.
func (e *Erasure) Run(ctx context.Context) {
	a := alarm{next: e.Models.NextErasure, now: e.Now, act: e.finish, retry: erasureRetry, failed: func(err error) {
		e.Logger.Error("an erasure could not be finished; trying again", slog.Any("error", err))
	}}
	a.run(ctx)
}

// Begin makes what is being erased read as erased, before anybody can ask for it.
func (e *Erasure) Begin(ctx context.Context) error {
	for partition := range e.Log.Partitions() {
		list, err := e.Models.Erasures(ctx, partition, -1)
		if err != nil {
			return err
		}
		for _, one := range list {
			e.Log.Withhold(one.Key)
		}
	}
	return nil
}

// finish finishes erasures in all partitions at the same time.
func (e *Erasure) finish(ctx context.Context) error {
	return inEachPartition(ctx, e.Log.Partitions(), e.finishOf)
}

// finishOf finishes the erasures of the partition.
func (e *Erasure) finishOf(ctx context.Context, partition int) error {
	list, err := e.Models.Erasures(ctx, partition, erasureMost)
	if err != nil {
		return err
	}
	var failed error
	erased := list[:0]
	for _, one := range list {
		at := wire.Position{Partition: partition, Number: one.Number}
		err := e.Log.Erase(ctx, personal.Erasure{
			Organization: one.Organization, User: one.User, Keys: []personal.KeyID{one.Key}, Time: one.Time, Position: at.String(),
		})
		if err == nil {
			e.did("destroyed")
			err = e.Models.Wipe(ctx, at)
		}
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		e.did("wiped")
		erased = append(erased, one)
	}
	err = runEach(ctx, e.Log, e.Models, erased, e.command)
	return errors.Join(failed, err)
}

func (e *Erasure) did(step string) {
	if e.Step != nil {
		e.Step(step)
	}
}

func (e *Erasure) command(one projections.Erasure) domain.Command {
	return domain.FinishErasure{
		Meta: domain.Meta{
			ID: e.NewID(), Organization: one.Organization, Cause: one.Request,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "muster"},
		},
		User: one.User, Key: one.Key,
	}
}
