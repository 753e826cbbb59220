package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// applyEvents is how many events are applied at once at most.
const applyEvents = 5000

// Follow calls apply with everything that is in the log after the checkpoints, and
// then with everything that comes, until the context ends. Each partition comes in
// order, without gaps and with its chain intact. Partitions are mixed. As many messages
// come at once as have arrived meanwhile, and nothing ever waits for more.
//
// When a message has been applied it goes to the feed. Its events become visible to
// [Log.Events] when they are there. Damage, a gap, or an event that this version does
// not know stops the partition and is logged. [Log.Ready] fails from then on, and the
// other partitions go on. An error of apply ends Follow.
func (l *Log) Follow(ctx context.Context, from []wire.Checkpoint, apply func([]wire.Message) error) error {
	for _, c := range from {
		if err := l.Contains(ctx, c); err != nil {
			l.stopped(err)
			return err
		}
		l.partitions[c.Partition].feed.Start(c.Number)
		l.partitions[c.Partition].read.Store(&c)
	}
	err := l.read(ctx, from, nil, func(messages []wire.Message) error {
		for _, m := range messages {
			p, c := l.partitions[m.Partition], m.Checkpoint()
			p.read.Store(&c)
			p.feed.Expect(m)
		}
		if err := apply(messages); err != nil {
			return err
		}
		return l.applied(messages)
	})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		l.stopped(err)
	}
	return err
}

// Replay is [Log.Follow] up to the tips that the log has when it is called, without
// making anything visible. If progress is not nil it is called with how many events of
// how many are done.
func (l *Log) Replay(ctx context.Context, from []wire.Checkpoint, progress func(done, of uint64), apply func([]wire.Message) error) error {
	if progress == nil {
		progress = func(uint64, uint64) {}
	}
	until := make([]wire.Checkpoint, len(l.partitions))
	var done, of uint64
	for p := range l.partitions {
		tip, err := l.partitions[p].Tip(ctx)
		if err != nil {
			return err
		}
		until[p] = tip
		of += tip.Number - min(tip.Number, from[p].Number)
	}
	progress(done, of)
	return l.read(ctx, from, until, func(messages []wire.Message) error {
		if err := apply(messages); err != nil {
			return err
		}
		for i := range messages {
			done += uint64(len(messages[i].Entries))
		}
		progress(done, of)
		return nil
	})
}

// read reads the partitions side by side, each up to its checkpoint in until, or
// without end if until is nil. It hands over what they bring in one goroutine.
func (l *Log) read(ctx context.Context, from, until []wire.Checkpoint, hand func([]wire.Message) error) error {
	if len(from) != len(l.partitions) {
		return fmt.Errorf("%d checkpoints for %d partitions", len(from), len(l.partitions))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	readers, ctx := errgroup.WithContext(ctx)
	messages := make(chan wire.Message, store.ReadAhead)
	for p := range l.partitions {
		readers.Go(func() error {
			if until != nil {
				return l.partitions[p].Read(ctx, from[p], &until[p], messages)
			}
			err := l.partitions[p].Read(ctx, from[p], nil, messages)
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
		close(messages)
		ended <- err
	}()
	err := gather(messages, hand)
	cancel()
	for range messages { //nolint:revive // readers that are about to end may still have something in hand
	}
	return errors.Join(err, <-ended)
}

// gather hands over what has arrived, as much at once as there is.
func gather(messages <-chan wire.Message, hand func([]wire.Message) error) error {
	for first := range messages {
		arrived := []wire.Message{first}
		events := len(first.Entries)
	more:
		for events < applyEvents {
			select {
			case m, ok := <-messages:
				if !ok {
					break more
				}
				arrived = append(arrived, m)
				events += len(m.Entries)
			default:
				break more
			}
		}
		if err := hand(arrived); err != nil {
			return err
		}
	}
	return nil
}

// applied passes on what the read models have applied: to the feed, and to the
// high-water mark.
func (l *Log) applied(messages []wire.Message) error {
	last := make(map[int]wire.Checkpoint, len(l.partitions))
	for _, m := range messages {
		l.partitions[m.Partition].feed.Apply(m)
		last[m.Partition] = m.Checkpoint()
	}
	for _, c := range last {
		if err := l.store.SetMark(c); err != nil {
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
