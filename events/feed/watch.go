package feed

import (
	"slices"

	"github.com/muster-dev/muster/domain"
)

// tailSize is the least number of an organization's newest events that its tail knows. It
// knows at most twice as many.
const tailSize = 1024

// tail is what everybody who watches an organization shares: which of the partition's
// visible events are the organization's, and whom to wake. So neither a new event nor a
// reader that has come to the end costs more because of other organizations.
type tail struct {
	since   uint64   // the tail knows all events after this number
	numbers []uint64 // of the organization's visible events after since, in order
	watches map[chan struct{}]struct{}
}

// Watch returns a channel that receives something after an event of the organization has
// become visible. The caller calls stop when it does not receive any more.
//
// The channel holds one signal: it stands for any number of events, and some of them may
// have been read already. Whoever watches first, then reads until [Feed.Events] returns
// after as next, and then receives, misses nothing. Rarely there is a signal although there
// is no event. A watch costs memory only as long as nothing happens in its organization.
func (f *Feed) Watch(org domain.OrganizationID) (wake <-chan struct{}, stop func()) {
	return f.view.watch(org)
}

func (v *view) watch(org domain.OrganizationID) (wake <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tails[org]
	if t == nil {
		t = &tail{since: v.visible, watches: make(map[chan struct{}]struct{}, 1)}
		v.tails[org] = t
	}
	t.watches[c] = struct{}{}
	return c, func() { v.unwatch(org, c) }
}

func (v *view) unwatch(org domain.OrganizationID, c chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.tails[org]
	if t == nil {
		return // it was stopped before
	}
	if delete(t.watches, c); len(t.watches) == 0 {
		delete(v.tails, org)
	}
}

// extend adds the events after the number up to the last visible one to the tails. It
// returns the channels of those who watch their organizations. The lock must be held.
func (v *view) extend(after uint64) (woken []chan struct{}) {
	if len(v.tails) == 0 {
		return nil
	}
	if len(v.recent) == 0 || v.recent[0].Number > after+1 {
		return v.restart()
	}
	first := v.recent[0].Number
	for i := after + 1 - first; i <= v.visible-first; i++ {
		t := v.tails[v.recent[i].about.Organization]
		if t == nil {
			continue
		}
		if len(t.numbers) == 0 || t.numbers[len(t.numbers)-1] <= after { // not woken yet
			woken = slices.Grow(woken, len(t.watches))
			for c := range t.watches {
				woken = append(woken, c)
			}
		}
		t.add(v.recent[i].Number)
	}
	return woken
}

// restart begins all tails after the last visible event, because it is not known whose the
// events before it are. It returns the channels of all who watch. The lock must be held.
func (v *view) restart() (woken []chan struct{}) {
	for _, t := range v.tails {
		t.since, t.numbers = v.visible, nil
		for c := range t.watches {
			woken = append(woken, c)
		}
	}
	return woken
}

// add adds the number of an event. It forgets the oldest ones if there are too many.
func (t *tail) add(number uint64) {
	if len(t.numbers) == 2*tailSize {
		t.since = t.numbers[tailSize-1]
		t.numbers = slices.Delete(t.numbers, 0, tailSize)
	}
	t.numbers = append(t.numbers, number)
}

// after returns the numbers of the organization's events after the number. It reports
// false if it does not know all of them.
func (t *tail) after(number uint64) (numbers []uint64, ok bool) {
	if t == nil || number < t.since {
		return nil, false
	}
	i, _ := slices.BinarySearch(t.numbers, number+1)
	return t.numbers[i:], true
}
