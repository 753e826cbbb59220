package projections

import (
	"path/filepath"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// A rebuild, which reads the results of commands once, erases from them what was erased step by
// step: the profile of somebody who came back and was erased again, but not the one after that.
func TestErasedResultsOfARebuild(t *testing.T) {
	t.Parallel()
	org, user, partition := orgID(1), userID(12), 1
	h := newHistory(4)
	h.do(t, createOrganization(org, 1))
	m := h.models(t)
	system := muster(org)
	system.Actor.Kind = domain.ActorSystem
	set := func(n int) {
		t.Helper()
		for h.tips[partition].Number%7 == 6 { // the next profile would not be sealed
			h.do(t, domain.RenameOrganization{Meta: root(org), Name: secrets(int(h.tips[partition].Number)).Name.First}) //nolint:gosec // small
		}
		h.do(t, domain.SetProfile{Meta: keyed(org), User: user, Profile: secrets(n).Patch()})
		h.do(t, domain.SetProfile{Meta: keyed(org), User: userID(n), Profile: profile(n).Patch()}) // somebody else
		h.follow(t, m)
	}
	for n := range 2 {
		set(101 + n)
		key := h.state.Profile(org, user).Key
		h.do(t, domain.RequestErasure{Meta: keyed(org), User: user}, domain.FinishErasure{Meta: system, User: user, Key: key})
		system.ID[0]++
		h.follow(t, m)
	}
	set(103)
	o := Options{Dir: filepath.Dir(fileOf(t, m)), Partitions: 4}
	requireWhole(t, o, h)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := rebuild(o, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	again, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close() //nolint:errcheck // only read
	for n, want := range map[int]int{101: 0, 102: 0, 103: 1} {
		var found int
		if err := again.read(func(c conn) error {
			return c.Row([]any{sqlite.Number(&found)}, `SELECT count(*) FROM done WHERE instr(after, ?) > 0`, []byte(secrets(n).Email))
		}); err != nil || found != want {
			t.Errorf("%d results have profile %d, want %d: %v", found, n, want, err)
		}
	}
	requireNoTrace(t, o.Dir, []int{101, 102})
}
