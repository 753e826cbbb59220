package feed

// read returns the events after the number that the filter selects and that are in
// memory, at most limit of them, and the number up to which it has looked. It reports
// false if the event after the number is visible but not in memory.
func (v *view) read(f Filter, after uint64, limit int) (found []Event, next uint64, ok bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	next = after
	if after >= v.visible {
		return nil, next, true
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
