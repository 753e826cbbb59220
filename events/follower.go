package events

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// follower is one run of [Log.Follow].
type follower struct {
	*Log
	models   ReadModels
	messages chan read // of all partitions, in the order of each

	// Only the goroutine that applies touches these.
	out       [store.MaxPartitions]bool            // partitions that have stopped
	stalled   bool                                 // the last attempt to apply or commit has failed
	unfed     []wire.Message                       // what was applied and is not passed on to the feed
	fed       time.Time                            // when something was passed on
	events    int                                  // how many were applied and are not committed
	last      time.Time                            // when something was committed
	applied   [store.MaxPartitions]wire.Checkpoint // what each partition was applied up to
	committed [store.MaxPartitions]wire.Checkpoint // what each partition was committed up to
}

// read is what a reader has read: a message, or why its partition stops after the messages
// that came before.
type read struct {
	wire.Message
	at     wire.Checkpoint // of what came before; only with a reason to stop
	reason error
}

const (
	// commitEvents is how many events are applied at most until they are committed. Rows that
	// are in one transaction share pages and their flushes, but more of them share no more.
	commitEvents = 2000
	// commitPause is how long after a commit nothing is committed that nobody waits for. Rows
	// that share a transaction share pages. But whoever waits for a commit, and a command that
	// loads something, waits the longer, the more there is to be committed.
	commitPause = 50 * time.Millisecond
	// feedPause is the same for what is passed on to the feed, which wakes everybody who waits
	// for events. After a rest, both happen at once.
	feedPause = 20 * time.Millisecond
)

// follow checks the checkpoints and then reads and applies until the context ends.
func (f *follower) follow(ctx context.Context, from []wire.Checkpoint) error {
	for _, c := range from {
		if err := f.check(ctx, c, false); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			f.stopped(f.whole(ctx, c), err)
			reason := f.partitions[c.Partition].stall.permanent()
			for _, p := range f.partitions { // none of them is followed
				p.stall.end(reason)
			}
			return err
		}
		f.partitions[c.Partition].feed.Start(c.Number)
		f.partitions[c.Partition].committed.Store(c.Number)
		f.applied[c.Partition], f.committed[c.Partition] = c, c
		f.partitions[c.Partition].read.Store(&c)
		if c.Message > 0 { // after a kill the mark may lag behind
			f.store.SetMark(c)
		}
		f.checkpoints.Start(c)
	}
	close(f.following)
	var readers sync.WaitGroup
	for p := range f.partitions {
		readers.Go(func() { f.readOn(ctx, from[p]) })
	}
	go func() {
		readers.Wait()
		close(f.messages)
	}()
	f.run(ctx)
	return nil
}

// whole returns how far the log can be read that does not hold what was read up to the
// checkpoint: to the checkpoint, or to the log's end if that comes first.
func (f *follower) whole(ctx context.Context, c wire.Checkpoint) wire.Checkpoint {
	tip, err := f.partitions[c.Partition].Tip(ctx)
	switch {
	case err != nil: // then not even the end is known
		return wire.Checkpoint{Position: wire.Position{Partition: c.Partition}}
	case tip.Number < c.Number:
		return tip
	}
	return c
}

// run applies and commits what the readers bring, until they have ended.
func (f *follower) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		if pause, ends := f.wait(); ends {
			timer.Reset(pause)
			due = timer.C
		}
		select {
		case <-f.models.Wanted():
			f.commit(ctx)
			continue
		default: // and only then what has arrived, so that nobody who waits is passed over
		}
		select {
		case m, more := <-f.messages:
			if !more {
				f.commit(ctx)
				return
			}
			if m.reason != nil {
				f.stop(ctx, m.at, m.reason)
				continue
			}
			f.hand(ctx, m.Message)
			if f.events >= commitEvents {
				f.commit(ctx)
			}
		case <-f.models.Wanted():
			f.commit(ctx)
		case <-due:
			if time.Since(f.fed) >= feedPause {
				f.feed()
			}
			if time.Since(f.last) >= commitPause {
				f.commit(ctx)
			}
		}
	}
}

// wait returns how long passing on or committing can wait. It reports false if there is nothing
// to do.
func (f *follower) wait() (pause time.Duration, ends bool) {
	switch {
	case len(f.unfed) > 0:
		return feedPause - time.Since(f.fed), true // what is not passed on is not committed either
	case f.events > 0:
		return commitPause - time.Since(f.last), true
	}
	return 0, false
}

// check returns nil once the log is known to hold the checkpoint, and an error if it does
// not hold it or if the context has ended. A log that cannot be read is asked again. If
// reading has failed before, the log must also be known to send what follows.
func (f *follower) check(ctx context.Context, c wire.Checkpoint, failed bool) error {
	p := f.partitions[c.Partition]
	for again := pause(0); ; {
		mended := f.store.Mended()
		_, err := p.Last(ctx)
		if err == nil {
			err = p.Contains(ctx, c)
		}
		if err == nil && failed {
			err = p.Readable(ctx, c.Message)
		}
		switch {
		case err == nil:
			p.stall.set(unread, nil)
			return nil
		case errors.Is(err, store.ErrTruncated):
			return err
		}
		if ctx.Err() == nil {
			p.stall.set(unread, err)
		}
		if !again.wait(ctx, mended) {
			return ctx.Err()
		}
	}
}

