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
	// erasureMost is how many erasures of each partition are read at once.
	erasureMost = 100
	// erasureTurn is how long keys of each partition are destroyed before files are wiped.
	erasureTurn = patience / 2
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
		list, err := e.Models.Erasures(ctx, partition, projections.Erasure{}, -1)
		if err != nil {
			return err
		}
		for _, one := range list {
			e.Log.Withhold(one.Key)
		}
	}
	return nil
}

// finish finishes erasures. It destroys the keys of all before it wipes files, because wiping can
// take long: a history that is rebuilt must apply the whole log first.
func (e *Erasure) finish(ctx context.Context) error {
	destroyed := make([][]projections.Erasure, e.Log.Partitions())
	err := inEachPartition(ctx, len(destroyed), func(ctx context.Context, partition int) (err error) {
		destroyed[partition], err = e.destroy(ctx, partition)
		return err
	})
	if wiped := e.Models.Wipe(); wiped != nil {
		return errors.Join(err, wiped)
	}
	return errors.Join(err, inEachPartition(ctx, len(destroyed), func(ctx context.Context, partition int) error {
		return e.record(ctx, partition, destroyed[partition])
	}))
}

// destroy notes erasures of the partition in the ledger and destroys their keys. It returns those
// whose keys are destroyed, also when it returns an error. Those whose keys cannot be destroyed do
// not keep the others waiting. What takes longer than a turn is left to the next one.
func (e *Erasure) destroy(ctx context.Context, partition int) (destroyed []projections.Erasure, err error) {
	var failed []error
	var after projections.Erasure
	for end := time.Now().Add(erasureTurn); ; {
		list, err := e.Models.Erasures(ctx, partition, after, erasureMost)
		if err != nil {
			return destroyed, errors.Join(append(failed, err)...)
		}
		if len(list) > 0 && after == (projections.Erasure{}) {
			e.awaitHistory(ctx, last(partition, list))
		}
		for _, one := range list {
			if err := e.destroyKey(ctx, partition, one); err == nil {
				destroyed = append(destroyed, one)
			} else if len(failed) < erasureMost { // more of them are not worth a longer line in the log
				failed = append(failed, err)
			}
		}
		if len(list) < erasureMost || time.Now().After(end) {
			return destroyed, errors.Join(failed...)
		}
		after = list[len(list)-1]
	}
}

func (e *Erasure) destroyKey(ctx context.Context, partition int, one projections.Erasure) error {
	did("requested")
	return e.Log.Erase(ctx, personal.Erasure{
		Organization: one.Organization, User: one.User, Keys: []personal.KeyID{one.Key}, Time: one.Time,
		Position: wire.Position{Partition: partition, Number: one.Number}.String(),
	}, did)
}

// record records the end of erasures of the partition. Their keys are destroyed, and the read
// models of now are wiped.
func (e *Erasure) record(ctx context.Context, partition int, list []projections.Erasure) error {
	if len(list) == 0 {
		return nil
	}
	if err := e.Models.WipeHistory(ctx, last(partition, list)); err != nil {
		return err
	}
	did("wiped")
	err := runEach(ctx, e.Log, e.Models, list, e.command)
	if err == nil {
		did("recorded")
	}
	return err
}

// last returns the position of the last event that asked for one of the erasures.
func last(partition int, list []projections.Erasure) wire.Position {
	at := wire.Position{Partition: partition}
	for _, one := range list {
		at.Number = max(at.Number, one.Number)
	}
	return at
}

// awaitHistory waits until the history knows of the erasures, but not for long. A history that has
// the profile of somebody whose key is destroyed differs from what the log says. If the process
// ends there, audit verify takes that for damage until the next start.
func (e *Erasure) awaitHistory(ctx context.Context, last wire.Position) {
	ctx, cancel := context.WithTimeout(ctx, erasureHistory)
	defer cancel()
	_, _ = e.Models.AsOf(ctx, last) // a rebuild of the history does not delay destroying the key
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
