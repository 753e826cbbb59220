package events

import (
	"log/slog"
	"sync"
	"time"
)

const (
	// jump is how far the clock may get away from the time that has really passed before that
	// counts as a jump. Clocks that are set right little by little stay far below it.
	jump = time.Minute
	// believeAfter is how long a jump must last before it is believed.
	believeAfter = 5 * time.Minute
)

// clock gives events their time. It does not trust a jump of the machine's clock before it has
// lasted for some minutes, because what is recorded with a time of the future holds back
// everything after it until then. Meanwhile it goes on with the time that has really passed.
// It is safe for concurrent use.
type clock struct {
	read   func() reading
	logger *slog.Logger

	mu      sync.Mutex
	last    reading       // the last one that was believed
	doubted time.Duration // how far the clock has jumped; 0 while it is believed
	since   time.Duration // when it did, in time passed
}

// reading is what a clock shows.
type reading struct {
	at     time.Time
	passed time.Duration // the time that has really passed since some moment
	set    bool          // somebody has set the time on purpose; there is nothing to doubt
}

// newClock returns a clock that shows what now returns. A time without a monotonic reading
// was not read from the machine's clock, and is taken as it is.
func newClock(now func() time.Time, logger *slog.Logger) *clock {
	begun := time.Now()
	return &clock{logger: logger, read: func() reading {
		t := now()
		wall := t.Round(0)
		return reading{at: wall, passed: t.Sub(begun), set: t == wall} //nolint:staticcheck // Equal would ignore the monotonic reading
	}}
}

// now returns the time for the next event.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.read()
	if r.set {
		return r.at
	}
	if c.last.at.IsZero() {
		c.last = r
	}
	expected := c.last.at.Add(r.passed - c.last.passed)
	ahead := r.at.Sub(expected)
	switch {
	case ahead.Abs() <= jump:
		c.believe(r)
		return r.at
	case c.doubted == 0 || (ahead-c.doubted).Abs() > jump: // it has jumped, perhaps again
		c.doubted, c.since = ahead, r.passed
		c.logger.Warn("the clock has jumped; events go on with the time that has passed until the jump has lasted",
			slog.String("ahead", ahead.String()), slog.String("for", believeAfter.String()))
	case r.passed-c.since >= believeAfter:
		c.logger.Warn("the clock's jump has lasted; events follow the clock again", slog.String("ahead", ahead.String()))
		c.believe(r)
		return r.at
	}
	return expected
}

func (c *clock) believe(r reading) { c.last, c.doubted = r, 0 }

// doubt returns how far the clock is from the time of the events because it has jumped, 0 if
// it has not.
func (c *clock) doubt() time.Duration {
	c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doubted
}
