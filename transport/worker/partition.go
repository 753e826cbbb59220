package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

// patience is how long the other partitions wait for one that does not respond.
const patience = 10 * time.Second

// inEachPartition calls f for all partitions at the same time. It returns when every call
// has returned, with the errors of all. The context of the calls ends after the patience.
//
// So a partition that fails or does not respond only slows the others down: each of them
// does what one call of f does, and then waits for the rest of the patience, if there is
// no response, and for the retry of the worker's alarm.
func inEachPartition(ctx context.Context, partitions int, f func(ctx context.Context, partition int) error) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	failed := make([]error, partitions)
	var all sync.WaitGroup
	for partition := range failed {
		all.Go(func() {
			if err := f(ctx, partition); err != nil {
				failed[partition] = fmt.Errorf("partition %d: %w", partition, err)
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// runEach runs a command for each item of a list from the read models, which is of one
// partition. It waits until they have applied the commands, because they would return the
// same items again otherwise. A command that fails does not keep the others waiting.
func runEach[T any](ctx context.Context, log *events.Log, models *projections.ReadModels, list []T, command func(T) domain.Command) error {
	var failed error
	var last wire.Position
	for _, one := range list {
		result, err := log.Run(ctx, command(one))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			last = result.Position
		}
		failed = errors.Join(failed, err)
	}
	return errors.Join(failed, models.WaitFor(ctx, last))
}
