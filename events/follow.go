package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

const (
	// ahead is how many batches are read and decoded before they are applied.
	ahead = 1024
	// applyEvents is how many events are applied at once at most.
	applyEvents = 5000
)

// Follow calls apply with everything that is in the log behind the checkpoints,
// and then with everything that comes, until the context ends. Each partition
// comes in order, without gaps and with its chain intact; partitions are mixed.
// As many batches come at once as have arrived meanwhile; nothing ever waits for
// more.
//
// When a batch has been applied it becomes visible to [Log.Events] and goes to the
// feed. Damage, a gap, or an event that this version does not know stops the
// partition, loudly: [Log.Ready] fails from then on, and the other partitions go
// on. An error of apply ends Follow.
func (l *Log) Follow(ctx context.Context, from []Checkpoint, apply func([]Batch) error) error {
	for _, c := range from {
		if err := l.Contains(ctx, c); err != nil {
			l.stopped(err)
			return err
		}
		l.partitions[c.Partition].tail.start(c.Number)
	}
	err := l.read(ctx, from, nil, func(batches []Batch) error {
		if err := apply(batches); err != nil {
			return err
		}
		return l.applied(batches)
	})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		l.stopped(err)
	}
	return err
}

// Replay is Follow up to the tips that the log has when it is called. Progress,
// when given, is told how many events of how many are done.
func (l *Log) Replay(ctx context.Context, from []Checkpoint, progress func(done, of uint64), apply func([]Batch) error) error {
	if progress == nil {
		progress = func(uint64, uint64) {}
	}
	until := make([]Checkpoint, len(l.partitions))
	var done, of uint64
	for p := range l.partitions {
		tip, err := l.tip(ctx, p)
		if err != nil {
			return err
		}
		until[p] = tip
		of += tip.Number - min(tip.Number, from[p].Number)
	}
	progress(done, of)
	return l.read(ctx, from, until, func(batches []Batch) error {
		if err := apply(batches); err != nil {
			return err
		}
		for _, b := range batches {
			done += uint64(len(b.Entries))
		}
		progress(done, of)
		return nil
	})
}

// read reads the partitions side by side, each up to its checkpoint in until or
// without end, and hands over what they bring in one goroutine.
func (l *Log) read(ctx context.Context, from, until []Checkpoint, hand func([]Batch) error) error {
	if len(from) != len(l.partitions) {
		return fmt.Errorf("%d checkpoints for %d partitions", len(from), len(l.partitions))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	readers, ctx := errgroup.WithContext(ctx)
	batches := make(chan Batch, ahead)
	for p := range l.partitions {
		readers.Go(func() error {
			if until != nil {
				return l.readPartition(ctx, from[p], &until[p], batches)
			}
			err := l.readPartition(ctx, from[p], nil, batches)
			if err != nil && ctx.Err() == nil {
				l.stopped(fmt.Errorf("partition %d: %w", p, err))
				<-ctx.Done() // the others go on
			}
			return err
		})
	}
	ended := make(chan error, 1)
	go func() {
		err := readers.Wait()
		close(batches)
		ended <- err
	}()
	err := gather(batches, hand)
	cancel()
	for range batches { //nolint:revive // readers that are about to end may still have something in hand
	}
	return errors.Join(err, <-ended)
}

// gather takes what has arrived, as much as is there, and hands it over.
func gather(batches <-chan Batch, hand func([]Batch) error) error {
	for first := range batches {
		group := []Batch{first}
		events := len(first.Entries)
	more:
		for events < applyEvents {
			select {
			case b, ok := <-batches:
				if !ok {
					break more
				}
				group = append(group, b)
				events += len(b.Entries)
			default:
				break more
			}
		}
		if err := hand(group); err != nil {
			return err
		}
	}
	return nil
}

// readPartition reads what follows the checkpoint, to the other one or without end.
func (l *Log) readPartition(ctx context.Context, from Checkpoint, until *Checkpoint, out chan<- Batch) error {
	at := from
	if until != nil && at.Message >= until.Message {
		return nil
	}
	consumer, err := l.partitions[from.Partition].stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: at.Message + 1,
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", logStream(from.Partition), err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("reading %s: %w", logStream(from.Partition), err)
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
		stored, err := open(meta.Sequence.Stream, msg.Headers(), msg.Data())
		if err != nil {
			return err
		}
		batch, err := stored.decode(at)
		if err != nil {
			return err
		}
		select {
		case out <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
		at = batch.Checkpoint()
		if until != nil && at.Message >= until.Message {
			return nil
		}
	}
}

// applied makes what the read models hold visible to everybody else.
func (l *Log) applied(batches []Batch) error {
	last := make(map[int]Checkpoint, len(l.partitions))
	for _, b := range batches {
		p := l.partitions[b.Partition]
		p.tail.add(b)
		p.feeder.offer(b)
		last[b.Partition] = b.Checkpoint()
	}
	if l.mark == nil {
		return nil
	}
	for _, c := range last {
		if err := l.mark.write(c); err != nil {
			return err
		}
	}
	return nil
}

// stopped notes that history cannot be followed any more.
func (l *Log) stopped(err error) {
	l.broken.CompareAndSwap(nil, &failure{err, l.now()})
	l.breaks(err)
	l.logger.Error("following the log has stopped: nothing new will be visible until this is mended", slog.Any("error", err))
}
