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
	for name, c := range map[string]struct {
		key  func([16]byte) domain.Key
		most int
	}{
		"shared": {func(id [16]byte) domain.Key { return domain.WorkspaceKey(id) }, maxShared},
		"single": {func(id [16]byte) domain.Key { return domain.MembershipKey(id, id) }, maxSingle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			snapshot := newFold(1)
			h := newHeld(&store.Partition{})
			h.snapshot = snapshot
			const changed, more = 7, 100
			for n := range c.most + more {
				h.hold(c.key(numbered(n)), changed)
			}
			snapshot.applied[0].Number = changed - 1
			if h.evict(); h.state.Len() != c.most+more || !h.state.Holds(c.key(numbered(0))) {
				t.Errorf("%d of %d parts are left, although the snapshot has none of them", h.state.Len(), c.most+more)
			}
			snapshot.applied[0].Number = changed
			if h.evict(); h.state.Len() != c.most || h.state.Holds(c.key(numbered(0))) {
				t.Errorf("%d parts are left, not %d", h.state.Len(), c.most)
			}
		})
	}
}

// Members, of whom there are many, do not drive a workspace out of memory.
func TestEvictKeepsWhatIsShared(t *testing.T) {
	t.Parallel()
	h := newHeld(&store.Partition{})
	h.snapshot = newFold(1)
	workspace := domain.WorkspaceKey(numbered(0))
	h.hold(workspace, 0)
	for n := range 2 * maxSingle {
		h.hold(domain.MembershipKey(numbered(0), numbered(n)), 0)
		h.evict()
	}
	if !h.state.Holds(workspace) {
		t.Error("the workspace is gone")
	}
}

// What a later command uses again stays, although others have come since.
func TestEvictKeepsWhatIsUsedAgain(t *testing.T) {
	t.Parallel()
	h := newHeld(&store.Partition{})
	h.snapshot = newFold(1)
	often, once := domain.MembershipKey(numbered(0), numbered(0)), domain.MembershipKey(numbered(0), numbered(1))
	h.hold(often, 0)
	h.hold(once, 0)
	use(h.state.Find(once))
	for n := range 3 * maxSingle {
		use(h.state.Find(often))
		h.hold(domain.MembershipKey(numbered(1), numbered(n)), 0)
		h.evict()
	}
	if !h.state.Holds(often) {
		t.Error("what is used again and again is gone")
	}
	if h.state.Holds(once) || h.state.Len() != maxSingle {
		t.Errorf("what was used once is there: %v; %d parts are held", h.state.Holds(once), h.state.Len())
	}
}

// What could not be loaded is not held, and is loaded again when it is needed again.
func TestEvictAfterFailedLoad(t *testing.T) {
	t.Parallel()
	h := newHeld(&store.Partition{})
	h.snapshot = newFold(1)
	lost := domain.MembershipKey(numbered(0), numbered(0))
	h.hold(lost, 0)
	h.state.Forget(lost)
	h.hold(lost, 1)
	for n := range maxSingle - 1 {
		h.hold(domain.MembershipKey(numbered(1), numbered(n)), 0)
	}
	if h.evict(); !h.state.Holds(lost) || h.state.Len() != maxSingle {
		t.Errorf("the part that was loaded at the second attempt is held: %v; %d parts are held", h.state.Holds(lost), h.state.Len())
	}
}

// hold puts in a part that does not exist.
func (h *held) hold(k domain.Key, changed uint64) {
	h.state.Put(k, nil)
	h.state.Find(k).Changed = changed
}

func numbered(n int) (id [16]byte) {
	binary.BigEndian.PutUint32(id[:], uint32(n)) //nolint:gosec // n is small
	return id
}
