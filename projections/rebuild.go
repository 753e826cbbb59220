package projections

import (
	"context"
	"errors"
	"os"

	"github.com/muster-dev/muster/events"
)

// Rebuild makes the read models anew from the log, up to its tips. They are made
// in a file of their own, which takes the place of the old one when it is whole:
// whenever this ends, there are either the old read models, the new ones, or none.
// It must not be called while they are open. Progress, when given, is told how
// many events of how many are done. A file that is not Muster's is left alone
// ([ErrForeignFile]).
func Rebuild(ctx context.Context, log *events.Log, o Options, progress func(done, of uint64)) error {
	return rebuild(o, replayOf(ctx, log, progress))
}

func replayOf(ctx context.Context, log *events.Log, progress func(done, of uint64)) replay {
	return func(after []events.Checkpoint, apply func([]events.Batch) error) error {
		return log.Replay(ctx, after, progress, apply)
	}
}

// replay calls apply with every batch after the checkpoints, in order, and
// returns when there are no more.
type replay func(after []events.Checkpoint, apply func([]events.Batch) error) error

// rebuild makes the read models in a new file, which then takes the place of the
// old one. The read models must not be open.
func rebuild(o Options, replay replay) error {
	if err := examine(o.file(), o.Partitions); err != nil && !errors.Is(err, ErrNeedsRebuild) {
		return err
	}
	file := o.file() + ".new"
	if err := build(file, o.Partitions, replay); err != nil {
		return err
	}
	// The old file goes before what SQLite keeps beside it: left behind, that would
	// be taken for the new one's. After a crash in between there are no read models,
	// and they are made again.
	if err := remove(o.file()); err != nil {
		return err
	}
	if err := os.Rename(file, o.file()); err != nil {
		return err
	}
	return flush(o.Dir)
}

// build makes the read models in the file.
func build(file string, partitions int, replay replay) error {
	b, err := newBuilder(file, partitions)
	if err != nil {
		return err
	}
	if err := replay(b.checkpoints, b.apply); err != nil {
		return errors.Join(err, b.discard())
	}
	return b.finish()
}
