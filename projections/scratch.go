package projections

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Scratch makes read models with a history of their own in the directory, which must be empty, of
// what replay brings, and opens them. They follow no log. They are for whoever reads a log that
// a service may be using, and must leave the service's own read models alone.
func Scratch(ctx context.Context, o Options, replay func(apply func(wire.Message) error) error) (*ReadModels, error) {
	b, err := newBuilder(o.file(), o.Partitions)
	if err != nil {
		return nil, err
	}
	past := openHistory(o)
	if err = past.cause; err == nil {
		err = past.file.apply(ctx, func(_ []wire.Checkpoint, apply func([]wire.Message) error) error {
			return replay(func(m wire.Message) error {
				messages := []wire.Message{m}
				if err := b.apply(messages); err != nil {
					return err
				}
				return apply(messages)
			})
		}, past.reached)
	}
	if err = errors.Join(err, past.close()); err != nil {
		return nil, errors.Join(err, b.discard())
	}
	if err := b.finish(); err != nil {
		return nil, err
	}
	return Open(o)
}

// CopyOf copies the read models and their history from the directory kept, in which nobody may be
// writing to them, and opens the copies in o.Dir. If they cannot be used, or if either lacks events
// of the partition up to the position, the error is [ErrNeedsRebuild] and o.Dir is empty.
func CopyOf(o Options, kept string, upTo wire.Position) (*ReadModels, error) {
	m, err := openCopy(o, kept)
	if err == nil {
		applied, past := m.Applied(upTo.Partition), m.history.partitions[upTo.Partition].number.Load()
		if applied < upTo.Number || past < applied {
			err = errors.Join(fmt.Errorf("%w: those in %s lack the newest events", ErrNeedsRebuild, kept), m.Close())
		}
	}
	if err == nil {
		return m, nil
	}
	return nil, errors.Join(err, sqlite.Delete(o.file()), sqlite.Delete(filepath.Join(o.Dir, HistoryFile)))
}

func openCopy(o Options, kept string) (*ReadModels, error) {
	for _, name := range []string{File, HistoryFile} {
		for _, end := range []string{"", "-wal", "-journal"} {
			err := copyFile(filepath.Join(kept, name+end), filepath.Join(o.Dir, name+end))
			switch {
			case errors.Is(err, os.ErrNotExist) && end != "":
			case errors.Is(err, os.ErrNotExist):
				return nil, fmt.Errorf("%w: %w", ErrNeedsRebuild, err)
			case err != nil:
				return nil, err
			}
		}
	}
	return Open(o)
}
