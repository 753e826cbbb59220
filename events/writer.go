package events

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// queueSize is how many commands may wait for a writer before callers are held back.
const queueSize = 1024

// writer is the one place in this process where a partition is written to. Its goroutine
// takes the commands that are waiting, decides each in turn on the state in memory, and
// has their events appended as one message.
type writer struct {
	*process
	health   *health
	stall    *stall
	appender *appender
	queue    chan *request
	stopped  chan struct{} // closed when the writer is to end
	ended    chan struct{} // closed when it has
	stopOnce sync.Once
	started  atomic.Bool
	future   atomic.Pointer[time.Time] // of the log's last event, if it is ahead of the clock

	acknowledged acknowledged // what somebody can know of

	// Only the writer's goroutine touches these.
	held      *held
	gathering *group      // decided, and sent when the other one is flushed; nil if there is none
	flushing  *group      // on its way into the log; nil if there is none
	sealed    chan *group // to be flushed
	flushed   chan error  // how the flush ended
	overdue   bool        // the flush takes so long that nobody waits for it any more
	taken     []*request  // from the queue, and not decided yet
}

func newWriter(own *process, p *store.Partition, h *health, s *stall) *writer {
	return &writer{
		process: own, health: h, stall: s, appender: newAppender(own, p, h), held: newHeld(p),
		queue: make(chan *request, queueSize), stopped: make(chan struct{}), ended: make(chan struct{}),
		sealed: make(chan *group), flushed: make(chan error),
	}
}

// submit hands the request to the writer and waits for its result.
func (w *writer) submit(ctx context.Context, r *request) (Result, error) {
	if err := w.health.refusal(); err != nil {
		return Result{}, err
	}
	select {
	case <-w.stopped:
		return Result{}, fmt.Errorf("%w: shutting down", store.ErrUnavailable)
	default:
	}
	select {
	case w.queue <- r:
	case <-w.stopped:
		return Result{}, fmt.Errorf("%w: shutting down", store.ErrUnavailable)
	case <-ctx.Done():
		return Result{}, fmt.Errorf("%w: too many commands are waiting: %w", store.ErrUnavailable, ctx.Err())
	}
	select {
	case <-r.answered:
		return r.result, r.err
	case <-w.ended:
		return r.after()
	case <-ctx.Done():
		return Result{}, fmt.Errorf("%w: %w", ErrOutcomeUnknown, ctx.Err())
	}
}

// stop makes the writer finish what it has taken and then end.
func (w *writer) stop() { w.stopOnce.Do(func() { close(w.stopped) }) }

// run gathers a group while another one is being flushed. What arrives meanwhile is
// decided on the state that the flush leads to, and is sent as soon as the flush has
// ended. Nothing waits for a timer.
func (w *writer) run() {
	defer close(w.ended)
	defer w.appender.probes.Wait()
	var flushing sync.WaitGroup
	flushing.Go(w.flushAll)
	defer flushing.Wait()
	defer close(w.sealed)
	stopped, drained := w.stopped, (<-chan time.Time)(nil)
	for ended := false; ; {
		if w.flushing == nil || w.overdue || w.many() {
			w.decide()
		}
		if w.flushing == nil && w.gathering != nil {
			w.flush()
			continue
		}
		if ended && w.flushing == nil && len(w.queue) == 0 {
			return
		}
		queue := w.queue
		if w.gathering.full() {
			queue = nil
		}
		select {
		case r := <-queue:
			w.take(r)
		case err := <-w.flushed:
			w.land(err)
		case err := <-w.appender.overdue:
			w.giveUp(err)
		case <-stopped:
			stopped, drained = nil, time.After(drainFor)
		case <-drained: // callers that had not seen that the writer is stopping are in the queue by now
			drained, ended = nil, true
		}
	}
}

// many reports whether so many commands were taken that it is worth deciding them during a
// flush. Fewer than few wait for its end: loading what many commands must see takes much less
// work than loading it for each. A batch counts as one more than it has operations.
func (w *writer) many() bool {
	n := 0
	for _, r := range w.taken {
		if n++; n >= few {
			return true
		}
		if batch, ok := r.command.(domain.Batch); ok {
			n += len(batch.Operations)
		}
	}
	return n >= few
}

const few = 16

// drainFor is how long a stopping writer waits for callers that have not yet seen that
// it is stopping.
const drainFor = 10 * time.Millisecond

