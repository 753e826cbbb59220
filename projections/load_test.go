package projections

import (
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// manyParts returns the keys of the parts that people can have, both people of the
// crowd and others, in their organization, in another one, and in one that does not
// exist.
func manyParts() (keys []domain.Key) {
	for n := range 200 {
		user := userID(n)
		for _, org := range []domain.OrganizationID{orgID(1), orgID(2), orgID(9)} {
			keys = append(keys, domain.ProfileKey(org, user), domain.OrganizationMemberKey(org, user), domain.UserMembershipsKey(org, user),
				domain.EmailKey(org, fmt.Sprintf("uSER%d@example.com", n)))
		}
		for _, ws := range []domain.WorkspaceID{wsID(1), wsID(2), wsID(4), wsID(9)} {
			keys = append(keys, domain.MembershipKey(ws, user))
		}
	}
	return append(keys, domain.OrganizationKey(orgID(1)), domain.OrganizationKey(orgID(9)), domain.WorkspaceKey(wsID(1)), domain.OwnersKey(wsID(1)), domain.OwnersKey(wsID(9)),
		domain.CustomRoleKey(orgID(1), "auditor"), domain.CustomRoleKey(orgID(2), "auditor"), domain.CustomRoleKey(orgID(1), "nobody"))
}

// Loading many parts at once gives the same parts as loading them one by one.
func TestLoadMany(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	keys := manyParts()
	var many, single domain.State
	if err := m.Load(keys, &many); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if err := m.Load([]domain.Key{k}, &single); err != nil {
			t.Fatal(err)
		}
	}
	if many.Len() != len(keys) || single.Len() != len(keys) {
		t.Fatalf("%d and %d of %d keys are held", many.Len(), single.Len(), len(keys))
	}
	if diff := gocmp.Diff(held(&single), held(&many)); diff != "" {
		t.Errorf("(-one by one +many):\n%s", diff)
	}
	if diff := gocmp.Diff(held(h.state.Copy(keys)), held(&many)); diff != "" {
		t.Errorf("(-evolved +many):\n%s", diff)
	}
}

// The memberships of a user who has very many are read together, and are the same as when
// they are read one by one.
func TestLoadManyMemberships(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org, other := orgID(1), orgID(2)
	h.do(t, createOrganization(org, 1), createOrganization(other, 1), createRole(org, "auditor", 15, "reports.view"))
	var keys []domain.Key
	for n := range manyMemberships + 20 {
		ws := wsID(n)
		h.do(t, createWorkspace(org, ws, 1))
		switch n % 4 {
		case 0:
			h.do(t, introduceMember(org, ws, 2, "auditor"))
		case 1:
			h.do(t, inviteMember(org, ws, 2, domain.RoleEditor))
		case 2:
			h.do(t, addMemberUntil(org, ws, 2, domain.RoleOwner, later), removeMember(org, ws, 2))
		}
		keys = append(keys, domain.MembershipKey(ws, userID(2)))
	}
	elsewhere, nowhere := wsID(1000), wsID(1001)
	h.do(t, createWorkspace(other, elsewhere, 2))
	keys = append(keys, domain.MembershipKey(elsewhere, userID(2)), domain.MembershipKey(nowhere, userID(2)), domain.UserMembershipsKey(org, userID(2)))
	m := h.models(t)
	var together, alone domain.State
	if err := m.Load(keys, &together); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if err := m.Load([]domain.Key{k}, &alone); err != nil {
			t.Fatal(err)
		}
	}
	if together.Len() != len(keys) {
		t.Errorf("%d of %d keys are held", together.Len(), len(keys))
	}
	if diff := gocmp.Diff(held(&alone), held(&together)); diff != "" {
		t.Errorf("(-one by one +together):\n%s", diff)
	}
	if m := together.Membership(elsewhere, userID(2)); m == nil || together.Membership(nowhere, userID(2)) != nil {
		t.Errorf("elsewhere %+v", m)
	}
}
