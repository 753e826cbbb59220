package personal

import "testing"

// The keys that were used last are held, and the one that is used all the time is among them.
func TestRecent(t *testing.T) {
	const limit = 8
	r := newRecent(limit)
	keys := make([]Key, 10*limit)
	for i := range keys {
		keys[i] = newKey()
		r.add(keys[i])
		r.add(keys[i]) // twice is once
		for j := range i + 1 {
			if last := i-j < limit-1; last && !r.contains(keys[j].id) {
				t.Fatalf("after %d keys, number %d is not held", i+1, j+1)
			}
		}
		if held := len(r.newer) + len(r.older); held >= 2*limit {
			t.Fatalf("%d keys are held", held)
		}
		if i >= limit {
			if k, ok := r.get(keys[1].id); !ok || k != keys[1] {
				t.Fatalf("after %d keys, the one that is always used is not held", i+1)
			}
		}
	}
	if r.contains(keys[2].id) {
		t.Error("a key that nobody has used is still held")
	}
	for _, id := range []KeyID{keys[1].id, keys[len(keys)-1].id} {
		r.remove(id)
		if _, ok := r.get(id); ok || r.contains(id) {
			t.Error("a key that was removed is held")
		}
	}
}
