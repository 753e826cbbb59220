package credentials

import (
	"sync"
	"time"
)

// catchUpPause is how long after a [Lookup] has caught up it does not do so again. Wrong logins
// cost no more than that, however many there are.
const catchUpPause = 250 * time.Millisecond

// catchUp lets all logins that would be refused at the same time wait for the same.
type catchUp struct {
	do    func() error
	pause time.Duration

	running chan struct{} // has an element while a round is running
	last    time.Time     // when a round has ended; only a running round touches it

	mu   sync.Mutex
	next *round // that has not begun; nil if nobody waits for one
}

func newCatchUp(do func() error, pause time.Duration) *catchUp {
	return &catchUp{do: do, pause: pause, running: make(chan struct{}, 1)}
}

// round is one call of do.
type round struct {
	ended chan struct{}
	err   error // set before ended is closed
}

// wait returns what do returns. It is called after wait was called, because a call that was
// running already may have missed what was written in between.
func (c *catchUp) wait() error {
	c.mu.Lock()
	if r := c.next; r != nil {
		c.mu.Unlock()
		<-r.ended
		return r.err
	}
	r := &round{ended: make(chan struct{})}
	c.next = r
	c.mu.Unlock()
	defer close(r.ended)
	c.running <- struct{}{}
	defer func() { <-c.running }()
	time.Sleep(time.Until(c.last.Add(c.pause)))
	c.mu.Lock()
	c.next = nil
	c.mu.Unlock()
	r.err = c.do()
	c.last = time.Now()
	return r.err
}
