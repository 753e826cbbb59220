package feed

import "github.com/muster-dev/muster/domain"

// isLive reports whether a reader who has all events up to the number lacks so few that it
// is served at once. Of an organization that is watched only its own events count.
func (v *view) isLive(org domain.OrganizationID, after uint64) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if after >= v.visible || v.visible-after <= live {
		return true
	}
	numbers, ok := v.tails[org].after(after)
	return ok && len(numbers) <= live
}

// read returns the events after the number that the filter selects and that are in
// memory, at most limit of them, and the number up to which it has looked. It reports
// false if the event after next is visible but not in memory. Nothing before that event is
// wanted then.
func (v *view) read(f Filter, after uint64, limit int) (found []Event, next uint64, ok bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	next = after
	if after >= v.visible {
		return nil, next, true
	}
	if numbers, ok := v.tails[f.Organization].after(after); ok {
		return v.pick(f, numbers, after, limit)
	}
	if len(v.recent) == 0 || v.recent[0].Number > after+1 {
		return nil, next, false
	}
	first := v.recent[0].Number
	for i := after + 1 - first; i <= v.visible-first; i++ {
		e := &v.recent[i]
		if f.wants(e) {
			if len(found) == limit {
				return found, next, true
			}
			found = append(found, e.Event)
		}
		next = e.Number
	}
	return found, next, true
}

// pick is read for a reader who need only look at the events with these numbers. It reports
// false if the first of them is not in memory, and then returns the number before it as
// next. The lock must be held.
func (v *view) pick(f Filter, numbers []uint64, after uint64, limit int) (found []Event, next uint64, ok bool) {
	next = after
	if len(numbers) == 0 {
		return nil, v.visible, true
	}
	if len(v.recent) == 0 || v.recent[0].Number > numbers[0] {
		return nil, numbers[0] - 1, false
	}
	first := v.recent[0].Number
	for _, number := range numbers {
		e := &v.recent[number-first]
		if f.wants(e) {
			if len(found) == limit {
				return found, next, true
			}
			found = append(found, e.Event)
		}
		next = number
	}
	return found, v.visible, true
}

// at returns the event with the number from memory. It reports false if the event is
// not there or not visible.
func (v *view) at(number uint64) (item, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if number > v.visible || len(v.recent) == 0 || number < v.recent[0].Number {
		return item{}, false
	}
	return v.recent[number-v.recent[0].Number], true
}
