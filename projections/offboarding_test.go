package projections

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/oklog/ulid/v2"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

// compareOffboardings demands that the read models know the offboardings of the state
// that are not complete.
func compareOffboardings(t *rapid.T, h *history, m *ReadModels) {
	var want []Offboarding
	h.state.Each(func(_ domain.Key, p domain.Part) {
		list, ok := p.(*domain.UserMemberships)
		if !ok {
			return
		}
		for _, e := range list.Ending {
			if o := (Offboarding{list.Organization, list.User, e.By}); !slices.Contains(want, o) {
				want = append(want, o)
			}
		}
	})
	slices.SortFunc(want, func(a, b Offboarding) int { return a.By.Compare(b.By) })
	for partition := range h.tips {
		elsewhere := func(o Offboarding) bool { return h.partition(o.Organization) != partition }
		here := slices.DeleteFunc(slices.Clone(want), elsewhere)
		for _, limit := range []int{1, 1000} {
			here := here[:min(limit, len(here))]
			got, err := m.Offboardings(t.Context(), partition, limit)
			if diff := gocmp.Diff(here, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Fatalf("%v, offboardings of partition %d (-evolved +read):\n%s", err, partition, diff)
			}
		}
	}
	began := time.Time{}
	if len(want) > 0 {
		began = ulid.Time(want[0].By.Time()).UTC()
	}
	if next, _ := m.NextOffboarding(); !next.Equal(began) {
		t.Fatalf("the next offboarding began at %v, not at %v", next, began)
	}
}

// From the commit that removes a user from the organization on, no query shows any of
// their memberships, however many ends are not recorded yet. Read models that are opened
// in the middle know what is left to record.
func TestOffboarding(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org, workspaces := orgID(1), []domain.WorkspaceID{wsID(1), wsID(2), wsID(3)}
	h.do(t, createOrganization(org, 1))
	for _, ws := range workspaces {
		h.do(t, createWorkspace(org, ws, 1), introduceMember(org, ws, 2, domain.RoleOwner))
	}
	dir := t.TempDir()
	m := opened(t, dir, h)
	h.do(t, domain.RemoveOrganizationMember{Meta: root(org), User: userID(2), AtOnce: 1})
	_, moved := m.NextOffboarding()
	h.follow(t, m)
	<-moved
	removal := h.messages[len(h.messages)-1].Entries[0]

	for _, ws := range workspaces {
		if access, err := m.Check(ws, userID(2), later); err != nil || access.Any() {
			t.Errorf("%+v, %v", access, err)
		}
		if member, err := m.Member(ws, userID(2), later); err == nil {
			t.Errorf("%+v", member)
		}
		if members, err := listMembers(m, ws, MemberFilter{}, later, Page{}); err != nil || len(members.Items) != 1 {
			t.Errorf("%+v, %v", members, err)
		}
		if list, err := listAccess(m, ws, AccessFilter{}, later, Page{}); err != nil || len(list.Items) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
	}
	if list, err := m.WorkspacesOf(t.Context(), org, userID(2), later, Page{}); err != nil || len(list.Items) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if barred, err := m.Barred(org, userID(2), later); err != nil || !barred {
		t.Errorf("barred: %t, %v", barred, err)
	}

	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := Open(Options{Dir: dir, Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close() //nolint:errcheck // nothing is written
	if began, _ := m.NextOffboarding(); !began.Equal(removal.Time) {
		t.Errorf("it began at %v", began)
	}
	for range 2 {
		list, err := m.Offboardings(t.Context(), 0, 10)
		if err != nil || len(list) != 1 || list[0] != (Offboarding{org, userID(2), removal.ID}) {
			t.Fatalf("%+v, %v", list, err)
		}
		meta := muster(org)
		meta.Cause = removal.ID
		h.do(t, domain.EndMemberships{Meta: meta, User: userID(2), AtOnce: 1})
		h.follow(t, m)
	}
	if began, _ := m.NextOffboarding(); !began.IsZero() {
		t.Errorf("there is one that began at %v", began)
	}
}
