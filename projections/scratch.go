package projections

import (
	"context"
	"errors"

	"github.com/muster-dev/muster/events/wire"
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
