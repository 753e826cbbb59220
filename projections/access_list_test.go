package projections

import (
	"context"
	"errors"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

func TestAccessList(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	org, ws := orgID(1), wsID(1)
	check := func(ws domain.WorkspaceID, f AccessFilter, want []int) {
		t.Helper()
		for size := 1; size <= 4; size++ {
			list := collect(t, size, func(p Page) (List[Access], error) { return listAccess(m, ws, f, later, p) })
			got := numbers(users(List[Access]{Items: list}, func(a Access) domain.UserID { return a.User }))
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%+v in pages of %d (-want +got):\n%s", f, size, diff)
			}
			for _, a := range list {
				of, err := m.AccessOf(ws, a.User, later)
				if diff := gocmp.Diff(of, a); diff != "" || err != nil {
					t.Errorf("%v (-AccessOf +AccessList):\n%s", err, diff)
				}
			}
		}
	}
	check(ws, AccessFilter{}, []int{1, 2, 3, 4, 6})
	check(wsID(2), AccessFilter{}, []int{1, 2, 4})
	check(wsID(3), AccessFilter{}, []int{1, 2, 4})
	check(ws, AccessFilter{Source: SourceDirect}, []int{1, 3, 4, 6})
	check(ws, AccessFilter{Source: SourceOrganization}, []int{1, 2, 4})
	check(ws, AccessFilter{Role: domain.RoleAdmin}, []int{2, 4}) // 4 is more than a viewer
	check(ws, AccessFilter{Role: domain.RoleViewer}, nil)
	check(ws, AccessFilter{Role: domain.RoleOwner}, []int{1})
	check(ws, AccessFilter{Role: "boss"}, nil)
	check(ws, AccessFilter{Permission: domain.PermissionContentEdit}, []int{1, 2, 3, 4})
	check(ws, AccessFilter{Permission: domain.PermissionMembersManage, Source: SourceDirect}, []int{1, 4})
	check(ws, AccessFilter{Permission: domain.PermissionMembersManage, Role: domain.RoleEditor}, nil)
	check(ws, AccessFilter{Query: "ÄD"}, []int{2})
	check(ws, AccessFilter{Query: "bea_100%"}, []int{2})
	check(ws, AccessFilter{Query: "o'n", Source: SourceDirect}, nil)

	// What is inherited is in no membership, and goes with the role.
	before, err := listMembers(m, ws, MemberFilter{}, later, Page{})
	if err != nil || slices.ContainsFunc(before.Items, func(m Member) bool { return m.User == userID(2) }) {
		t.Errorf("%v, %+v", err, before)
	}
	h.do(t, removeOrganizationMember(org, 2), putOrganizationMember(org, 4, domain.OrganizationPlain))
	h.follow(t, m)
	check(ws, AccessFilter{}, []int{1, 3, 4, 6})
	check(wsID(2), AccessFilter{}, []int{1})
	if access, err := m.Check(ws, userID(4), later); describe(access) != "viewer: direct viewer" || err != nil {
		t.Errorf("%v, %s", err, describe(access))
	}
	if list, err := m.WorkspacesOf(context.Background(), org, userID(2), later, Page{}); err != nil || len(list.Items) != 0 {
		t.Errorf("%v, %+v", err, list)
	}
	if _, err := m.OrganizationMember(org, userID(2)); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed from the organization: %v", err)
	}
}
