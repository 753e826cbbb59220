package events

import (
	"testing"
	"time"
)

// A clock that jumps is not believed at once, whichever way it jumps, and is in the end.
func TestAClockThatJumps(t *testing.T) {
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, far := range map[string]time.Duration{"ahead": 24 * time.Hour, "back": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			var passed, off time.Duration
			c := &clock{logger: quiet(), read: func() reading { return reading{at: begun.Add(passed + off), passed: passed} }}
			shows := func(off time.Duration) {
				t.Helper()
				if got := c.now().Sub(begun.Add(passed)); got != off {
					t.Errorf("after %s it shows a time that is off by %s, not %s", passed, got, off)
				}
			}
			shows(0)
			passed, off = time.Hour, 30*time.Second // set right a little
			shows(off)
			passed, off = passed+time.Second, off+far
			shows(30 * time.Second)
			passed += believeAfter - time.Second
			shows(30 * time.Second)
			if c.doubt() != far {
				t.Errorf("it doubts %s", c.doubt())
			}
			off -= far // it jumps back in time
			shows(off)
			if c.doubt() != 0 {
				t.Errorf("it doubts %s although the clock is right again", c.doubt())
			}
			off += far
			shows(off - far)
			passed += believeAfter
			shows(off)
			if c.doubt() != 0 {
				t.Errorf("it doubts %s although it follows the clock", c.doubt())
			}
		})
	}
}

// A time that was set on purpose is no jump: the demo writes past history.
func TestATimeThatIsSet(t *testing.T) {
	at := time.Now()
	c := newClock(func() time.Time { return at }, quiet())
	for _, at = range []time.Time{at, at.Truncate(24*time.Hour).AddDate(0, -3, 0), at.Round(0).AddDate(1, 0, 0), at.Add(time.Second)} {
		if got := c.now(); !got.Equal(at) || c.doubt() != 0 {
			t.Errorf("it shows %s, not %s, and doubts %s", got, at, c.doubt())
		}
	}
}

// A log that ends in the future says so, and so does a clock that has jumped; commands are
// taken all the same.
func TestWarnings(t *testing.T) {
	var set time.Time
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1, Now: func() time.Time { return set }})
	set = time.Now().Round(0).Add(24 * time.Hour)
	a := found(t, n)
	if w := n.Warnings(); len(w) != 0 {
		t.Errorf("nothing is wrong: %q", w)
	}
	set = set.Add(-24 * time.Hour)
	must(t, n, a.add())
	if w := n.Warnings(); len(w) != 1 {
		t.Errorf("the log ends a day ahead: %q", w)
	}
	if err := n.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	set = set.Add(25 * time.Hour)
	must(t, n, a.add())
	if w := n.Warnings(); len(w) != 0 {
		t.Errorf("the clock has caught up: %q", w)
	}
}

// An event that was written while a clock was a day ahead does not keep people from being
// given access that ends before that clock's time. Events go on with its time.
func TestEndsAfterAClockWasAhead(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := now
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1, Now: func() time.Time { return clock }})
	a := found(t, n)
	clock = now.Add(24 * time.Hour)
	must(t, n, a.add())
	clock = now.Add(time.Second)
	soon := a.add()
	soon.ExpiresAt = clock.Add(time.Hour)
	n.seen(t, must(t, n, soon).Position)
	if last := n.fold.entries[len(n.fold.entries)-1]; last.Time.Before(now.Add(24 * time.Hour)) {
		t.Errorf("an event at %s follows one at %s", last.Time, now.Add(24*time.Hour))
	}
	past := a.add()
	past.ExpiresAt = now
	if _, err := n.Run(t.Context(), past); err == nil {
		t.Error("an end in the past is taken")
	}
}
