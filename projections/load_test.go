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
