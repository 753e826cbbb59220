package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/wire"
)

// ErrUnreadable reports that a message is damaged, does not follow the one before, or holds
// an event that this version does not know. Reading it again does not help.
var ErrUnreadable = errors.New("a message of the log cannot be understood")

// ReadAhead is how many messages may be decoded before they are used.
const ReadAhead = 128

// The ways in which reading a source ends before the source does.
var (
	errEnough      = errors.New("the reader has what it wants")
	errInterrupted = errors.New("the server stopped sending messages") // a new consumer goes on
)

// Read sends the messages after the checkpoint to out, in order and without gaps, and
// checks the chain. It returns nil once it has sent the message of the checkpoint until.
// If until is nil, it goes on until the context ends. While the partition cannot be
// reached, it tries again, for [AskFor] at most. Damage, or an event that this version does
// not know, ends it with an error around [ErrUnreadable]. In a cluster that is so only if the
// leader has it like that, too.
func (p *Partition) Read(ctx context.Context, from wire.Checkpoint, until *wire.Checkpoint, out chan<- wire.Message) error {
	return p.read(ctx, reader{at: from, until: until, use: func(_ wire.Envelope, m wire.Message) error {
		select {
		case out <- m:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
}

// read is Read for what the reader says.
func (p *Partition) read(ctx context.Context, r reader) error {
	until := r.until
	if r.done() {
		return nil
	}
	source := p.history(until)
	for begun := time.Now(); ; {
		before, again := r.at.Message, time.Now()
		err := source.each(ctx, r.at.Message+1, r.take)
		if errors.Is(err, ErrUnreadable) && p.replicated() {
			err = p.askLeader(ctx, &r, err)
		}
		switch {
		case errors.Is(err, errEnough):
			return nil
		case err == nil:
			return fmt.Errorf("%w: message %d is missing: %w", ErrUnreadable, r.at.Message+1, wire.ErrDamaged)
		case ctx.Err() != nil || !errors.Is(err, errInterrupted):
			return errors.Join(ctx.Err(), err)
		case r.at.Message != before || time.Since(again) > 3*readPulse: // it was reached meanwhile
			begun = time.Now()
		case time.Since(begun) > AskFor:
			return fmt.Errorf("reading %s: %w", logStream(p.Number), err)
		}
		if until == nil {
			p.reach.interrupted.CompareAndSwap(nil, &interruption{err, time.Now()})
		}
		p.store.logger.Debug("reading the log again", slog.String("stream", logStream(p.Number)), slog.Uint64("after", r.at.Message), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askAgainAfter):
		}
	}
}

// replicated reports whether the partition may be on several servers.
func (p *Partition) replicated() bool {
	return p.reach != nil && p.store.Conn.ConnectedClusterName() != ""
}

// askLeader reads the next message from the leader, because a consumer could not read it. A
// consumer reads one replica, and perhaps only that one is damaged. If the leader's message
// is sound it is handed over, and the error wraps errInterrupted. If the leader has nothing
// better, the error is the one that the consumer has ended with.
func (p *Partition) askLeader(ctx context.Context, r *reader, unreadable error) error {
	e, err := p.Message(ctx, r.at.Message+1)
	if Unreachable(err) || ctx.Err() != nil {
		return errors.Join(errInterrupted, err)
	}
	if err != nil {
		return unreadable
	}
	if err := r.take(e); err != nil {
		return err
	}
	p.store.logger.Warn("a replica of the log is damaged: the message was read from the leader",
		slog.String("stream", logStream(p.Number)), slog.Uint64("message", e.Sequence), slog.Any("error", unreadable))
	return fmt.Errorf("%w: message %d of the consumer cannot be read", errInterrupted, e.Sequence)
}

// Readable returns nil if the server would now send the messages after the sequence.
func (p *Partition) Readable(ctx context.Context, after uint64) error {
	r, running := p.source.(*running)
	if !running {
		return nil
	}
	messages, err := r.consume(ctx, after+1)
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.name, err)
	}
	messages.Stop()
	return nil
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

// reader decodes messages and hands them over.
type reader struct {
	at    wire.Checkpoint
	until *wire.Checkpoint
	use   func(wire.Envelope, wire.Message) error
}

func (r *reader) done() bool { return r.until != nil && r.at.Message >= r.until.Message }

// take hands a message over. It returns errEnough after the last one that is wanted.
func (r *reader) take(e wire.Envelope) error {
	m, err := e.Decode(r.at)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if err := r.use(e, m); err != nil {
		return err
	}
	r.at = m.Checkpoint()
	if r.done() {
		return errEnough
	}
	return nil
}

const (
	// readPulse is how often the server says that it is there while nothing is written. After
	// two beats without it a new consumer is made.
	readPulse = time.Second
	// readPull is how long one request for messages lasts.
	readPull = 10 * time.Second
	// forgetReader is how long the server keeps the consumer of a reader that has gone.
	forgetReader = 30 * time.Second
)

// each reads with one consumer. When the server stops sending messages, the error wraps
// errInterrupted.
func (r *running) each(ctx context.Context, from uint64, f func(wire.Envelope) error) error {
	messages, err := r.consume(ctx, from)
	if err == nil {
		r.reach.interrupted.Store(nil)
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("reading %s: %w", r.name, err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errInterrupted, err)
	}
	defer messages.Stop()
	// The context must end Next itself: Stop has no effect while the connection is being made
	// again.
	whileWanted := jetstream.NextContext(ctx)
	for delivered := uint64(1); ; delivered++ {
		msg, err := messages.Next(whileWanted)
		if err != nil {
			return fmt.Errorf("%w: %w", errInterrupted, err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Consumer != delivered {
			return fmt.Errorf("%w: the consumer's message %d came in place of %d", errInterrupted, meta.Sequence.Consumer, delivered)
		}
		e, err := r.envelope(meta.Sequence.Stream, msg.Subject(), msg.Headers().Get, msg.Data())
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		if err := f(e); err != nil {
			return err
		}
	}
}

// consume makes a consumer that begins with the sequence. It is not one of the ordered
// consumers of nats.go: those wait up to ten seconds for each server that does not answer.
// The partition's chain proves the order.
func (r *running) consume(ctx context.Context, from uint64) (jetstream.MessagesContext, error) {
	var consumer jetstream.Consumer
	err := r.reach.attempt(ctx, func(ctx context.Context) (err error) {
		consumer, err = r.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from,
			AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: forgetReader,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return consumer.Messages(jetstream.PullMaxBytes(r.store.pullBytes()), jetstream.PullExpiry(readPull), jetstream.PullHeartbeat(readPulse))
}

// A server closes a connection on which 64 MB wait to be sent. What all partitions ask for
// stays below that, unless a log with many partitions has only messages of the largest
// size.
const (
	pullAll   = 48 << 20
	pullMost  = 8 << 20
	pullLeast = 2 * maxMessage // less than a message would stop the reader
)

// pullBytes returns how many bytes a partition may ask for at once.
func (s *Store) pullBytes() int {
	return max(pullLeast, min(pullMost, pullAll/max(1, len(s.Partitions))))
}
