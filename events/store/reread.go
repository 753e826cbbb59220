package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-dev/muster/events/block"
	"github.com/muster-dev/muster/events/wire"
)

// Reread reads messages again that are known to be in the partition, from one sequence to
// another, and calls f with each of them and the bytes that it takes. The envelope is
// valid until f returns. The files of an embedded server are read without asking it,
// because it answers from memory, and cuts the files where it finds damage. The error
// wraps [wire.ErrDamaged] if a message is damaged or missing.
func (p *Partition) Reread(ctx context.Context, from, to uint64, f func(e wire.Envelope, size int64) error) error {
	if p.store.inside {
		return p.store.files(p.Number).reread(ctx, from, to, f)
	}
	for sequence := from; sequence <= to; sequence++ {
		e, err := p.Message(ctx, sequence)
		if errors.Is(err, ErrNoMessage) {
			err = fmt.Errorf("%w: %w", err, wire.ErrDamaged)
		}
		if err != nil {
			return err
		}
		if err := f(e, max(int64(len(e.Payload)), askingCosts)); err != nil {
			return err
		}
	}
	return nil
}

// askingCosts is how many bytes a message counts at least that a server was asked for.
const askingCosts = 16 << 10

func (f *files) reread(ctx context.Context, from, to uint64, use func(e wire.Envelope, size int64) error) error {
	f.mark = to
	last := from - 1
	err := f.records(ctx, from, func(r block.Record) error {
		e, err := f.envelope(r, r.Data)
		if err == nil {
			err = use(e, r.Size)
		}
		if err != nil {
			return fmt.Errorf("%s, offset %d: %w", r.Path, r.Offset, err)
		}
		if last = r.Sequence; last >= to {
			return errEnough
		}
		return nil
	})
	if err == nil {
		return fmt.Errorf("%s: message %d is the last one, and there must be message %d: %w", f.Dir, last, to, wire.ErrDamaged)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
