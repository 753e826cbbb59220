package feed

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// view is what this node knows about a partition's events: how far they can be read, and
// the most recent events themselves.
type view struct {
	mu       sync.RWMutex
	expected uint64 // number of the last event that the read models may show
	applied  uint64 // number of the last event that the read models have applied
	fed      uint64 // number of the last event that the feed is known to hold
	visible  uint64 // the highest value that min(applied, fed) has had

	made    time.Time // creation time of the feed's stream that fed is about; zero: none
	checked uint64    // the stream equals the log up to this number
	whole   time.Time // creation time of the last stream that this process has made or found whole

	recent []item        // cache of the last events up to applied, without gaps
	moved  chan struct{} // closed when a number has changed

	tails map[domain.OrganizationID]*tail // of the organizations that are watched
}

// allChecked is the value of checked when the whole feed has been checked.
const allChecked = math.MaxUint64

// recentSize is the least number of a partition's last applied events that stay in
// memory. At most twice as many do.
const recentSize = 4096

func newView() *view {
	return &view{moved: make(chan struct{}), tails: make(map[domain.OrganizationID]*tail)}
}

// change changes the numbers. It wakes everybody who waits for one of them, and those who
// watch an organization that has a new visible event.
func (v *view) change(how func()) {
	for _, c := range v.changed(how) {
		signal(c) // without the lock, which all who wake up take
	}
}

// changed changes the numbers, and returns the channels of the watches to wake.
func (v *view) changed(how func()) (woken []chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	how()
	if before, now := v.visible, min(v.applied, v.fed); now > before {
		v.visible = now
		woken = v.extend(before)
	}
	close(v.moved)
	v.moved = make(chan struct{})
	return woken
}

// start sets the number of the last event that the read models had applied when following
// the log began. The events up to that number are not in memory.
func (v *view) start(number uint64) {
	v.change(func() { v.expected, v.applied = number, number })
}

// expect sets the number of the last event that the read models may show. Nobody waits
// for that.
func (v *view) expect(number uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.expected = number
}

// apply adds the events of a message that the read models have applied.
func (v *view) apply(m wire.Message) {
	v.change(func() {
		for i := range m.Entries {
			v.recent = append(v.recent, itemOf(&m.Entries[i]))
		}
		if len(v.recent) > 2*recentSize {
			v.recent = append(make([]item, 0, 2*recentSize+len(m.Entries)), v.recent[len(v.recent)-recentSize:]...)
		}
		v.applied = m.Last()
		v.expected = max(v.expected, v.applied)
	})
}

// reached sets how far the feed reaches.
func (v *view) reached(number uint64) { v.change(func() { v.fed = number }) }

// adopt sets which stream holds the feed and how far it reaches. It reports whether the
// stream has to be checked. A stream that this process has made or found whole need not be
// checked, and neither need the stream that the view holds already: its check goes on.
func (v *view) adopt(made time.Time, number uint64, own bool) (check bool) {
	v.change(func() {
		if own {
			v.whole = made
		}
		switch {
		case v.whole.Equal(made):
			v.checked = allChecked
		case !v.made.Equal(made):
			v.checked, check = 0, true
		}
		v.fed, v.made = number, made
	})
	return check
}

// lose forgets the stream, because it is not there or does not reach as far as it must.
func (v *view) lose() { v.change(v.forget) }

func (v *view) forget() { v.fed, v.made, v.checked = 0, time.Time{}, 0 }

// distrust is lose for a stream that may be damaged. If it is adopted again it is checked.
func (v *view) distrust() {
	v.change(func() {
		v.forget()
		v.whole = time.Time{}
	})
}

// setChecked sets how far the stream with that creation time has been checked.
func (v *view) setChecked(made time.Time, number uint64) {
	v.change(func() {
		if !v.made.Equal(made) {
			return
		}
		if v.checked = number; number == allChecked {
			v.whole = made
		}
	})
}

// numbers returns the last events that the read models have applied, that the feed holds,
// and that are visible.
func (v *view) numbers() (applied, fed, visible uint64) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.applied, v.fed, v.visible
}

// mayShow returns the number of the last event that the read models may show, and of the
// last one that is visible.
func (v *view) mayShow() (expected, visible uint64) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.expected, v.visible
}

// stored returns which stream can be read, and up to which number. The number is
// lower than visible while the stream is rebuilt or compared with the log.
func (v *view) stored() (made time.Time, number uint64) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.made, v.readable()
}

// compared returns which stream holds the feed, and up to which number it equals the log.
func (v *view) compared() (made time.Time, number uint64) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.made, min(v.fed, v.checked)
}

// readable returns up to which number the stream can be read. The lock must be held.
func (v *view) readable() uint64 { return min(v.visible, v.fed, v.checked) }

// until returns nil as soon as the condition holds, or the context's error. The
// condition may only look at the view. Once the context has ended, until returns its
// error whether the condition holds or not, so that a caller that waits in a loop ends.
func (v *view) until(ctx context.Context, holds func() bool) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		v.mu.RLock()
		moved, held := v.moved, holds()
		v.mu.RUnlock()
		if held {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
