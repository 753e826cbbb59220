package domain

// State holds parts of aggregates, as many as were put in. The zero value holds
// none. A State is not safe for concurrent use.
type State struct {
	// New, if set, is called with every place that the state did not have before. An event
	// can create or end parts that were not loaded before.
	New func(*Place)

	places map[Key]*Place
	room   []Place // for places to come
	of     *State  // what a fork was made of; nil for all others
	number uint64  // of the event that is being folded
}

// Place is where a state holds a part. What it says besides is for whoever must decide
// which parts the state holds on to, so that one look into the state is enough for both.
type Place struct {
	Key  Key
	Part Part // nil: it does not exist
	// Changed is the number of the last event that may have changed the part. The state sets
	// it when an event puts the part in. Whoever folds events sets it for parts that they
	// change in place.
	Changed uint64
	Uses    uint8 // the state itself counts none
}

// make puts in a part that an event creates; nil for one that it ends.
func (s *State) make(k Key, p Part) { s.put(k, p).Changed = s.number }

// Find returns the part's place, or nil if the state does not hold the part. The place
// stays the part's own until the part is forgotten.
func (s *State) Find(k Key) *Place {
	at := s.places[k]
	if at != nil || s.of == nil {
		return at
	}
	original := s.of.Find(k)
	if original == nil || original.Part == nil { // there is nothing to copy
		return original
	}
	return s.put(k, original.Part.clone())
}

// Holds reports whether the part was put in, including as absent.
func (s *State) Holds(k Key) bool { return s.Find(k) != nil }

// Put puts a part in. A nil part records that the part does not exist.
func (s *State) Put(k Key, p Part) { s.put(k, p) }

func (s *State) put(k Key, p Part) *Place {
	if at := s.places[k]; at != nil {
		at.Part = p
		return at
	}
	if s.places == nil {
		s.places = make(map[Key]*Place)
	}
	if len(s.room) == 0 {
		s.room = make([]Place, 1)
	}
	at := &s.room[0]
	s.room = s.room[1:]
	at.Key, at.Part = k, p
	s.places[k] = at
	if s.New != nil {
		s.New(at)
	}
	return at
}

// Forget drops a part. Afterwards the state no longer knows whether the part
// exists.
func (s *State) Forget(k Key) { delete(s.places, k) }

// Len returns how many parts the state holds, including absent ones.
func (s *State) Len() int { return len(s.places) }

// withRoom returns a state that holds nothing. Its first n places are made together, which
// suits a state from which no part is forgotten.
func withRoom(n int) *State {
	return &State{places: make(map[Key]*Place, n), room: make([]Place, n)}
}

// Copy returns a new state with copies of the parts that this one holds under the
// keys, including absent ones.
func (s *State) Copy(keys []Key) *State {
	c := withRoom(len(keys))
	c.CopyFrom(s, keys)
	return c
}

// CopyFrom puts in copies of the parts that the other state holds under the keys,
// including absent ones.
func (s *State) CopyFrom(other *State, keys []Key) {
	for _, k := range keys {
		if at := other.Find(k); at != nil {
			s.Put(k, copyOf(at.Part))
		}
	}
}

func copyOf(p Part) Part {
	if p == nil {
		return nil
	}
	return p.clone()
}

// fork returns a state that holds what this one holds, and that can change without this
// one. Only its parts that are looked at are copied, so this one must not change meanwhile.
// It has room for n parts that are looked at or put in.
func (s *State) fork(n int) *State {
	f := withRoom(n)
	f.of = s
	return f
}

// Each calls f with every part that is held and exists, in no particular order.
func (s *State) Each(f func(Key, Part)) {
	for k, at := range s.places {
		if at.Part != nil {
			f(k, at.Part)
		}
	}
}

// part returns the part. It returns nil if the state does not hold it, or holds it as
// absent.
func (s *State) part(k Key) Part {
	if at := s.Find(k); at != nil {
		return at.Part
	}
	return nil
}

// PartOf returns the part that the key names. It returns nil if the state does not
// hold the part, holds it as absent, or holds a part of another type.
func PartOf[P Part](s *State, k Key) P {
	p, _ := s.part(k).(P)
	return p
}
