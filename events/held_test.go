package events

import (
	"encoding/binary"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// What the snapshot does not have yet stays in memory, however much that is. Otherwise the
// next command would load a state that is not the log's.
func TestEvictKeepsWhatIsAhead(t *testing.T) {
	t.Parallel()
	snapshot := newFold(1)
	h := newHeld(&store.Partition{})
	h.snapshot = snapshot
	const changed, more = 7, 100
	key := func(n int) domain.Key {
		var id domain.OrganizationID
		binary.BigEndian.PutUint32(id[:], uint32(n)) //nolint:gosec // n is small
		return domain.OrganizationKey(id)
	}
	for n := range maxHeld + more {
		h.state.Put(key(n), nil)
		h.keys.Add(key(n), changed)
	}
	snapshot.applied[0].Number = changed - 1
	if h.evict(); h.keys.Len() != maxHeld+more || !h.state.Holds(key(0)) {
		t.Errorf("%d of %d parts are left, although the snapshot has none of them", h.keys.Len(), maxHeld+more)
	}
	snapshot.applied[0].Number = changed
	if h.evict(); h.keys.Len() != maxHeld || h.state.Holds(key(0)) {
		t.Errorf("%d parts are left, not %d", h.keys.Len(), maxHeld)
	}
}
