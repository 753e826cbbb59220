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
	// erasureHistory is how long to wait for the history before keys are destroyed.
	erasureHistory = 2 * time.Second
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
}

// erasureStep, if set, is called after each step of an erasure with the step's name: "requested",
// "noted", "destroyed", "wiped" and "recorded". It cannot be set from outside of tests.
var erasureStep func(step string)

func did(step string) {
	if erasureStep != nil {
		erasureStep(step)
	}
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
	err := inEachPartition(ctx, e.Log.Partitions(), e.finishOf)
	return errors.Join(err, e.Models.WipeRemains())
}

// finishOf finishes the erasures of the partition.
func (e *Erasure) finishOf(ctx context.Context, partition int) error {
	list, err := e.Models.Erasures(ctx, partition, erasureMost)
	if err != nil || len(list) == 0 {
		return err
	}
	e.awaitHistory(ctx, partition, list)
	var failed error
	erased := list[:0]
	for _, one := range list {
		at := wire.Position{Partition: partition, Number: one.Number}
		did("requested")
		err := e.Log.Erase(ctx, personal.Erasure{
			Organization: one.Organization, User: one.User, Keys: []personal.KeyID{one.Key}, Time: one.Time, Position: at.String(),
		}, did)
		if err == nil {
			err = e.Models.Wipe(ctx, at)
		}
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		did("wiped")
		erased = append(erased, one)
	}
	err = runEach(ctx, e.Log, e.Models, erased, e.command)
	if err == nil && len(erased) > 0 {
		did("recorded")
	}
	return errors.Join(failed, err)
}

// awaitHistory waits until the history knows of the erasures, but not for long. A history that has
// the profile of somebody whose key is destroyed differs from what the log says. If the process
// ends there, audit verify takes that for damage until the next start.
func (e *Erasure) awaitHistory(ctx context.Context, partition int, list []projections.Erasure) {
	last := wire.Position{Partition: partition}
	for _, one := range list {
		last.Number = max(last.Number, one.Number)
	}
	ctx, cancel := context.WithTimeout(ctx, erasureHistory)
	defer cancel()
	_, _ = e.Models.AsOf(ctx, last) // a history that is made anew is no reason to keep a key
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
