package projections

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// progress is how far a partition has come in some respect. Callers can wait for it to grow.
type progress struct {
	number atomic.Uint64 // of the last event

	mu      sync.Mutex
	waiting []waiter
}

// waiter waits for an event.
type waiter struct {
	number uint64
	there  chan struct{} // closed when the event is there
}

// reach publishes that everything up to the number is there.
func (p *progress) reach(number uint64) {
	p.number.Store(number)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(w waiter) bool {
		if w.number <= number {
			close(w.there)
		}
		return w.number <= number
	})
}

// wanted reports whether somebody waits for something up to the number.
func (p *progress) wanted(number uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.waiting, func(w waiter) bool { return w.number <= number })
}

// wait returns a channel that is closed when the event with the number is there, and a
// function to call when nobody waits for it any more.
func (p *progress) wait(number uint64) (there <-chan struct{}, leave func()) {
	w := waiter{number, make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.number.Load() >= number {
		close(w.there)
		return w.there, func() {}
	}
	p.waiting = append(p.waiting, w)
	return w.there, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waiting = slices.DeleteFunc(p.waiting, func(other waiter) bool { return other.there == w.there })
	}
}

// movingTime is a time that a commit can move, or zero for none. Callers can wait for it to
// change.
type movingTime struct {
	mu     sync.Mutex
	at     time.Time
	moved  chan struct{} // nil: nobody has asked since it moved
	closed bool
}

func (m *movingTime) get() (time.Time, <-chan struct{}) {
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

func (m *movingTime) move(to time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at.Equal(to) {
		return
	}
	m.at = to
	m.wake()
}

func (m *movingTime) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wake()
	m.closed = true
}

func (m *movingTime) wake() {
	if m.moved != nil && !m.closed {
		close(m.moved)
		m.moved = nil
	}
}
