package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/wire"
)

// Partition is one partition of the log. It is safe for concurrent use.
type Partition struct {
	Number int // from 0 on
	store  *Store
	source source
	stream *running                        // nil without a server
	reach  *reach                          // nil without a server
	acks   acks                            // of what is appended
	end    atomic.Pointer[wire.Checkpoint] // behind which nothing is to be read; nil if there is no such end
}

// newPartition returns a partition whose log is a stream of a server.
func newPartition(number int, s *Store, stream jetstream.Stream) *Partition {
	r := &reach{store: s, patient: firstPatience}
	served := &running{s, stream, logStream(number), number, r}
	p := &Partition{Number: number, store: s, source: served, stream: served, reach: r}
	if s.inside {
		p.source = newInside(served, s.files(number).Stream, s.server.address() == "")
	}
	return p
}

// OnDamage has f called with every damage that a reader of an embedded log meets, whoever
// reads. It must be called before anybody reads.
func (p *Partition) OnDamage(f func(error)) {
	if i, ok := p.source.(*inside); ok {
		i.met = f
	}
}

// EndAt makes the partition end with the checkpoint for [Partition.Tip], [Partition.Before],
// [Partition.Page] and [Partition.Entry], because what follows cannot be understood.
func (p *Partition) EndAt(c wire.Checkpoint) { p.end.Store(&c) }

// ended returns the sequence of the last message that is to be read.
func (p *Partition) ended(ctx context.Context) (uint64, error) {
	if end := p.end.Load(); end != nil {
		return end.Message, nil
	}
	return p.Last(ctx)
}

// ErrNoMessage reports that a stream has no message at the sequence, or none on the
// subject.
var ErrNoMessage = jetstream.ErrMsgNotFound

// Message reads one message of the partition from the stream's leader, because a replica
// may lag behind. Like all that only asks, it asks again until it is answered or the context
// ends. The error wraps [ErrNoMessage] if there is no such message, and
// [wire.ErrDamaged] if its headers cannot be read.
func (p *Partition) Message(ctx context.Context, sequence uint64) (wire.Envelope, error) {
	return p.source.message(ctx, sequence)
}

// decoded reads one message and decodes its events. If that fails because of what the
// message holds, the error wraps [ErrUnreadable].
func (p *Partition) decoded(ctx context.Context, sequence uint64) (wire.Message, error) {
	e, err := p.Message(ctx, sequence)
	if err != nil {
		return wire.Message{}, err
	}
	m, err := e.DecodeAlone(p.Number)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return m, err
}

// Last returns the sequence of the partition's last message, or 0 if it has none.
func (p *Partition) Last(ctx context.Context) (uint64, error) {
	return p.source.last(ctx)
}

// Size returns how many bytes and messages the partition has where it is stored.
func (p *Partition) Size(ctx context.Context) (bytes, messages uint64, err error) {
	return p.source.size(ctx)
}

// Tip returns the checkpoint of a reader that has read the partition to its end. It reads
// only the last message. If that cannot be understood, or ends with an event that this node
// has read before, the error wraps [ErrUnreadable] or [wire.ErrDamaged].
func (p *Partition) Tip(ctx context.Context) (wire.Checkpoint, error) {
	if end := p.end.Load(); end != nil {
		return *end, nil
	}
	last, err := p.Last(ctx)
	if err != nil || last == 0 {
		return wire.Checkpoint{Position: wire.Position{Partition: p.Number}}, err
	}
	m, err := p.decoded(ctx, last)
	if errors.Is(err, ErrNoMessage) { // nothing is ever deleted from the log
		err = fmt.Errorf("%w: %w", err, wire.ErrDamaged)
	}
	if err == nil {
		err = p.after(m)
	}
	if err != nil {
		return wire.Checkpoint{}, err
	}
	return m.Checkpoint(), nil
}

// after returns an error if the message comes after what this node has read, and its events
// do not. Whoever believed such a message would think that the partition is shorter than it is.
func (p *Partition) after(m wire.Message) error {
	if p.store.mark == nil {
		return nil
	}
	mark, found, err := p.store.mark.read(p.Number)
	if err != nil || !found || m.Sequence <= mark.Message || m.First() > mark.Number {
		return nil //nolint:nilerr // a damaged mark is reported when it is compared
	}
	return fmt.Errorf("%w: message %d starts with event %d, and message %d before it ends with event %d: %w",
		ErrUnreadable, m.Sequence, m.First(), mark.Message, mark.Number, wire.ErrDamaged)
}

// Before returns the checkpoint of a reader that has read everything before the message
// with the event. It reports false if the log has no such event.
func (p *Partition) Before(ctx context.Context, number uint64) (wire.Checkpoint, bool, error) {
	last, err := p.ended(ctx)
	if err != nil {
		return wire.Checkpoint{}, false, err
	}
	at, err := p.source.find(ctx, last, number)
	if err != nil || at == 0 {
		return wire.Checkpoint{}, false, err
	}
	holding, err := p.decoded(ctx, at)
	if err != nil || holding.Last() < number {
		return wire.Checkpoint{}, false, err
	}
	if at == 1 {
		return wire.Checkpoint{Position: wire.Position{Partition: p.Number}}, true, nil
	}
	before, err := p.decoded(ctx, at-1)
	if err != nil {
		return wire.Checkpoint{}, false, err
	}
	return before.Checkpoint(), true, nil
}

// Contains checks that the log holds the message of the checkpoint, which a reader has
// read before. If it does not, the error wraps [ErrTruncated].
func (p *Partition) Contains(ctx context.Context, c wire.Checkpoint) error {
	if c.Message == 0 {
		return nil
	}
	lost := func(what string) error {
		return fmt.Errorf("partition %d: %w: message %d with event %s %s. Nothing will be written: restore the log from a backup, "+
			"or find out with muster audit verify what is there", c.Partition, ErrTruncated, c.Message, c.Position, what)
	}
	e, err := p.Message(ctx, c.Message)
	switch {
	case errors.Is(err, ErrNoMessage):
		return lost("is gone")
	case errors.Is(err, wire.ErrDamaged):
		return lost("is damaged: " + err.Error())
	case err != nil:
		return err
	case e.Link() != c.Hash:
		return lost("is not what it was")
	}
	return nil
}

// Closed reports whether the connection to the server was closed, so that no call will
// succeed any more.
func (p *Partition) Closed() bool { return p.store.Conn.IsClosed() }
