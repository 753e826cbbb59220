package projections

import (
	"context"
	"errors"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// agree returns an error around [store.ErrTruncated] if the read models have applied what the
// log does not hold. Then they are the last that knows of it, and must not be replaced. Read
// models that cannot be read know nothing.
func agree(ctx context.Context, log *events.Log, o Options) error {
	known, err := known(o)
	if err != nil {
		return err
	}
	for _, c := range known {
		if err := log.Contains(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// known returns how far the read models in the file have applied each partition. There are
// none if the file cannot be used.
func known(o Options) (checkpoints []wire.Checkpoint, err error) {
	err = examine(o.file(), o.Partitions)
	if errors.Is(err, ErrNeedsRebuild) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := sqlite.OpenWhole(o.file())
	if err != nil {
		return nil, err
	}
	checkpoints, err = conn{Conn: f.Conns[0]}.checkpoints()
	if errors.Is(err, ErrDamaged) {
		checkpoints, err = nil, nil
	}
	return checkpoints, errors.Join(err, f.Close())
}
