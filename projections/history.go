package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// History has every version of the rows that can be read as of the past. It is a read model in
// a file of its own, which is applied when the node is at rest, in larger transactions than the
// read models of now. So a burst of commands does not pay for it.
//
// A history that is missing, damaged or of another shape is rebuilt from the log, in the
// background. While it is open it is checked for damage like the read models.
type History struct {
	options Options
	wanted  chan struct{} // has an element if somebody waits for what is not applied
	more    chan struct{} // has an element if the log has more
	closed  chan struct{}

	waiting    atomic.Int64  // how many wait until more is applied
	commits    atomic.Uint64 // of the read models
	behind     atomic.Int64  // how many events the read models have that it lacks
	partitions []progress    // what has been applied and committed
	// erasures are the numbers of the last events, of each partition, that have erased somebody in
	// the read models of now. As long as the history does not have them, it is not read.
	erasures []atomic.Uint64

	mu    sync.RWMutex // is locked while the file is replaced
	file  *historyFile // nil: there is none at the moment
	cause error        // why there is none
}

const (
	// The history waits until the node is at rest, which is when no commit has come for
	// historyRest. It waits no longer than historyLate, no longer than until it is historyBehind
	// events behind, and not at all if somebody wants to read what has come already.
	historyRest   = 200 * time.Millisecond
	historyLate   = 10 * time.Second
	historyBehind = 100_000 // which take about a second
	// After each transaction it pauses historyShare times as long as that has taken, if commits
	// have come meanwhile. It does not if somebody waits, or if it is twice historyBehind behind.
	historyShare = 3
	// historyRetry is the first pause after a failure.
	historyRetry = time.Second
	// historyTransaction is how many events one transaction has at most, so that the WAL stays
	// small.
	historyTransaction = 5000

	// The history is rebuilt if a power cut damages it, so commits are not flushed.
	historyWriterPragmas = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;
		PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA cache_size = -16384;`
	historyReaderPragmas = `PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096;`
)

// openHistory opens the history, and makes an empty one if there is none that can be used.
func openHistory(o Options) *History {
	h := &History{
		options: o, wanted: make(chan struct{}, 1), more: make(chan struct{}, 1), closed: make(chan struct{}),
		partitions: make([]progress, o.Partitions), erasures: make([]atomic.Uint64, o.Partitions),
	}
	h.reopen()
	return h
}

func (h *History) name() string { return filepath.Join(h.options.Dir, HistoryFile) }

// reopen opens the file. One that cannot be used is replaced.
func (h *History) reopen() {
	file, err := openHistoryFile(h.name(), h.options.Partitions)
	if errors.Is(err, ErrNeedsRebuild) {
		h.options.logger().Info("the history is rebuilt from the log", slog.Any("reason", err))
		if err = sqlite.Delete(h.name()); err == nil {
			err = makeHistoryFile(h.name(), h.options.Partitions)
		}
		if err == nil {
			file, err = openHistoryFile(h.name(), h.options.Partitions)
		}
	}
	if err == nil {
		h.reached(file.projector.checkpoints)
		file.queries.closed = h.closed
		file.wake = func() { signal(h.wanted) }
		file.keepChecked(h.name(), h.options)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.file, h.cause = file, err
}

// AsOf returns queries that see the tables as they were when the event at the position had
// just been applied. It waits until the history has the event, and every erasure that the read models
// of now have applied. Only the organizations of the position's partition can be read: results for
// other organizations are meaningless. What ends by the clock is judged by the time that each query
// is given, as always.
//
// The errors are the context's, [ErrClosed], and what keeps the history from being read.
func (m *ReadModels) AsOf(ctx context.Context, p wire.Position) (*Queries, error) {
	q, _, err := m.history.asOf(ctx, p)
	return q, err
}

// asOf also returns the file that the queries read.
func (h *History) asOf(ctx context.Context, p wire.Position) (*Queries, *historyFile, error) {
	if p.Partition < 0 || p.Partition >= len(h.partitions) {
		return nil, nil, fmt.Errorf("position %s: there are %d partitions", p, len(h.partitions))
	}
	needed := max(p.Number, h.erasures[p.Partition].Load())
	if progress := &h.partitions[p.Partition]; progress.number.Load() < needed {
		there, leave := progress.wait(needed)
		defer leave()
		defer h.hurry()()
		select {
		case <-there:
		case <-h.closed:
			return nil, nil, ErrClosed
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("waiting until the history has event %d, to read as of position %s: %w", needed, p, ctx.Err())
		}
	}
	file, err := h.opened()
	if err != nil {
		return nil, nil, err
	}
	q := file.queries
	if q.asOf = p.Number; p.Number == 0 {
		q.facts = nil // nothing was there
	}
	q.before = func(c conn) error { return file.show(c, p.Number) }
	return &q, file, nil
}

// hurry has the history apply what has come, without a pause, until done is called.
func (h *History) hurry() (done func()) {
	h.waiting.Add(1)
	signal(h.wanted)
	return func() { h.waiting.Add(-1) }
}

// opened returns the file that is open.
func (h *History) opened() (*historyFile, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.file == nil {
		return nil, fmt.Errorf("the history cannot be read: %w", h.cause)
	}
	return h.file, nil
}

// add tells that the read models have applied that many more events.
func (h *History) add(events uint64) {
	h.behind.Add(int64(events)) //nolint:gosec // far below 2^63
	h.commits.Add(1)
	signal(h.more)
}

// signal puts an element into a channel that has room for one.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default: // there is one
	}
}

// KeepHistory applies to the history what comes into the log, until the context ends.
func (m *ReadModels) KeepHistory(ctx context.Context, log *events.Log) {
	whole := false // the log is known to hold what the history has
	m.history.follow(ctx, func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		for _, c := range after {
			if whole || c.Number == 0 {
				continue
			}
			if err := log.Contains(ctx, c); err != nil {
				return err
			}
		}
		whole = true
		return log.Replay(ctx, after, nil, apply)
	})
}

// follow applies what the replay brings, whenever the history has rested long enough.
func (h *History) follow(ctx context.Context, replay replay) {
	for failures := 0; ctx.Err() == nil; {
		err := h.catchUp(ctx, replay)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
			h.rest(ctx)
		default:
			failures++
			pause := min(time.Duration(failures)*historyRetry, time.Minute)
			h.options.logger().Error("the history does not follow the log: this is tried again", slog.Any("error", err), slog.Duration("after", pause))
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
	}
}

// rest waits until there is something to apply, and then until it is time to apply it.
func (h *History) rest(ctx context.Context) {
	select {
	case <-h.more:
	case <-h.wanted:
		return
	case <-ctx.Done():
		return
	}
	quiet, late := time.NewTimer(historyRest), time.NewTimer(historyLate)
	defer quiet.Stop()
	defer late.Stop()
	for h.behind.Load() < historyBehind {
		select {
		case <-h.more:
			quiet.Reset(historyRest)
		case <-quiet.C:
			return
		case <-late.C:
			return
		case <-h.wanted:
			return
		case <-ctx.Done():
			return
		}
	}
}

// pacer returns a function that is to be called after each transaction. It leaves the processors
// to commands while they come, unless somebody waits.
func (h *History) pacer(ctx context.Context) (pause func()) {
	begun, commits := time.Now(), h.commits.Load()
	return func() {
		if commits != h.commits.Load() && h.behind.Load() < 2*historyBehind && h.waiting.Load() == 0 {
			select {
			case <-time.After(historyShare * time.Since(begun)):
			case <-h.wanted:
			case <-ctx.Done():
			}
		}
		begun, commits = time.Now(), h.commits.Load()
	}
}

// catchUp applies what the log has. A file that turns out to be damaged is replaced.
func (h *History) catchUp(ctx context.Context, replay replay) error {
	h.mu.RLock()
	file := h.file
	h.mu.RUnlock()
	if file == nil {
		if h.reopen(); h.cause != nil { // nobody else writes them
			return h.cause
		}
		file = h.file
	}
	err := file.intact()
	if err == nil {
		pause := h.pacer(ctx)
		err = file.apply(ctx, replay, func(to []wire.Checkpoint) {
			h.reached(to)
			pause()
		})
	}
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrGap) || errors.Is(err, store.ErrTruncated) {
		err = errors.Join(err, h.drop(file, err))
	}
	return err
}

// reached publishes how far the history has been committed.
func (h *History) reached(to []wire.Checkpoint) {
	for i := range to {
		before := h.partitions[i].number.Load()
		h.behind.Add(int64(before) - int64(to[i].Number)) //nolint:gosec // far below 2^63
		h.partitions[i].reach(to[i].Number)
	}
}

// drop deletes the file, so that it is rebuilt.
func (h *History) drop(file *historyFile, cause error) error {
	h.mu.Lock()
	h.file, h.cause = nil, cause
	for i := range h.partitions {
		h.behind.Add(int64(h.partitions[i].number.Swap(0))) //nolint:gosec // far below 2^63
	}
	h.mu.Unlock()
	return errors.Join(file.close(fmt.Errorf("%w: the history is rebuilt: %w", ErrClosed, cause)), sqlite.Delete(h.name()))
}

// close closes the history once nobody follows it any more.
func (h *History) close() error {
	close(h.closed)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return nil
	}
	return h.file.close(ErrClosed)
}
