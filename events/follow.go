package events

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

const (
	// replayEvents is how many events a replay hands over at once at most.
	replayEvents = 1000
	// replayAhead is how many messages a replay decodes ahead. A decoded message may take some
	// megabytes, and one that waits is enough to keep both sides at work.
	replayAhead = 16
)

// ReadModels is what [Log.Follow] keeps up to date. Only one goroutine calls Apply and Commit.
type ReadModels interface {
	// Apply applies a message. Nobody who queries the read models sees it before Commit. An
	// error says that nothing of this message has been applied, and takes back nothing that
	// was applied before. If it wraps [ErrTryAgain], the same message may be applied later.
	Apply(m wire.Message) error
	// Commit shows to everybody what has been applied. If it fails with an error around
	// [ErrTryAgain], it may be called again.
	Commit() error
	// Wanted returns a channel that receives something when somebody waits for what has been
	// applied to be committed.
	Wanted() <-chan struct{}
}

// ErrTryAgain reports that messages could not be applied now, and that applying the same
// messages later may succeed: the disk is full, for example.
var ErrTryAgain = errors.New("this cannot be applied at the moment")

// errStalled is why waiting for read models ends that do not follow the log.
var errStalled = errors.New("the read models do not follow the log at the moment")

// Follow applies everything that is in the log after the checkpoints, and then everything
// that comes, until the context ends. Each partition comes in order, without gaps and with
// its chain intact. Partitions are mixed. A message is applied as soon as it arrives. Commits
// cost as much as many messages, so there is one only when somebody waits for it, when much
// has been applied since the last one, or when that is [commitPause] ago.
//
// What has been applied goes to the feed, at most [feedPause] later and before it is committed.
// Its events become visible to [Log.Events] when they are there. Whoever has read an event and
// then queries the read models waits until they show it; see [Log.Shown].
//
// What can pass is tried again until it has passed: an error of the read models around
// [ErrTryAgain], and a log that cannot be read. Damage, a gap, an event that this version
// does not know, and any other error of the read models stop the partition, and the other
// partitions go on. As long as a partition does not follow the log, it takes no commands, and
// [Log.Ready] returns the reason. Follow itself returns an error only if the log does not
// hold the checkpoints.
func (l *Log) Follow(ctx context.Context, from []wire.Checkpoint, models ReadModels) error {
	if len(from) != len(l.partitions) {
		return fmt.Errorf("%d checkpoints for %d partitions", len(from), len(l.partitions))
	}
	f := &follower{Log: l, models: models, messages: make(chan read, store.ReadAhead)}
	return f.follow(ctx, from)
}

// Replay calls apply with everything that is in the log between the checkpoints and the tips
// that the log has when it is called. Each partition comes in order, as many messages at once
// as have arrived meanwhile. Nothing becomes visible, and nothing is tried again. If progress
// is not nil it is called with how many events of how many are done.
func (l *Log) Replay(ctx context.Context, from []wire.Checkpoint, progress func(done, of uint64), apply func([]wire.Message) error) error {
	return l.ReplayStored(ctx, from, progress, func(messages []wire.Message) error {
		l.profiles.prefetch(ctx, messages)
		for i := range messages {
			if err := l.profiles.open(ctx, &messages[i]); err != nil {
				return err
			}
		}
		return apply(messages)
	})
}

// ReplayStored is [Log.Replay] with profiles as they are stored, so sealed. It needs no keys.
func (l *Log) ReplayStored(ctx context.Context, from []wire.Checkpoint, progress func(done, of uint64), apply func([]wire.Message) error) error {
	if len(from) != len(l.partitions) {
		return fmt.Errorf("%d checkpoints for %d partitions", len(from), len(l.partitions))
	}
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

// read reads the partitions side by side, each up to its checkpoint in until. It hands
// over what they bring in one goroutine.
func (l *Log) read(ctx context.Context, from, until []wire.Checkpoint, hand func([]wire.Message) error) error {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	readers, reading := errgroup.WithContext(reading)
	messages := make(chan wire.Message, replayAhead)
	for p := range l.partitions {
		readers.Go(func() error { return l.partitions[p].Read(reading, from[p], &until[p], messages) })
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
	stopped := <-ended
	if err != nil && ctx.Err() == nil && errors.Is(stopped, context.Canceled) {
		return err // only because of it were the readers stopped
	}
	return errors.Join(err, stopped)
}

// gather hands over what has arrived, as much at once as there is.
func gather(messages <-chan wire.Message, hand func([]wire.Message) error) error {
	for first := range messages {
		arrived := []wire.Message{first}
		events := len(first.Entries)
	more:
		for events < replayEvents {
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