// readOn reads a partition from the checkpoint on until the context ends. When reading
// fails, it goes on from what was read last.
func (f *follower) readOn(ctx context.Context, at wire.Checkpoint) {
	p := f.partitions[at.Partition]
	for again := pause(0); ; {
		from := at.Message
		err := f.readFrom(ctx, &at)
		if ctx.Err() != nil {
			return
		}
		if !errors.Is(err, store.ErrUnreadable) {
			if !errors.Is(err, context.Canceled) { // it is, when the server was replaced
				p.stall.set(unread, err)
				f.logger.Warn("reading the log is tried again", slog.Int("partition", p.Number), slog.Any("error", err))
			}
			if at.Message > from {
				again = 0
			}
			if !again.wait(ctx, f.store.Mended()) {
				return
			}
			err = f.check(ctx, at, true)
		}
		if err != nil && ctx.Err() == nil {
			select {
			case f.messages <- read{at: at, reason: err}: // what came before is applied first
			case <-ctx.Done():
			}
			<-ctx.Done() // the others go on
			return
		}
	}
}

// readFrom reads a partition after the checkpoint, and moves the checkpoint to what it
// has passed on.
func (f *follower) readFrom(ctx context.Context, at *wire.Checkpoint) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan wire.Message, 1)
	ended := make(chan error, 1)
	go func() {
		err := f.partitions[at.Partition].Read(ctx, *at, nil, messages)
		close(messages)
		ended <- err
	}()
	mended := f.store.Mended()
	for {
		select {
		case m, ok := <-messages:
			if !ok {
				return <-ended
			}
			if ctx.Err() != nil {
				continue // one was left out already
			}
			select {
			case f.messages <- read{Message: m}:
				*at = m.Checkpoint()
			case <-ctx.Done():
			}
		case <-mended: // the server is another one, and does not know who reads
			mended = nil
			cancel()
		}
	}
}

// hand applies a message, unless its partition has stopped. If it can never be applied, the
// partition stops.
func (f *follower) hand(ctx context.Context, m wire.Message) {
	if f.out[m.Partition] {
		return
	}
	p, c := f.partitions[m.Partition], m.Checkpoint()
	before := p.checkpoint()
	p.read.Store(&c)
	p.feed.Expect(m)
	err := f.atLast(ctx, func() error {
		if err := f.profiles.open(ctx, &m); err != nil {
			return err
		}
		return f.models.Apply(m)
	})
	switch {
	case err == nil:
		p.writer.acknowledged.note(m.Entries) // before anybody can read of them
		f.store.SetMark(c)
		f.checkpoints.Follow(m)
		f.unfed, f.applied[m.Partition] = append(f.unfed, m), c
		f.events += len(m.Entries)
	case ctx.Err() == nil:
		f.stop(ctx, before, err)
	}
}

// stop stops a partition after the checkpoint. What was applied before is committed first, so
// that it is shown as long as the partition stands still.
func (f *follower) stop(ctx context.Context, after wire.Checkpoint, reason error) {
	p := f.partitions[after.Partition]
	if f.out[p.Number] {
		return
	}
	f.out[p.Number] = true
	p.EndAt(after)
	f.commit(ctx)
	f.stopped(after, reason)
}

// feed passes on to the feed what was applied.
func (f *follower) feed() {
	if len(f.unfed) == 0 {
		return
	}
	for _, m := range f.unfed {
		f.partitions[m.Partition].feed.Apply(m)
	}
	clear(f.unfed) // they are large
	f.unfed, f.fed = f.unfed[:0], time.Now()
}

// commit commits what was applied. What cannot be committed, although it was applied, stops
// everything.
func (f *follower) commit(ctx context.Context) {
	f.feed()
	if f.events == 0 {
		return
	}
	err := f.atLast(ctx, f.models.Commit)
	switch {
	case err == nil:
		f.events, f.last = 0, time.Now()
		for _, p := range f.partitions {
			f.committed[p.Number] = f.applied[p.Number]
			p.committed.Store(f.committed[p.Number].Number)
		}
	case ctx.Err() == nil:
		for _, p := range f.partitions {
			f.out[p.Number] = true
			f.stopped(f.committed[p.Number], err)
		}
		f.events = 0
	}
}

// atLast applies or commits. What can pass is tried again until it has passed, or until the
// context ends. One database holds all partitions, so none of them moves meanwhile.
func (f *follower) atLast(ctx context.Context, do func() error) error {
	for again := pause(0); ; {
		mended := f.store.Mended()
		err := do()
		if !errors.Is(err, ErrTryAgain) {
			if f.stalled {
				f.stall(nil)
			}
			return err
		}
		f.stall(err)
		f.feed() // what was applied before need not wait
		if !again.wait(ctx, mended) {
			return err
		}
	}
}
