package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

const (
	// copyMessages and copyBytes bound what is copied until it must have been acknowledged.
	copyMessages = 512
	copyBytes    = 8 << 20
	// askAhead is how many messages a stream is asked for at once.
	askAhead = 64
)

// streamed is the messages of a stream on a server, as its leader has them.
type streamed struct {
	store     *Store
	partition int
	name      string
	wrapped   bool // it is the stream of a repair
}

func (s *streamed) last(ctx context.Context) (uint64, error) {
	stream, err := s.store.JS.Stream(ctx, s.name)
	if err != nil {
		return 0, fmt.Errorf("asking for the end of %s: %w", s.name, err)
	}
	if err := quorum(stream.CachedInfo()); err != nil {
		return 0, fmt.Errorf("asking for the end of %s: %w", s.name, err)
	}
	return stream.CachedInfo().State.LastSeq, nil
}

// each reads with a consumer. When that is interrupted, another one goes on.
func (s *streamed) each(ctx context.Context, from, to uint64, use func(storedMessage) error) error {
	for begun := time.Now(); from <= to; {
		before := from
		err := s.consume(ctx, &from, to, use)
		if err == nil || ctx.Err() != nil || !errors.Is(err, errInterrupted) {
			return err
		}
		if from != before {
			begun = time.Now()
		}
		if time.Since(begun) > AskFor || !pause(ctx, askAgainAfter) {
			return err
		}
	}
	return nil
}

// consume reads with one consumer, and moves from on with each message.
func (s *streamed) consume(ctx context.Context, from *uint64, to uint64, use func(storedMessage) error) error {
	stream, err := s.store.JS.Stream(ctx, s.name)
	if err != nil {
		return fmt.Errorf("%w: %w", errInterrupted, err)
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: *from,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: forgetReader,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errInterrupted, err)
	}
	defer func() { // it must not be taken for that of a service
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CallTimeout)
		defer cancel()
		_ = stream.DeleteConsumer(ctx, consumer.CachedInfo().Name)
	}()
	messages, err := consumer.Messages(jetstream.PullMaxBytes(pullMost), jetstream.PullExpiry(readPull), jetstream.PullHeartbeat(readPulse))
	if err != nil {
		return fmt.Errorf("%w: %w", errInterrupted, err)
	}
	defer messages.Stop()
	for next := jetstream.NextContext(ctx); *from <= to; *from++ {
		msg, err := messages.Next(next)
		if err != nil {
			return fmt.Errorf("%w: %w", errInterrupted, err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Stream != *from {
			return fmt.Errorf("%w: message %d of %s came in place of %d", errInterrupted, meta.Sequence.Stream, s.name, *from)
		}
		m := storedMessage{
			Sequence: *from, Time: meta.Timestamp, Subject: msg.Subject(), parsed: msg.Headers(), Data: msg.Data(), partition: s.partition, stream: s.name,
		}
		if s.wrapped {
			if err := m.unwrap(); err != nil {
				return err
			}
		}
		if err := use(m); err != nil {
			return err
		}
	}
	return nil
}

// exactly asks the leader for each message, many at once, because each takes a round trip.
func (s *streamed) exactly(ctx context.Context, from, to uint64, use func(storedMessage) error) error {
	var page [askAhead]storedMessage
	for ; from <= to; from += askAhead {
		asked, ctx := errgroup.WithContext(ctx)
		n := min(askAhead, to-from+1)
		for i := range n {
			asked.Go(func() (err error) {
				page[i], err = s.one(ctx, from+i)
				return err
			})
		}
		if err := asked.Wait(); err != nil {
			return err
		}
		for i := range n {
			if err := use(page[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// one reads a message.
func (s *streamed) one(ctx context.Context, sequence uint64) (storedMessage, error) {
	m, err := s.store.message(ctx, s.name, ask{Sequence: sequence})
	for tries := 0; Unreachable(err) && tries < 10 && pause(ctx, askAgainAfter); tries++ {
		m, err = s.store.message(ctx, s.name, ask{Sequence: sequence})
	}
	if err != nil {
		return storedMessage{}, fmt.Errorf("message %d: %w", sequence, err)
	}
	all := storedMessage{
		Sequence: m.Sequence, Time: m.Time, Subject: m.Subject, Header: m.Header, Data: m.Data, partition: s.partition, stream: s.name,
	}
	if s.wrapped {
		err = all.unwrap()
	}
	return all, err
}

// copied is what has messages to be copied; see [original].
type copied interface {
	each(ctx context.Context, from, to uint64, use func(storedMessage) error) error
}

// copyTo publishes the messages up to the last one, each as message makes it. They must get
// the same sequences.
func copyTo(ctx context.Context, conn *nats.Conn, from copied, last uint64, message func(*storedMessage) (*nats.Msg, error), progress func(done, of uint64)) error {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(CallTimeout), jetstream.WithPublishAsyncMaxPending(2*copyMessages),
		jetstream.WithPublishAsyncTimeout(serverTimeout))
	if err != nil {
		return err
	}
	var sent []jetstream.PubAckFuture
	first, size := uint64(1), 0
	settle := func() error {
		for i, f := range sent {
			select {
			case ack := <-f.Ok():
				if wanted := first + uint64(i); ack.Sequence != wanted { //nolint:gosec // not negative
					return fmt.Errorf("the copy of message %d was stored as message %d", wanted, ack.Sequence)
				}
			case err := <-f.Err():
				return fmt.Errorf("copying message %d: %w", first+uint64(i), err) //nolint:gosec // not negative
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		first += uint64(len(sent))
		sent, size = sent[:0], 0
		progress(first-1, last)
		return nil
	}
	progress(0, last)
	err = from.each(ctx, 1, last, func(m storedMessage) error {
		m.Data = bytes.Clone(m.Data)
		msg, err := message(&m)
		if err != nil {
			return err
		}
		future, err := js.PublishMsgAsync(msg)
		if err != nil {
			return fmt.Errorf("copying message %d: %w", m.Sequence, err)
		}
		sent, size = append(sent, future), size+len(m.Data)
		if len(sent) >= copyMessages || size >= copyBytes {
			return settle()
		}
		return nil
	})
	if err != nil {
		return err // settle may have failed, and what it has received does not come again
	}
	return settle()
}
