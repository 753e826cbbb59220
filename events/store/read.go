package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/wire"
)

// ReadAhead is how many messages may be decoded before they are used.
const ReadAhead = 1024

// Read sends the messages after the checkpoint to out, in order and without gaps, and
// checks the chain. It returns nil once it has sent the message of the checkpoint until.
// If until is nil, it goes on until the context ends. Damage, or an event that this
// version does not know, ends it with an error.
func (p *Partition) Read(ctx context.Context, from wire.Checkpoint, until *wire.Checkpoint, out chan<- wire.Message) error {
	at := from
	if until != nil && at.Message >= until.Message {
		return nil
	}
	consumer, err := p.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: at.Message + 1,
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", logStream(p.Number), err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("reading %s: %w", logStream(p.Number), err)
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
			return err
		}
		m, err := stored.Decode(at)
		if err != nil {
			return err
		}
		select {
		case out <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
		at = m.Checkpoint()
		if until != nil && at.Message >= until.Message {
			return nil
		}
	}
}
