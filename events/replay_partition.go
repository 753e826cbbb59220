package events

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// ReplayPartition calls apply with the messages of a partition in order, from the first one
// to the one that has the event with the number. The chain is checked as it goes. Nothing
// behind that message is read. If the log ends before, the error wraps [store.ErrTruncated].
func (l *Log) ReplayPartition(ctx context.Context, partition int, until uint64, apply func(wire.Message) error) error {
	if until == 0 {
		return nil
	}
	p := l.partitions[partition]
	if l.store.Conn != nil { // a reader would wait for what is not there
		tip, err := p.Tip(ctx)
		if err != nil {
			return err
		}
		if tip.Number < until {
			return shorter(tip.Position, until)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan wire.Message, replayAhead)
	ended := make(chan error, 1)
	go func() {
		start := wire.Checkpoint{Position: wire.Position{Partition: partition}}
		err := p.Read(ctx, start, &wire.Checkpoint{Message: math.MaxUint64}, messages)
		close(messages)
		ended <- err
	}()
	at := wire.Position{Partition: partition}
	var failed error
	for m := range messages {
		if failed != nil || at.Number >= until {
			continue // the reader is about to end
		}
		if failed = apply(m); failed == nil {
			at.Number = m.Last()
		}
		if failed != nil || at.Number >= until {
			cancel()
		}
	}
	err := <-ended
	switch {
	case failed != nil:
		return failed
	case at.Number >= until:
		return nil
	case err != nil && !errors.Is(err, wire.ErrDamaged):
		return err
	}
	return errors.Join(shorter(at, until), err)
}

// Look is [Log.ReplayPartition] with profiles in the clear, or as erased. All that are sealed are as
// erased if there is a reason in [Log.Sealed]. It is for a log that is open for reading only.
// Afterwards queries of the partition's events see as far as it has read: [Log.EventAt],
// [Log.TimeAt], [Log.NumberAt] and [Log.Events].
func (l *Log) Look(ctx context.Context, partition int, until uint64, apply func(wire.Message) error) error {
	end := wire.Checkpoint{Position: wire.Position{Partition: partition}}
	err := l.ReplayPartition(ctx, partition, until, func(m wire.Message) error {
		if l.profiles.keys == nil {
			hide(m.Entries)
		} else if err := l.profiles.open(ctx, &m); err != nil {
			return err
		}
		end = m.Checkpoint()
		return apply(m)
	})
	if err == nil {
		l.lookedAt(end)
	}
	return err
}

// LookUpTo has queries of a partition's events see as far as the checkpoint, like [Log.Look], for
// somebody who has read models of it already. The log must hold the checkpoint; the errors are
// those of [Log.Contains].
func (l *Log) LookUpTo(ctx context.Context, end wire.Checkpoint) error {
	err := l.Contains(ctx, end)
	if err == nil {
		l.lookedAt(end)
	}
	return err
}

func (l *Log) lookedAt(end wire.Checkpoint) {
	p := l.partitions[end.Partition]
	p.EndAt(end) // what a service writes meanwhile is of no interest
	p.feed.Settle(end.Number)
}

// hide makes sealed profiles erased ones.
func hide(entries []wire.Entry) {
	for i := range entries {
		if set, ok := entries[i].Event.(domain.UserProfileSet); ok && !set.Sealed.Key.IsZero() {
			set.Erased = true
			entries[i].Event = set
		}
	}
}

// Sealed returns why no profile that is sealed can be read, or nil: the keys are not there, or a
// service that runs in the data directory uses them.
func (l *Log) Sealed() error { return l.profiles.missing }

func shorter(at wire.Position, until uint64) error {
	return fmt.Errorf("partition %d ends with %s, and event %d was there: %w", at.Partition, at, until, store.ErrTruncated)
}

// Reaches returns how far the partition can be read while a service runs in the data directory;
// see [store.Partition.Prefix].
func (l *Log) Reaches(ctx context.Context, partition int) (wire.Position, error) {
	prefix, err := l.partitions[partition].Prefix(ctx)
	return prefix.Position, err
}
