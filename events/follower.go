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
	messages chan wire.Message // of all partitions, in the order of each

	// Only the goroutine that applies touches these.
	out     [store.MaxPartitions]bool // partitions that have stopped at a message that was applied
	stalled bool                      // the last attempt to apply or commit has failed
	applied []wire.Message            // and not committed
	events  int                       // that these messages have
	foreign bool                      // one of them is another process's
	last    time.Time                 // when something was committed
}

const (
	// commitEvents is how many events are applied at most until they are committed. Rows that
	// are in one transaction share pages and their flushes, but more of them share no more.
	commitEvents = 2000
	// commitPause is how long after a commit nothing is committed that nobody waits for. After
	// a rest, a message is committed at once. Rows that share a transaction share pages.
	commitPause = 100 * time.Millisecond
)

// The pause before something is tried again that has failed. It doubles each time.
const (
	firstPause = 50 * time.Millisecond
	longPause  = time.Second
)

// pause is a pause that grows each time.
type pause time.Duration

// wait waits, longer than the last time. It returns early when something is mended, and
// reports false when the context has ended.
func (p *pause) wait(ctx context.Context, mended <-chan struct{}) bool {
	*p = min(max(2*(*p), pause(firstPause)), pause(longPause))
	timer := time.NewTimer(time.Duration(*p))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-mended:
		*p = 0
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// follow checks the checkpoints and then reads and applies until the context ends.
func (f *follower) follow(ctx context.Context, from []wire.Checkpoint) error {
	for _, c := range from {
		if err := f.check(ctx, c, false); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			f.stopped(c.Partition, err)
			for _, p := range f.partitions { // none of them is followed
				p.stall.end(err)
			}
			return err
		}
		f.partitions[c.Partition].feed.Start(c.Number)
		f.partitions[c.Partition].read.Store(&c)
		if c.Message > 0 { // after a kill the mark may lag behind
			f.store.SetMark(c)
		}
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

// run applies and commits what the readers bring, until they have ended.
func (f *follower) run(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		var due <-chan time.Time
		if len(f.applied) > 0 {
			pause.Reset(commitPause - time.Since(f.last))
			due = pause.C
		}
		select {
		case <-f.models.Wanted():
			f.commit(ctx)
			continue
		default: // and only then what has arrived, so that nobody who waits is passed over
		}
		if f.foreign && len(f.messages) == 0 {
			f.commit(ctx)
			continue
		}
		select {
		case m, more := <-f.messages:
			if !more {
				f.commit(ctx)
				return
			}
			f.hand(ctx, m)
			if f.events >= commitEvents {
				f.commit(ctx)
			}
		case <-f.models.Wanted():
			f.commit(ctx)
		case <-due:
			f.commit(ctx)
		}
	}
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
			f.stopped(p.Number, err)
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
	read := make(chan wire.Message, 1)
	ended := make(chan error, 1)
	go func() {
		err := f.partitions[at.Partition].Read(ctx, *at, nil, read)
		close(read)
		ended <- err
	}()
	mended := f.store.Mended()
	for {
		select {
		case m, ok := <-read:
			if !ok {
				return <-ended
			}
			if ctx.Err() != nil {
				continue // one was left out already
			}
			select {
			case f.messages <- m:
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
	p.read.Store(&c)
	err := f.atLast(ctx, func() error { return f.models.Apply(m) })
	switch {
	case err == nil:
		p.writer.acknowledged.noteAll(m.Entries) // first, so that who reads of an event never reads less
		p.feed.Apply(m)
		f.applied = append(f.applied, m)
		f.events += len(m.Entries)
		f.foreign = f.foreign || m.Writer != f.id
	case ctx.Err() == nil:
		f.out[m.Partition] = true
		f.stopped(m.Partition, err)
	}
}

// commit commits what was applied and passes it on. What cannot be committed, although it was
// applied, stops everything.
func (f *follower) commit(ctx context.Context) {
	if len(f.applied) == 0 {
		return
	}
	err := f.atLast(ctx, f.models.Commit)
	switch {
	case err == nil:
		f.committed(f.applied)
		clear(f.applied) // they are large
		f.applied, f.events, f.foreign, f.last = f.applied[:0], 0, false, time.Now()
	case ctx.Err() == nil:
		for _, p := range f.partitions {
			f.out[p.Number] = true
			f.stopped(p.Number, err)
		}
		f.applied, f.events, f.foreign = nil, 0, false
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
		if !again.wait(ctx, mended) {
			return err
		}
	}
}

// stall notes for every partition why nothing can be applied, or that it can be again.
func (f *follower) stall(reason error) {
	f.stalled = reason != nil
	for _, p := range f.partitions {
		p.stall.set(applying, reason)
	}
}
