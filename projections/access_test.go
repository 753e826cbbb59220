package projections

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	org, ws := orgID(1), wsID(1)
	for _, c := range []struct {
		ws   int
		user int
		want string
	}{
		{1, 1, "owner: direct owner, organization owner"},
		{1, 2, "admin: organization admin"},
		{1, 3, "editor: direct editor"},
		{1, 4, "admin: organization admin, direct viewer"},
		{1, 5, ""},
		{1, 6, "client: direct client"},
		{1, 7, ""}, // is of another organization
		{1, 99, ""},
		{2, 2, "admin: organization admin"},
		{2, 3, ""},
		{3, 2, "admin: organization admin"}, // archived
		{4, 1, ""},
		{4, 7, "owner: direct owner, organization owner"},
	} {
		access, err := m.Check(wsID(c.ws), userID(c.user), later)
		if got := describe(access); got != c.want || err != nil {
			t.Errorf("workspace %d, user %d: %q, %v, want %q", c.ws, c.user, got, err, c.want)
		}
		if access.Any() != (c.want != "") || access.Allows(domain.PermissionWorkspaceView) != (c.want != "") {
			t.Errorf("workspace %d, user %d: any %t", c.ws, c.user, access.Any())
		}
		if !access.Any() {
			continue
		}
		access.Profile = shownProfile(&h.state, access.Organization, access.User)
		of, err := m.AccessOf(wsID(c.ws), userID(c.user), later)
		if diff := gocmp.Diff(access, of); diff != "" || err != nil {
			t.Errorf("AccessOf and Check differ: %v\n%s", err, diff)
		}
	}

	// A grant names the event that gave the role, and when.
	access, err := m.Check(ws, userID(4), later)
	if err != nil {
		t.Fatal(err)
	}
	inherited, direct := access.Grants[0], access.Grants[1]
	if want := h.state.OrganizationMember(org, userID(4)); !inherited.Since.Equal(want.CreatedAt) || h.number(inherited.Event) != want.Version || !inherited.Membership.IsZero() {
		t.Errorf("%+v, want %+v", inherited, want)
	}
	if want := h.state.Membership(ws, userID(4)); !direct.Since.Equal(want.CreatedAt) || h.number(direct.Event) != want.Version || direct.Membership != want.ID {
		t.Errorf("%+v, want %+v", direct, want)
	}
	h.do(t, changeRole(org, ws, 4, domain.RoleOwner))
	h.follow(t, m)
	access, err = m.Check(ws, userID(4), later)
	if err != nil || describe(access) != "owner: direct owner, organization admin" || h.number(access.Grants[0].Event) != h.tips[1].Number {
		t.Errorf("%v, %+v", err, access)
	}
}

// number returns the number of the event.
func (h *history) number(id domain.EventID) uint64 {
	for _, b := range h.messages {
		for i := range b.Entries {
			if b.Entries[i].ID == id {
				return b.Entries[i].Number
			}
		}
	}
	return 0
}

func describe(a Access) string {
	var grants []string
	for _, g := range a.Grants {
		grants = append(grants, string(g.Source)+" "+string(g.Role.Key))
	}
	if len(grants) == 0 {
		return ""
	}
	return string(a.Role.Key) + ": " + strings.Join(grants, ", ")
}

