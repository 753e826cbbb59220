package store

import (
	"context"
	"errors"
	"strconv"

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
	msg := &nats.Msg{Subject: logSubject(p.Number), Header: make(nats.Header, 8), Data: e.Payload}
	for name, value := range e.Headers() {
		msg.Header.Set(name, value)
	}
	msg.Header[jetstream.ExpectedStreamHeader] = []string{logStream(p.Number)}
	msg.Header[jetstream.ExpectedLastSeqHeader] = []string{strconv.FormatUint(e.Sequence-1, 10)}
	return p.reach.attempt(ctx, func(ctx context.Context) error {
		if err := p.acks.publish(ctx, p.store.Conn, msg, logStream(p.Number), e.Sequence); err != nil {
			if cause := context.Cause(ctx); errors.Is(cause, ErrDisk) {
				return cause
			}
			return err
		}
		p.Appended(e)
		return nil
	})
}

// Appended reports that this process knows that its message is in the log, so that a
// reader in this process may get it without reading the log. [Partition.Append] does that
// for a message that was acknowledged.
func (p *Partition) Appended(e wire.Envelope) {
	if i, ok := p.source.(*inside); ok && i.own != nil {
		i.own.add(e)
		i.knows(e.Sequence)
	}
}

// IsConflict reports whether JetStream refused a message because another one is in its
// place. Replicated streams have a second code for that, which they use while another
// message is in flight.
func IsConflict(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
