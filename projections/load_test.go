package projections

import (
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// manyParts are the keys of what there can be of people whom the crowd has, and of
// more whom it does not, in their organization, in another, and in none.
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
	return append(keys, domain.OrganizationKey(orgID(1)), domain.OrganizationKey(orgID(9)), domain.WorkspaceKey(wsID(1)),
		domain.CustomRoleKey(orgID(1), "auditor"), domain.CustomRoleKey(orgID(2), "auditor"), domain.CustomRoleKey(orgID(1), "nobody"))
}

// Many parts at once are those that there are one by one.
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
	if diff := gocmp.Diff(parts(&single), parts(&many)); diff != "" {
		t.Errorf("(-one by one +many):\n%s", diff)
	}
	if diff := gocmp.Diff(parts(h.state.Copy(keys)), parts(&many)); diff != "" {
		t.Errorf("(-evolved +many):\n%s", diff)
	}
}