// take takes the request and those that wait behind it in the queue.
func (w *writer) take(r *request) {
	w.taken = append(w.taken, r)
	for len(w.taken) < queueSize {
		select {
		case r := <-w.queue:
			w.taken = append(w.taken, r)
		default:
			return
		}
	}
}

// decide decides the requests that were taken, as many as fit into the group that is
// being gathered.
func (w *writer) decide() {
	if len(w.taken) == 0 || w.gathering.full() {
		return
	}
	if w.overdue {
		w.refuse(w.taken)
		w.taken = nil
		return
	}
	if err := w.ready(); err != nil {
		for _, r := range w.taken {
			r.answer(Result{}, err)
		}
		w.taken = nil
		return
	}
	if w.gathering == nil {
		w.gathering = newGroup(w.process, w.held)
		w.watch(w.clock.now())
	}
	for len(w.taken) > 0 && !w.gathering.full() {
		for n := w.held.foresee(w.taken); n > 0 && !w.gathering.full() && w.gathering.decide(w.taken[0]); n-- {
			w.taken = w.taken[1:]
		}
	}
	if len(w.gathering.decided) == 0 { // all callers had gone
		w.gathering = nil
	}
	w.held.evict()
}

// flush starts to append the group that has been gathered.
func (w *writer) flush() {
	w.pace()
	g := w.gathering
	g.seal()
	w.flushing, w.gathering = g, nil
	w.health.flying.Store(true)
	w.sealed <- g
}

// flushAll appends one group after the other, until the writer ends. It is one goroutine for
// all of them, because the stack that an append needs is worth keeping.
func (w *writer) flushAll() {
	for g := range w.sealed {
		w.flushed <- w.appender.append(g)
	}
}

// maxBehind is how many events the read models may be behind the log before commands wait
// for them. Nothing that is younger than the read models can be evicted from memory, and
// readers wait for what was acknowledged.
const maxBehind = 10_000

// pace waits until the read models have come close enough to the end of the log. Nothing is
// being flushed meanwhile. If the read models do not follow the log at all, commands are
// refused anyway, and those that are in the group are not held up.
func (w *writer) pace() {
	end := w.gathering.after.Number
	if end <= maxBehind || w.held.snapshot.Loadable(w.held.log.Number) >= end-maxBehind {
		return
	}
	ctx, cancel := w.stall.while(w.closing)
	defer cancel()
	_ = w.held.snapshot.WaitLoadable(ctx, wire.Position{Partition: w.held.log.Number, Number: end - maxBehind})
}

// land answers the group that has been flushed. If the group is not in the log, what was
// decided since rests on a state that never was, and is decided again. So is the group
// itself if another process was faster.
func (w *writer) land(err error) {
	g, overdue := w.flushing, w.overdue
	w.flushing, w.overdue = nil, false
	w.health.flying.Store(false)
	if err == nil {
		w.acknowledged.note(g.entries) // first, so that no caller reads less than it was told of
		g.answer(nil)
		if overdue { // what was decided on the group was given up
			w.held.forget()
		}
		return
	}
	var again []*request
	if errors.Is(err, errConflict) {
		w.metrics.conflicts.Inc()
		again = g.requests()
	} else {
		g.answer(err)
	}
	if w.gathering != nil {
		again = append(again, w.gathering.requests()...)
		w.gathering = nil
	}
	w.taken = append(again, w.taken...)
	w.held.forget()
}

// giveUp answers all callers because the group that is being flushed takes too long. The
// group stays in flight until the log tells whether it is there, and nothing is decided on
// it meanwhile.
func (w *writer) giveUp(err error) {
	w.overdue = true
	w.flushing.answer(err)
	if w.gathering != nil {
		w.refuse(w.gathering.requests())
		w.gathering = nil
	}
	w.refuse(w.taken)
	w.taken = nil
}

// refuse answers requests that wait for a group whose outcome is not known.
func (w *writer) refuse(requests []*request) {
	err := w.health.refusal()
	if err == nil { // the group has just landed
		err = store.ErrUnavailable
	}
	for _, r := range requests {
		r.answer(Result{}, err)
	}
}

// ready looks the tip up if it is not known.
func (w *writer) ready() error {
	if !w.held.lost {
		return nil
	}
	ctx, cancel := context.WithTimeout(w.closing, recoverFor)
	defer cancel()
	ctx, end := w.stall.while(ctx) // read models that do not move are not waited for
	defer end()
	if err := w.held.catchUp(ctx); err != nil {
		if cause := context.Cause(ctx); w.closing.Err() == nil && !errors.Is(cause, errStalled) {
			w.appender.failed(err)
		}
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return nil
}
