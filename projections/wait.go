package projections

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/muster-dev/muster/events"
)

// progress is how far a partition has been applied, for those who wait for it.
type progress struct {
	applied atomic.Uint64
	revoked atomic.Uint64 // the last event that revoked a token

	mu   sync.Mutex
	more chan struct{} // closed when applied grows; nil while nobody waits
}

// advance publishes that everything up to the number can be read.
func (p *progress) advance(number uint64) {
	p.applied.Store(number)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more != nil {
		close(p.more)
		p.more = nil
	}
}

// next answers a channel that is closed when applied grows. Whoever looks at
// applied after that misses nothing.
func (p *progress) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more == nil {
		p.more = make(chan struct{})
	}
	return p.more
}

// Applied answers the number of the partition's last event that can be read.
func (m *ReadModels) Applied(partition int) uint64 {
	return m.partitions[partition].applied.Load()
}

// Revoked answers the number of the partition's last event that revoked a token,
// or gave one another secret, since the read models were opened; 0 when none did. Nobody sees that event
// applied before it is answered here. So whoever asks first and reads a token then
// knows that it is not revoked as long as the answer stays the same.
func (m *ReadModels) Revoked(partition int) uint64 {
	return m.partitions[partition].revoked.Load()
}

// WaitFor returns when the position has been applied: every query that begins
// afterwards sees it. Otherwise it answers the context's error, or [ErrClosed].
func (m *ReadModels) WaitFor(ctx context.Context, p events.Position) error {
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
		case <-ctx.Done():
			return fmt.Errorf("waiting for position %s: %w", p, ctx.Err())
		}
	}
}
