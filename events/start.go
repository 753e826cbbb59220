package events

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// Start waits until the snapshot shows everything that is in the log, and starts
// the writers. [Log.Follow] must be running, or the wait has no end.
//
// A partition that has stopped is left out. It takes no commands, and [Log.Stopped] says
// why. If all partitions have stopped, Start returns the reasons.
func (l *Log) Start(ctx context.Context, s Snapshot) error {
	if l.readOnly {
		return errors.New("the log was opened for reading only")
	}
	for _, p := range l.partitions {
		if err := l.prepare(ctx, p, s); err != nil {
			return err
		}
	}
	going := slices.DeleteFunc(slices.Clone(l.partitions), func(p *partition) bool { return p.stall.permanent() != nil })
	if len(going) == 0 {
		return l.Stopped()
	}
	for _, p := range going {
		p.writer.started.Store(true)
		l.running.Go(p.writer.run)
	}
	l.running.Go(l.scrub.run)
	return nil
}

// prepare waits until the snapshot shows everything that is in the partition, or
// until the partition has stopped.
func (l *Log) prepare(ctx context.Context, p *partition, s Snapshot) error {
	p.writer.held.snapshot = s
	following, end := p.stall.untilStopped(ctx)
	defer end()
	err := p.writer.held.catchUp(following)
	if err == nil { // who has seen something before a restart sees it afterwards
		err = s.WaitFor(following, p.writer.held.tip.Position)
	}
	switch {
	case errors.Is(err, store.ErrNoMessage):
		l.stopped(p.checkpoint(), err)
	case errors.Is(err, store.ErrUnreadable), errors.Is(err, wire.ErrDamaged):
		<-following.Done() // the follower stops there, or before that
	}
	switch {
	case err == nil:
		p.writer.watch(l.clock.now())
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case p.stall.permanent() == nil:
		return fmt.Errorf("partition %d: %w", p.Number, err)
	}
	return nil
}

// Stopped returns why partitions cannot be followed any more, or nil if all can be.
func (l *Log) Stopped() (all error) {
	var reasons []error
	for _, p := range l.partitions {
		reason := p.stall.permanent()
		if reason == nil || slices.Contains(reasons, reason) {
			continue
		}
		reasons = append(reasons, reason)
		if all == nil {
			all = fmt.Errorf("following the log has stopped: %w", reason)
		} else {
			all = fmt.Errorf("%w; %w", all, reason)
		}
	}
	return all
}
