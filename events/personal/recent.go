package personal

// recent holds the keys that were used last: at least limit of them, and fewer than twice as many.
// Everybody who is added brings one, so there are no pointers in it that the memory collector
// would have to follow.
type recent struct {
	limit int
	newer map[KeyID]Key // fewer than limit
	older map[KeyID]Key // what newer was when it was last full
}

func newRecent(limit int) *recent {
	return &recent{limit: max(limit, 1), newer: make(map[KeyID]Key), older: make(map[KeyID]Key)}
}

func (r *recent) add(k Key) {
	delete(r.older, k.id)
	if r.newer[k.id] = k; len(r.newer) < r.limit {
		return
	}
	clear(r.older)
	r.newer, r.older = r.older, r.newer
}

func (r *recent) get(id KeyID) (Key, bool) {
	if k, ok := r.newer[id]; ok {
		return k, true
	}
	k, ok := r.older[id]
	if ok {
		r.add(k)
	}
	return k, ok
}

func (r *recent) contains(id KeyID) bool {
	if _, ok := r.newer[id]; ok {
		return true
	}
	_, ok := r.older[id]
	return ok
}

func (r *recent) remove(id KeyID) {
	delete(r.newer, id)
	delete(r.older, id)
}
