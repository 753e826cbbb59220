package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/wire"
)

// ErrUnreadable reports that a message is damaged, does not follow the one before, or holds
// an event that this version does not know. Reading it again does not help.
var ErrUnreadable = errors.New("a message of the log cannot be understood")

// ReadAhead is how many messages may be decoded before they are used.
const ReadAhead = 1024

// errEnough ends reading a source when its reader has what it wants.
var errEnough = errors.New("the reader has what it wants")

// Read sends the messages after the checkpoint to out, in order and without gaps, and
// checks the chain. It returns nil once it has sent the message of the checkpoint until.
// If until is nil, it goes on until the context ends. Damage, or an event that this
// version does not know, ends it with an error around [ErrUnreadable].
func (p *Partition) Read(ctx context.Context, from wire.Checkpoint, until *wire.Checkpoint, out chan<- wire.Message) error {
	at := from
	if until != nil && at.Message >= until.Message {
		return nil
	}
	err := p.history(until).each(ctx, at.Message+1, func(stored wire.Envelope) error {
		m, err := stored.Decode(at)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		select {
		case out <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
		at = m.Checkpoint()
		if until != nil && at.Message >= until.Message {
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err == nil:
		return fmt.Errorf("message %d is missing: %w", at.Message+1, wire.ErrDamaged)
	}
	return err
}

// history returns where the messages up to the checkpoint are read from. For those that
// are in the files of an embedded server these are the files: when the server reads a
// damaged block again it cuts the block.
func (p *Partition) history(until *wire.Checkpoint) source {
	if until == nil || !p.store.inside {
		return p.source
	}
	f := p.store.files(p.Number)
	f.mark = until.Message
	return f
}

func (r *running) each(ctx context.Context, from uint64, f func(wire.Envelope) error) error {
	consumer, err := r.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from,
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.name, err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.name, err)
	}
	defer messages.Stop()
	defer context.AfterFunc(ctx, messages.Stop)()
	for {
		msg, err := messages.Next()
		if err != nil {
			return errors.Join(ctx.Err(), err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		stored, err := wire.ParseEnvelope(meta.Sequence.Stream, msg.Headers().Get, msg.Data())
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		if err := f(stored); err != nil {
			return err
		}
	}
}