func TestAccessOfCrowd(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	check := func(n int, at time.Time, want string, permissions ...domain.Permission) {
		t.Helper()
		access, err := m.Check(ws, userID(n), at)
		if got := describe(access); got != want || err != nil {
			t.Errorf("user %d: %q, %v, want %q", n, got, err, want)
		}
		if diff := gocmp.Diff(permissions, access.Permissions); diff != "" && (len(permissions) > 0 || len(access.Permissions) > 0) {
			t.Errorf("user %d:\n%s", n, diff)
		}
	}
	viewer, _ := domain.BuiltInRole(domain.RoleViewer)
	admin, _ := domain.BuiltInRole(domain.RoleAdmin)
	check(11, later, "")
	check(12, later, "auditor: direct auditor", "workspace.view", "reports.view")
	check(13, later, "viewer: direct viewer", "reports.export")
	check(14, later, "")
	check(16, later, "")
	check(17, later, "")
	check(18, later, "lead: direct lead, organization admin", "workspace.view", "reports.view", "reports.export",
		"members.view", "content.edit", "members.manage", "workspace.manage") // the lead's, and what only the admin has
	check(20, later, "editor: direct editor")

	list := func(f AccessFilter, want ...int) {
		t.Helper()
		for size := 1; size <= 4; size++ {
			list := collect(t, size, func(p Page) (List[Access], error) { return listAccess(m, ws, f, later, p) })
			got := numbers(users(List[Access]{Items: list}, func(a Access) domain.UserID { return a.User }))
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%+v:\n%s", f, diff)
			}
			for _, a := range list {
				of, err := m.AccessOf(ws, a.User, later)
				if diff := gocmp.Diff(of, a); diff != "" || err != nil {
					t.Errorf("%v (-AccessOf +AccessList):\n%s", err, diff)
				}
			}
		}
		if n, err := sizeOfAccess(m, ws, f, later); err != nil || n != len(want) {
			t.Errorf("%+v: %d, %v", f, n, err)
		}
	}
	list(AccessFilter{}, 1, 2, 3, 4, 6, 12, 13, 18, 20)
	list(AccessFilter{Role: "auditor"}, 12)
	list(AccessFilter{Role: "lead"}, 18)
	list(AccessFilter{Role: domain.RoleAdmin}, 2, 4)
	list(AccessFilter{Role: domain.RoleViewer}, 13)
	list(AccessFilter{Permission: "reports.view"}, 12, 18)
	list(AccessFilter{Permission: "reports.export"}, 13, 18)
	list(AccessFilter{Permission: "reports"})
	list(AccessFilter{Permission: domain.PermissionMembersView}, 1, 2, 3, 4, 18)   // neither 13 nor 20, who have lists of their own
	list(AccessFilter{Role: "lead", Permission: domain.PermissionMembersView}, 18) // the role by one grant and the permission by the other
	list(AccessFilter{Role: "lead", Permission: domain.PermissionMembersView, Source: SourceOrganization}, 18)
	list(AccessFilter{Role: domain.RoleAdmin, Permission: "reports.view"})
	list(AccessFilter{Permission: "reports.export", Source: SourceOrganization}, 18)
	list(AccessFilter{Role: domain.RoleEditor, Source: SourceDirect}, 3, 20)
	list(AccessFilter{Query: "user12"}, 12)

	// A changed role counts at once for all who have it.
	h.do(t,
		domain.UpdateRole{Meta: root(org), Key: "lead", Level: new(domain.Level(39)), Permissions: &[]domain.Permission{"reports.sign", "content.edit"}},
		domain.UpdateRole{Meta: root(org), Key: "auditor", Name: new("Inspector")},
		domain.ArchiveRole{Meta: root(org), Key: "auditor"},
		domain.ReinstateOrganizationMember{Meta: root(org), User: userID(16)},
		domain.ReinstateOrganizationMember{Meta: root(org), User: userID(17)},
		domain.ReinstateMember{Meta: root(org), Workspace: ws, User: userID(14)},
		domain.ChangeMember{Meta: root(org), Workspace: ws, User: userID(13), Permissions: new([]domain.Permission)},
		acceptInvitation(org, ws, 11),
	)
	h.follow(t, m)
	check(18, later, "admin: organization admin, direct lead", append(slices.Clone(admin.Permissions), "reports.sign")...)
	check(12, later, "auditor: direct auditor", "workspace.view", "reports.view")
	check(13, later, "viewer: direct viewer", viewer.Permissions...)
	if access, err := m.Check(ws, userID(12), later); err != nil || access.Role.Name != "Inspector" || access.Role.ID.IsZero() || access.Role.BuiltIn {
		t.Errorf("%v, %+v", err, access.Role)
	}
	list(AccessFilter{Permission: "reports.export"})
	list(AccessFilter{Permission: "reports.sign"}, 18)
	list(AccessFilter{Role: domain.RoleAdmin, Permission: "reports.sign"}, 18)
	list(AccessFilter{Role: domain.RoleAdmin, Permission: "reports.sign", Source: SourceDirect}, 18)
	list(AccessFilter{Role: "lead", Permission: "reports.sign"}) // the access has a higher role
	list(AccessFilter{Role: domain.RoleAdmin}, 2, 4, 17, 18)
	list(AccessFilter{}, 1, 2, 3, 4, 6, 11, 12, 13, 14, 16, 17, 18, 20)

	// A grant names the event that last made it what it is.
	for n, want := range map[int]uint64{
		11: h.state.Membership(ws, userID(11)).Version, // accepted
		13: h.state.Membership(ws, userID(13)).Version, // other permissions
		14: h.state.Membership(ws, userID(14)).Version, // reinstated
		16: h.state.Membership(ws, userID(16)).Version, // added; the organization's suspension is not the membership's
		17: h.state.OrganizationMember(org, userID(17)).Version,
	} {
		access, err := m.Check(ws, userID(n), later)
		if err != nil || h.number(access.Grants[0].Event) != want {
			t.Errorf("user %d: event %d, want %d, %v", n, h.number(access.Grants[0].Event), want, err)
		}
	}
	granted := h.state.Membership(ws, userID(14)).Version
	h.do(t, domain.ChangeMember{Meta: root(org), Workspace: ws, User: userID(14), ExpiresAt: new(later.Add(time.Hour))})
	h.follow(t, m)
	if access, err := m.Check(ws, userID(14), later); err != nil || h.number(access.Grants[0].Event) != granted {
		t.Errorf("another end makes another grant: %v, %+v", err, access)
	}
}

// Suspended people have no access, and their memberships and roles stay as they are.
func TestSuspendedFromOrganization(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	member, err := m.Member(ws, userID(16), later)
	if err != nil || member.State != domain.MembershipActive {
		t.Errorf("%v, %+v", err, member)
	}
	for _, n := range []int{16, 17} {
		list, err := m.WorkspacesOf(context.Background(), org, userID(n), later, Page{})
		if err != nil || len(list.Items) != 0 {
			t.Errorf("%v, %+v", err, list.Items)
		}
		if _, err := m.AccessOf(ws, userID(n), later); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	got, err := m.OrganizationMember(org, userID(17))
	if diff := gocmp.Diff(OrganizationMember{*h.state.OrganizationMember(org, userID(17)), nil}, got); diff != "" || err != nil || got.SuspendedAt.IsZero() {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := m.OrganizationMember(org, userID(16)); !errors.Is(err, ErrNotFound) {
		t.Errorf("who has no role is no member of the organization: %v", err)
	}
	h.do(t, putOrganizationMember(org, 30, domain.OrganizationOwner), domain.SuspendOrganizationMember{Meta: root(org), User: userID(30)})
	h.follow(t, m)
	if o, err := m.Organization(org); err != nil || o.Owners != 1 {
		t.Errorf("a suspended owner counts: %v, %+v", err, o)
	}
}
