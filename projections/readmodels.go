package projections

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// ErrClosed reports that the read models have been closed.
var ErrClosed = sqlite.ErrClosed

// ReadModels are the SQLite tables that are folded from the log. All methods may be
// called at the same time.
type ReadModels struct {
	metrics *metrics
	sources *sourceTable // where grants come from

	// Only Apply uses the writer.
	writing   sync.Mutex
	writer    *sqlite.File
	projector *projector
	current   []wire.Checkpoint // as of the last commit

	// Readers take a connection from a pool and give it back. Lists have a separate
	// pool. However many lists are being read, point reads, token look-ups and the
	// loads of the log's writers still find a connection.
	points, lists *sqlite.Pool
	searches      chan struct{} // has an element for every list with a filter that is being read

	partitions []progress // what the last commit has applied
	// As of the last commit.
	end         moment // the earliest end
	offboarding moment // the beginning of the earliest offboarding
	closed      chan struct{}
	close       func() error

	damage    atomic.Pointer[error] // the first that was found
	damaged   chan struct{}         // closed when it is found
	checked   chan struct{}         // closed when the check in the background has ended; nil: there is none
	stopCheck context.CancelFunc
}

// Close waits for the running queries, makes [ReadModels.WaitFor] return [ErrClosed], and
// closes the file.
func (m *ReadModels) Close() error { return m.close() }

// Checkpoints returns how far each partition has been applied, in the order of the
// partitions.
func (m *ReadModels) Checkpoints() []wire.Checkpoint {
	m.writing.Lock()
	defer m.writing.Unlock()
	return slices.Clone(m.current)
}

// Applied returns the number of the partition's last event that queries can see.
func (m *ReadModels) Applied(partition int) uint64 {
	return m.partitions[partition].applied.Load()
}

// Revoked returns the number of the partition's last event that revoked a token or
// gave it another secret since the read models were opened, or 0 if there was none.
//
// The number is published before queries can see the event. So a caller who gets the
// number first and then reads a token may rely on the token until the number changes.
func (m *ReadModels) Revoked(partition int) uint64 {
	return m.partitions[partition].revoked.Load()
}

// WaitFor returns nil when the position has been applied. Every query that begins
// afterwards sees it. The errors are the context's, [ErrClosed] and [ErrDamaged].
func (m *ReadModels) WaitFor(ctx context.Context, p wire.Position) error {
	if p.Partition < 0 || p.Partition >= len(m.partitions) {
		return fmt.Errorf("position %s: there are %d partitions", p, len(m.partitions))
	}
	partition := &m.partitions[p.Partition]
	if partition.applied.Load() >= p.Number {
		return nil
	}
	for {
		more := partition.next()
		if partition.applied.Load() >= p.Number {
			return nil
		}
		select {
		case <-more:
		case <-m.closed:
			return ErrClosed
		case <-m.damaged:
			return m.Damage()
		case <-ctx.Done():
			return fmt.Errorf("waiting for position %s: %w", p, ctx.Err())
		}
	}
}

// read runs f, which reads single rows by their keys, with a connection from the pool for
// point reads.
func (m *ReadModels) read(f func(conn) error) error {
	if err := m.Damage(); err != nil {
		return err
	}
	c, err := m.points.Take(context.Background())
	if err != nil {
		return err
	}
	defer m.points.Give(c)
	return f(conn{c})
}

// list runs f, which reads or counts a list, with a connection from the pool for lists.
// The context bounds the wait for the connection. f must bound its statements by it.
func (m *ReadModels) list(ctx context.Context, f func(conn) error) error {
	if err := m.Damage(); err != nil {
		return err
	}
	c, err := m.lists.Take(ctx)
	if err != nil {
		return err
	}
	defer m.lists.Give(c)
	return f(conn{c})
}

// listTogether is [ReadModels.list] for an f that runs several statements. All of them
// read the tables as they were at one moment.
func (m *ReadModels) listTogether(ctx context.Context, f func(conn) error) error {
	return m.list(ctx, func(c conn) error {
		return c.Together(func() error { return f(c) })
	})
}
