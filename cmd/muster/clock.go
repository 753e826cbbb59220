package main

import (
	"sync/atomic"
	"time"
)

// clock is the time that the log goes by: the machine's, except while a demo's
// history is written.
type clock struct{ set atomic.Pointer[time.Time] }

func (c *clock) now() time.Time {
	if t := c.set.Load(); t != nil {
		return *t
	}
	return time.Now()
}

// stand makes the clock stand at the time; the zero time lets it go on.
func (c *clock) stand(at time.Time) {
	if at.IsZero() {
		c.set.Store(nil)
		return
	}
	c.set.Store(&at)
}
