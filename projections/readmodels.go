package projections

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// ErrClosed reports that the read models have been closed.
var ErrClosed = sqlite.ErrClosed

// ReadModels are the SQLite tables that are folded from the log. All methods may be
// called at the same time.
type ReadModels struct {
	*Queries // of now
	metrics  *metrics

	// Whoever uses the writer takes a turn: what applies and commits, and the loads of the
	// log's writers, which find what they need in the writer's cache.
	writing   turns
	writer    *sqlite.File // its connections are the projector's and the mover's
	projector *projector
	current   []wire.Checkpoint // as of the last commit
	wanted    chan struct{}     // has an element if somebody waits for a commit
	mover     *mover
	absence   *absence // what loads need not ask the tables for

	partitions []partition
	// As of the last commit.
	end         movingTime // the earliest end
	offboarding movingTime // the beginning of the earliest offboarding
	erasure     movingTime // when the earliest erasure was asked for

	subscriptions changes // that nobody has taken yet
	closed        chan struct{}
	close         func() error

	history *History

	damage    atomic.Pointer[error] // the first that was found
	damaged   chan struct{}         // closed when it is found
	checked   chan struct{}         // closed when the check in the background has ended; nil: there is none
	stopCheck context.CancelFunc
}

// partition is how far a partition has been applied.
type partition struct {
	committed progress      // queries see this
	loadable  progress      // Load sees this
	revoked   atomic.Uint64 // the last event that revoked a token; committed
}

// Close waits for the running queries, makes [ReadModels.WaitFor] return [ErrClosed], commits
// what has been applied, and closes the file.
func (m *ReadModels) Close() error { return m.close() }

// Checkpoints returns how far queries see each partition, in the order of the partitions.
func (m *ReadModels) Checkpoints() []wire.Checkpoint {
	m.writing.Lock()
	defer m.writing.Unlock()
	return slices.Clone(m.current)
}

// Applied returns the number of the partition's last event that queries can see.
func (m *ReadModels) Applied(partition int) uint64 {
	return m.partitions[partition].committed.number.Load()
}

// Loadable returns the number of the partition's last event that [ReadModels.Load] sees.
func (m *ReadModels) Loadable(partition int) uint64 {
	return m.partitions[partition].loadable.number.Load()
}

// Revoked returns the number of the partition's last event that revoked a token or
// gave it another secret since the read models were opened, or 0 if there was none.
//
// The number is published before [ReadModels.Applied] reaches the event. So a caller who sees to
// it that all events about tokens are applied, gets the number and then reads a token may rely
// on the token until the number changes.
func (m *ReadModels) Revoked(partition int) uint64 {
	return m.partitions[partition].revoked.Load()
}

// WaitFor returns nil when every query that begins afterwards sees the position. If it has
// been applied, it is committed at once. The errors are the context's, [ErrClosed] and
// [ErrDamaged].
func (m *ReadModels) WaitFor(ctx context.Context, p wire.Position) error {
	return m.wait(ctx, p, func(at *partition) *progress { return &at.committed })
}

// WaitLoadable returns nil when [ReadModels.Load] sees the position, with the errors of
// [ReadModels.WaitFor].
func (m *ReadModels) WaitLoadable(ctx context.Context, p wire.Position) error {
	return m.wait(ctx, p, func(at *partition) *progress { return &at.loadable })
}

func (m *ReadModels) wait(ctx context.Context, p wire.Position, of func(*partition) *progress) error {
	if p.Partition < 0 || p.Partition >= len(m.partitions) {
		return fmt.Errorf("position %s: there are %d partitions", p, len(m.partitions))
	}
	at := &m.partitions[p.Partition]
	progress := of(at)
	if progress.number.Load() >= p.Number {
		return nil
	}
	there, leave := progress.wait(p.Number)
	defer leave()
	m.want(at)
	select {
	case <-there:
		return nil
	case <-m.closed:
		return ErrClosed
	case <-m.damaged:
		return m.Damage()
	case <-ctx.Done():
		return fmt.Errorf("waiting for position %s: %w", p, ctx.Err())
	}
}

// Wanted returns a channel that receives something when somebody waits for what has been
// applied to be committed.
func (m *ReadModels) Wanted() <-chan struct{} { return m.wanted }

// want asks for a commit if somebody waits for something of the partition that has been
// applied. It is called when somebody has begun to wait, and when something has been applied.
func (m *ReadModels) want(p *partition) {
	if !p.committed.wanted(p.loadable.number.Load()) {
		return
	}
	signal(m.wanted)
}
