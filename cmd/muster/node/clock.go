package node

import (
	"sync/atomic"
	"time"
)

// Clock is the clock of a node's log. It shows the machine's time, except while the
// demo writes its history.
type Clock struct{ set atomic.Pointer[time.Time] }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	if t := c.set.Load(); t != nil {
		return *t
	}
	return time.Now()
}

// Set stops the clock at a time. The zero time makes it run again.
func (c *Clock) Set(at time.Time) {
	if at.IsZero() {
		c.set.Store(nil)
		return
	}
	c.set.Store(&at)
}
