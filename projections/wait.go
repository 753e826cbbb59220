package projections

import (
	"sync"
	"sync/atomic"
	"time"
)

// progress is how far a partition has been applied. Callers can wait for it to grow.
type progress struct {
	applied atomic.Uint64
	revoked atomic.Uint64 // the last event that revoked a token

	mu   sync.Mutex
	more chan struct{} // closed when applied grows; nil if nobody waits
}

// advance publishes that queries can see everything up to the number.
func (p *progress) advance(number uint64) {
	p.applied.Store(number)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more != nil {
		close(p.more)
		p.more = nil
	}
}

// next returns a channel that is closed when applied grows. A caller who reads
// applied after this call misses nothing.
func (p *progress) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more == nil {
		p.more = make(chan struct{})
	}
	return p.more
}

// moment is a time that a commit can move, or zero for none. Callers can wait for it to
// change.
type moment struct {
	mu     sync.Mutex
	at     time.Time
	moved  chan struct{} // nil: nobody has asked since it moved
	closed bool
}

func (m *moment) get() (time.Time, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.moved == nil {
		m.moved = make(chan struct{})
		if m.closed {
			close(m.moved)
		}
	}
	return m.at, m.moved
}

func (m *moment) move(to time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at.Equal(to) {
		return
	}
	m.at = to
	m.wake()
}

func (m *moment) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wake()
	m.closed = true
}

func (m *moment) wake() {
	if m.moved != nil && !m.closed {
		close(m.moved)
		m.moved = nil
	}
}
