package domain

// State holds parts of aggregates, as many as were put in. The zero value holds
// none. A State is not safe for concurrent use.
type State struct {
	// Made, if set, is called with the key of every part that [Evolve] puts in.
	// An event can create or end parts that were not loaded before.
	Made func(Key)

	parts map[Key]Part
	of    *State // what a fork was made of; nil for all others
}

// make puts in a part that an event creates; nil for one that it ends.
func (s *State) make(k Key, p Part) {
	s.Put(k, p)
	if s.Made != nil {
		s.Made(k)
	}
}

// Holds reports whether the part was put in, including as absent.
func (s *State) Holds(k Key) bool {
	_, ok := s.find(k)
	return ok
}

// find returns the part, and whether the state holds it, which can be as absent.
func (s *State) find(k Key) (Part, bool) {
	p, ok := s.parts[k]
	if ok || s.of == nil {
		return p, ok
	}
	if p, ok = s.of.find(k); ok {
		if p != nil {
			p = p.clone()
		}
		s.Put(k, p)
	}
	return p, ok
}

// fork returns a state that holds what this one holds, and that can change without this
// one. Only its parts that are looked at are copied, so this one must not change meanwhile.
func (s *State) fork() *State { return &State{of: s} }

// Put puts a part in. A nil part records that the part does not exist.
func (s *State) Put(k Key, p Part) {
	if s.parts == nil {
		s.parts = make(map[Key]Part)
	}
	s.parts[k] = p
}

// Forget drops a part. Afterwards the state no longer knows whether the part
// exists.
func (s *State) Forget(k Key) { delete(s.parts, k) }

// Len returns how many parts the state holds, including absent ones.
func (s *State) Len() int { return len(s.parts) }

// Copy returns a new state with copies of the parts that this one holds under the
// keys, including absent ones.
func (s *State) Copy(keys []Key) *State {
	c := &State{parts: make(map[Key]Part, len(keys))}
	c.CopyFrom(s, keys)
	return c
}

// CopyFrom puts in copies of the parts that the other state holds under the keys,
// including absent ones.
func (s *State) CopyFrom(other *State, keys []Key) {
	for _, k := range keys {
		if p, ok := other.parts[k]; ok {
			if p != nil {
				p = p.clone()
			}
			s.Put(k, p)
		}
	}
}

// Each calls f with every part that is held and exists, in no particular order.
func (s *State) Each(f func(Key, Part)) {
	for k, p := range s.parts {
		if p != nil {
			f(k, p)
		}
	}
}

// PartOf returns the part that the key names. It returns nil if the state does not
// hold the part, holds it as absent, or holds a part of another type.
func PartOf[P Part](s *State, k Key) P {
	held, _ := s.find(k)
	p, _ := held.(P)
	return p
}
