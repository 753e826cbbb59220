package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/block"
	"github.com/muster-dev/muster/events/wire"
)

// inside is a log stream of the embedded server. What is in its files is read from them,
// because the server cuts a block that it reads at the first damage, and then answers as if
// there had never been more. The server is only asked how far the stream goes, and for the
// messages that come.
type inside struct {
	*running
	files  block.Stream
	places places
	known  atomic.Uint64 // the last message that is known to be in the files
	met    func(error)   // told of every damage that a reader meets; nil for nobody
	own    *own          // nil if others can write to the log
}

// newInside returns a stream of the embedded server. If the server does not listen, nobody
// but this process writes to it.
func newInside(r *running, files block.Stream, alone bool) *inside {
	i := &inside{running: r, files: files}
	if alone {
		i.own = newOwn()
	}
	return i
}

// noted returns the error, and tells of it if it is damage to what was acknowledged.
func (i *inside) noted(err error) error {
	if i.met != nil && errors.Is(err, wire.ErrDamaged) && !i.store.injected(i.number, err) {
		i.met(err)
	}
	return err
}

// upTo returns the files for reading messages up to the last one, which is known to be
// there. Damage to them is never taken for a message that was not finished.
func (i *inside) upTo(last uint64) *files {
	return &files{Stream: i.files, mark: last, places: &i.places}
}

func (i *inside) last(ctx context.Context) (uint64, error) {
	last, err := i.running.last(ctx)
	if err == nil {
		i.knows(last)
	}
	return last, err
}

// knows notes that the message was stored.
func (i *inside) knows(last uint64) {
	for {
		known := i.known.Load()
		if last <= known {
			return
		}
		if i.known.CompareAndSwap(known, last) {
			if i.own != nil {
				i.own.wake()
			}
			return
		}
	}
}

// has returns a message that is in the files and is not before the sequence, or the last
// one that there is.
func (i *inside) has(ctx context.Context, sequence uint64) (uint64, error) {
	if known := i.known.Load(); sequence <= known {
		return known, nil
	}
	return i.last(ctx)
}

func (i *inside) message(ctx context.Context, sequence uint64) (wire.Envelope, error) {
	last, err := i.has(ctx, sequence)
	if err != nil {
		return wire.Envelope{}, err
	}
	if sequence > last {
		return wire.Envelope{}, fmt.Errorf("message %d: reading %s: %w", sequence, i.name, ErrNoMessage)
	}
	e, err := i.upTo(last).message(ctx, sequence)
	return e, i.noted(err)
}

func (i *inside) find(ctx context.Context, last, number uint64) (uint64, error) {
	at, err := i.upTo(last).find(ctx, last, number)
	return at, i.noted(err)
}

func (i *inside) page(ctx context.Context, from uint64, use func(wire.Envelope) error) error {
	last, err := i.has(ctx, from)
	if err != nil || from > last {
		return err
	}
	return i.noted(i.upTo(last).pageUpTo(ctx, from, last, use))
}

// each reads the files as far as they go, and then what comes. What this process has
// appended need not be read if nobody else writes.
func (i *inside) each(ctx context.Context, from uint64, use func(wire.Envelope) error) error {
	for {
		last, err := i.last(ctx)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errInterrupted, err)
		}
		if from > last {
			break
		}
		if err := i.stored(ctx, from, last, use); err != nil {
			return err
		}
		few := last-from < ReadAhead
		if from = last + 1; few { // what has come meanwhile is few as well
			break
		}
	}
	if i.own != nil {
		return i.follow(ctx, from, use)
	}
	return i.running.each(ctx, from, func(e wire.Envelope) error {
		i.knows(e.Sequence)
		return use(e)
	})
}

// follow is each for messages that this process appends, and for those that it learns of in
// another way.
func (i *inside) follow(ctx context.Context, from uint64, use func(wire.Envelope) error) error {
	for {
		e, before, ok := i.own.take(from)
		known := min(i.known.Load(), before)
		switch {
		case ok:
			if err := use(e); err != nil {
				return err
			}
			from++
		case known >= from:
			if err := i.stored(ctx, from, known, use); err != nil {
				return err
			}
			from = known + 1
		default:
			select {
			case <-i.own.moved:
			case <-ctx.Done():
				return fmt.Errorf("%w: %w", errInterrupted, ctx.Err())
			}
		}
	}
}

// stored is each for messages that are in the files.
func (i *inside) stored(ctx context.Context, from, last uint64, use func(wire.Envelope) error) error {
	var used error
	err := i.upTo(last).reread(ctx, from, last, func(e wire.Envelope, _ int64) error {
		e.Payload = bytes.Clone(e.Payload)
		used = use(e)
		return used
	})
	switch {
	case err == nil:
		return used
	case errors.Is(err, wire.ErrDamaged) && !errors.Is(err, ErrUnreadable):
		return i.noted(fmt.Errorf("%w: %w", ErrUnreadable, err))
	}
	return i.noted(err)
}
