package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/wire"
)

// Append publishes the message that continues the partition, on condition that it gets
// the envelope's sequence. It makes one attempt. If Append returns nil, the message is
// durable. If it returns an error, the message may be stored all the same, unless
// [Partition.NotStored] reports true for the error, or the error wraps [ErrUnavailable].
// Around [ErrDisk] it means that no answer will come.
func (p *Partition) Append(ctx context.Context, e wire.Envelope) error {
	ctx, leave, err := p.store.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	msg := &nats.Msg{Subject: logSubject(p.Number), Header: nats.Header{}, Data: e.Payload}
	for name, value := range e.Headers() {
		msg.Header.Set(name, value)
	}
	return p.reach.attempt(ctx, func(ctx context.Context) error {
		ack, err := p.store.JS.PublishMsg(ctx, msg, jetstream.WithRetryAttempts(0),
			jetstream.WithExpectStream(logStream(p.Number)), jetstream.WithExpectLastSequence(e.Sequence-1))
		if err != nil {
			if cause := context.Cause(ctx); errors.Is(cause, ErrDisk) {
				return cause
			}
			return err
		}
		if ack.Sequence != e.Sequence {
			return fmt.Errorf("JetStream stored the message as %d and not as %d", ack.Sequence, e.Sequence)
		}
		return nil
	})
}

// IsConflict reports whether JetStream refused a message because another one is in its
// place. Replicated streams have a second code for that, which they use while another
// message is in flight.
func IsConflict(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
