package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/muster-dev/muster/domain"
)

// Snapshot is where writers load the parts of aggregates from that they do not
// hold in memory: a read model.
type Snapshot interface {
	// Load puts the parts into the state as of the last event applied; afterwards
	// every key is held, those of what does not exist as nil.
	Load(keys []domain.Key, into *domain.State) error
	// Applied answers the number of the partition's last event that is applied.
	Applied(partition int) uint64
	// WaitFor returns when the position has been applied.
	WaitFor(ctx context.Context, p Position) error
}

const (
	// groupBytes is the size at which a group stops growing.
	groupBytes = 256 << 10
	// messageBytes is the most that the events of a message may take, and so those of
	// one command.
	messageBytes = maxMessage - headerRoom
	// waiting is how many commands may wait for a writer before callers are held
	// back.
	waiting = 1024
	// callTimeout bounds one call to JetStream.
	callTimeout = 5 * time.Second
)

// writer is the one place in this process where a partition is written to. Its
// goroutine takes what commands are waiting, decides each in turn on the state in
// memory, and has their events appended as one message.
type writer struct {
	log       *Log
	partition *partition
	queue     chan *request
	stopped   chan struct{}
	stopOnce  sync.Once
	started   atomic.Bool
	failure   atomic.Pointer[failure] // of the last append; nil when it went well

	// Only the writer's goroutine touches these.
	snapshot Snapshot
	tip      Checkpoint
	lost     bool // the tip is not known: look it up before deciding anything
	state    domain.State
	// held has the keys of the state, the least recently used first out, each with
	// the number of the last event that changed it.
	held *simplelru.LRU[domain.Key, uint64]
	ids  eventIDs

	gathering *group     // decided; goes out when the other is flushed; nil: there is nothing
	flushing  *group     // on its way into the log; nil: none is
	flushed   chan error // what came of it
	taken     []*request // from the queue, and not decided yet
}

// failure is why the last append went wrong, and when.
type failure struct {
	err error
	at  time.Time
}

func newWriter(l *Log, p *partition) *writer {
	held, _ := simplelru.NewLRU[domain.Key, uint64](math.MaxInt, nil) // errs only on a size below 1
	w := &writer{log: l, partition: p, queue: make(chan *request, waiting), stopped: make(chan struct{}), held: held, flushed: make(chan error)}
	w.state.Made = func(k domain.Key) { w.held.Add(k, w.tip.Number) }
	return w
}

// Start waits until the snapshot has applied everything that is in the log, and
// starts the writers. [Log.Follow] must be running, or the wait has no end; when it
// stops meanwhile Start fails with its reason.
func (l *Log) Start(ctx context.Context, s Snapshot) error {
	if l.readOnly {
		return errors.New("the log was opened for reading only")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.whole, func() { cancel(context.Cause(l.whole)) })()
	for _, p := range l.partitions {
		p.writer.snapshot = s
		err := p.writer.catchUp(ctx)
		if cause := context.Cause(ctx); err != nil && cause != nil {
			return cause
		}
		if err != nil {
			return fmt.Errorf("partition %d: %w", p.number, err)
		}
	}
	for _, p := range l.partitions {
		p.writer.started.Store(true)
		l.running.Go(p.writer.run)
	}
	return nil
}

// stop makes the writer finish what it has taken, and end.
func (w *writer) stop() { w.stopOnce.Do(func() { close(w.stopped) }) }

// run gathers a group while another one is being flushed: what arrives meanwhile is
// decided on the state that the flush will have led to, and goes out as soon as it
// has. Nothing waits for a timer.
func (w *writer) run() {
	stopped, drained := w.stopped, (<-chan time.Time)(nil)
	for ended := false; ; {
		if w.flushing == nil || len(w.taken) >= few {
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
		case <-stopped:
			stopped, drained = nil, time.After(drainFor)
		case <-drained: // whoever had not seen that the writer is stopping stands in the queue by now
			drained, ended = nil, true
		}
	}
}

// few commands are not worth deciding while there is a flush to wait for: what many
// must see is loaded with much less work than what each must.
const few = 16

// drainFor is how long a stopping writer waits for callers that had not yet seen
// that it is stopping.
const drainFor = 10 * time.Millisecond

// take takes the request and those that wait behind it.
func (w *writer) take(r *request) {
	w.taken = append(w.taken, r)
	for len(w.taken) < waiting {
		select {
		case r := <-w.queue:
			w.taken = append(w.taken, r)
		default:
			return
		}
	}
}

// decide decides what was taken into the group that is being gathered, as much as
// goes into it.
func (w *writer) decide() {
	if len(w.taken) == 0 || w.gathering.full() {
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
		w.gathering = newGroup(w)
	}
	w.foresee(w.taken)
	for len(w.taken) > 0 && !w.gathering.full() && w.gathering.decide(w.taken[0]) {
		w.taken = w.taken[1:]
	}
	if len(w.gathering.decided) == 0 { // everybody had left
		w.gathering = nil
	}
	w.evict()
}

// flush sends the group on its way that has been gathered.
func (w *writer) flush() {
	g := w.gathering
	g.seal()
	w.flushing, w.gathering = g, nil
	go func() { w.flushed <- g.append() }()
}

// land answers the group that has been flushed. When it is not in the log, nothing
// holds of what was decided since, and all of that is decided anew; and so is the
// group itself when another process was faster.
func (w *writer) land(err error) {
	g := w.flushing
	w.flushing = nil
	if err == nil {
		g.answer(nil)
		return
	}
	var again []*request
	if errors.Is(err, errConflict) {
		w.log.metrics.conflicts.Inc()
		again = g.requests()
	} else {
		g.answer(err)
	}
	if w.gathering != nil {
		again = append(again, w.gathering.requests()...)
		w.gathering = nil
	}
	w.taken = append(again, w.taken...)
	w.forget()
}

// recoverFor bounds how long waiting commands are held back by trouble with the
// log before they are answered with an error.
const recoverFor = 10 * time.Second

// ready looks the tip up where it is not known.
func (w *writer) ready() error {
	if !w.lost {
		return nil
	}
	ctx, cancel := context.WithTimeout(w.log.closing, recoverFor)
	defer cancel()
	if err := w.catchUp(ctx); err != nil {
		w.failed(err)
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

func (w *writer) failed(err error) {
	w.failure.Store(&failure{err, w.log.now()})
	w.log.logger.Error("appending to the log failed", slog.Int("partition", w.partition.number), slog.Any("error", err))
}
