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

// nextEnd is the earliest end, or the beginning of the earliest offboarding. Callers can
// wait for it to change.
type nextEnd struct {
	mu     sync.Mutex
	at     time.Time
	moved  chan struct{} // nil: nobody has asked since it moved
	closed bool
}

func (e *nextEnd) get() (time.Time, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.moved == nil {
		e.moved = make(chan struct{})
		if e.closed {
			close(e.moved)
		}
	}
	return e.at, e.moved
}

func (e *nextEnd) move(to time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at.Equal(to) {
		return
	}
	e.at = to
	e.wake()
}

func (e *nextEnd) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wake()
	e.closed = true
}

func (e *nextEnd) wake() {
	if e.moved != nil && !e.closed {
		close(e.moved)
		e.moved = nil
	}
}
