package feed

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// lookups is how many single events may be read from history at once.
	lookups = 4
	// busyFor is how long after a command readers of history leave the processors to
	// writers.
	busyFor = 250 * time.Millisecond
	// restPerByte is how long a turn lasts for each byte that it has returned, while there
	// are commands. It stands for the work of sending the byte to the reader.
	restPerByte = time.Second / (48 << 20)
	// longestRest bounds that.
	longestRest = 50 * time.Millisecond
	// scrubPause is the time between two pages that are compared again. All feeds of a
	// process share it. While there are commands it is busyScrubs times as long.
	scrubPause = 250 * time.Millisecond
	busyScrubs = 8
	// scrubAgain is the time between the end of one scrub and the beginning of the next.
	scrubAgain = time.Hour
)

// History reads the past for all feeds of a process. Few readers are served at once, for a
// bounded share of the time while there are commands, and a page that was read for one of
// them serves the others. It is safe for concurrent use.
type History struct {
	pages pages

	slots   chan struct{} // holds the readers that are being served
	single  chan struct{} // holds the readers of single events
	applied atomic.Int64  // when events were applied last, in nanoseconds since 1970

	background chan struct{} // holds the feed that is being compared with the log
	checks     pace          // of comparisons that readers may wait for
	scrubs     pace          // of the others
	scrubPause time.Duration // see the constants
	scrubAgain time.Duration
}

// pace is how fast feeds are compared with the log, all of them together.
type pace struct {
	turn chan struct{}                          // holds the feed that is being compared, or rests after it
	rest func(took time.Duration) time.Duration // how long it rests after a step
}

// concurrentReads returns how many readers of history may be served at once. The others
// wait for their turn. On two processors it is both, so that one that waits for JetStream
// does not hold up the others.
func concurrentReads() int { return max(2, runtime.GOMAXPROCS(0)/2) }

// NewHistory returns the history that the feeds of a process share.
func NewHistory() *History {
	h := &History{
		slots: make(chan struct{}, concurrentReads()), single: make(chan struct{}, lookups), background: make(chan struct{}, 1),
		scrubPause: scrubPause, scrubAgain: scrubAgain,
	}
	h.checks = pace{make(chan struct{}, 1), inTime}
	h.scrubs = pace{make(chan struct{}, 1), h.unhurried}
	return h
}

// unhurried returns how long a comparison that nobody waits for rests after a page. Reading
// one takes milliseconds and megabytes, which commands need more.
func (h *History) unhurried(time.Duration) time.Duration {
	if h.isBusy(time.Now()) {
		return busyScrubs * h.scrubPause
	}
	return h.scrubPause
}

// turn waits until the reader may be served. The reader must call done with how many bytes
// it has read, and must not wait for its client before. While there are commands, done
// lasts for a time that leaves the processors to them.
func (h *History) turn(ctx context.Context) (done func(bytes int), err error) {
	if err := enter(ctx, h.slots); err != nil {
		return nil, err
	}
	begin := time.Now()
	return func(bytes int) {
		if h.isBusy(begin) {
			time.Sleep(min(2*time.Since(begin)+time.Duration(bytes)*restPerByte, longestRest))
		}
		<-h.slots
	}, nil
}

// lookup waits until a single event may be read. The reader must call done.
func (h *History) lookup(ctx context.Context) (done func(), err error) {
	if err := enter(ctx, h.single); err != nil {
		return nil, err
	}
	return func() { <-h.single }, nil
}

// busy notes that events were applied.
func (h *History) busy() { h.applied.Store(time.Now().UnixNano()) }

// isBusy reports whether there were commands shortly before the time.
func (h *History) isBusy(at time.Time) bool { return at.UnixNano()-h.applied.Load() < int64(busyFor) }

// quietly does a step in the background when no other feed does, and then rests. A rest
// holds up only the feeds that have the same pace. It returns the error of the step, or the
// context's.
func (h *History) quietly(ctx context.Context, p *pace, step func() error) error {
	if err := enter(ctx, p.turn); err != nil {
		return err
	}
	defer func() { <-p.turn }()
	if err := enter(ctx, h.background); err != nil {
		return err
	}
	begin := time.Now()
	err := step()
	<-h.background
	if err != nil {
		return err
	}
	return pause(ctx, p.rest(time.Since(begin)))
}

// enter takes a place in the channel. It returns the context's error if that ends before.
func enter(ctx context.Context, places chan<- struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause returns nil after the duration, or the context's error.
func pause(ctx context.Context, long time.Duration) error {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
