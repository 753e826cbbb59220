package projections

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// stage is what the queries are tried on: the organization 1 with the workspaces
// 1, 2 and 3, of which 3 is archived. User 1 owns everything, 2 is an admin of the
// organization, 3 an editor of 1, 4 both an admin of the organization and a viewer
// of 1, 5 was removed from 1, 6 has no profile. Organization 2 has its own.
func stage(t *testing.T) (*history, *ReadModels) {
	t.Helper()
	h := newHistory(4)
	org, ws := orgID(1), wsID(1)
	h.do(t,
		createOrganization(org, 1), createWorkspace(org, ws, 1), createWorkspace(org, wsID(2), 1), createWorkspace(org, wsID(3), 1),
		domain.SetProfile{Meta: root(org), User: userID(2), Profile: domain.ProfileFacts{
			Email: "Bea_100%@example.com", Name: domain.PersonName{First: "Ädda", Last: "O'Neil"}, AvatarURL: "https://example.com/b",
		}},
		putOrganizationMember(org, 2, domain.OrganizationAdmin),
		introduceMember(org, ws, 3, domain.RoleEditor),
		introduceMember(org, ws, 4, domain.RoleViewer), putOrganizationMember(org, 4, domain.OrganizationAdmin),
		introduceMember(org, ws, 5, domain.RoleClient), removeMember(org, ws, 5),
		addMember(org, ws, 6, domain.RoleClient), putOrganizationMember(org, 6, domain.OrganizationPlain),
		domain.ArchiveWorkspace{Meta: root(org), Workspace: wsID(3)},
		domain.IssueToken{Meta: root(org), Token: domain.TokenFacts{
			ID: domain.TokenID{1}, Name: "CI", Secret: domain.Hash{1}, Scopes: domain.Scopes{"all:read", "users:all"},
		}},
		domain.IssueToken{Meta: root(org), Token: domain.TokenFacts{
			ID: domain.TokenID{2}, Name: "Ada's", Secret: domain.Hash{2}, Scopes: domain.Scopes{"all:all"},
			Workspace: ws, User: userID(1), ExpiresAt: h.now.AddDate(1, 0, 0),
		}},
		domain.RevokeToken{Meta: root(org), Token: domain.TokenID{1}},
		createOrganization(orgID(2), 7), createWorkspace(orgID(2), wsID(4), 7),
	)
	return h, h.models(t)
}

var orders = []Order{
	"", OrderCreated, OrderNewest, OrderEmail, OrderEmailDown, OrderName, OrderNameDown, OrderRole, OrderRoleDown,
}

// Every query goes by keys and indexes, as does every statement that writes.
func TestPlans(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws, user := orgID(1), wsID(1), userID(4)
	for _, c := range m.all { // each must have prepared them
		m.readers = make(chan *conn, 1)
		m.readers <- c
		for _, f := range []func() error{
			func() error { _, err := m.Organization(org); return err },
			func() error { _, err := m.Organizations(Page{}); return err },
			func() error { _, err := m.OrganizationMember(org, user); return err },
			func() error { _, err := m.OrganizationMembers(org, OrganizationMemberFilter{}, Page{}); return err },
			func() error { _, err := m.Barred(org, user, later); return err },
			func() error { _, err := m.User(org, user); return err },
			func() error { _, err := m.Users(org, UserFilter{}, Page{}); return err },
			func() error { _, err := m.Workspace(ws); return err },
			func() error { _, err := m.Workspaces(org, Page{}); return err },
			func() error { _, err := m.Member(ws, user, later); return err },
			func() error { _, err := m.Membership(membershipID(ws, user), later); return err },
			func() error { _, err := m.Members(ws, MemberFilter{}, later, Page{}); return err },
			func() error { _, err := m.CountMembers(ws, MemberFilter{}, later); return err },
			func() error { _, err := m.MembersBehind(ws, membershipID(ws, user)); return err },
			func() error { _, err := m.InvitationBySecret(secret(11), later); return err },
			func() error { _, err := m.CountAccess(ws, AccessFilter{}, later); return err },
			func() error { _, err := m.Role(org, "auditor"); return err },
			func() error { _, err := m.RoleByID(org, h.state.CustomRole(org, "auditor").ID); return err },
			func() error { _, err := m.Roles(org, RoleFilter{}, Page{}); return err },
			func() error { _, err := m.Permissions(org, Page{}); return err },
			func() error { _, err := m.Ended(later, 10); return err },
			func() error { _, err := m.Check(ws, user, later); return err },
			func() error { _, err := m.AccessOf(ws, user, later); return err },
			func() error { _, err := m.AccessList(ws, AccessFilter{}, later, Page{}); return err },
			func() error { _, err := m.WorkspacesOf(org, user, later, Page{}); return err },
			func() error { _, err := m.WorkspacesOf(org, userID(3), later, Page{}); return err },
			func() error { _, err := m.Token(org, domain.TokenID{1}); return err },
			func() error { _, err := m.TokenBySecret(domain.Hash{1}); return err },
			func() error { _, err := m.Tokens(org, Page{}); return err },
		} {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}
		for _, order := range orders {
			for _, role := range []domain.RoleKey{"", domain.RoleEditor, "auditor"} {
				if _, err := m.Members(ws, MemberFilter{Order: order, Role: role}, later, Page{}); err != nil {
					t.Fatal(err)
				}
			}
			_, err1 := m.Users(org, UserFilter{Order: order}, Page{})
			_, err2 := m.OrganizationMembers(org, OrganizationMemberFilter{Order: order}, Page{})
			if unknown := order == OrderRole || order == OrderRoleDown; errors.Is(err1, ErrUnknownOrder) != unknown || errors.Is(err2, ErrUnknownOrder) != unknown {
				t.Fatal(order, err1, err2)
			}
		}
		for _, text := range membersByPerson { // as it takes many members to come to all of them
			for _, text := range []string{text.window, text.walk, text.sort} {
				if _, err := c.prepare(text); err != nil {
					t.Fatal(err)
				}
			}
		}
		var keys []domain.Key
		h.state.Each(func(k domain.Key, _ domain.Part) { keys = append(keys, k) })
		if err := m.Load(append(keys, domain.DoneKey(org, domain.CommandID{})), new(domain.State)); err != nil {
			t.Fatal(err)
		}
		if err := m.Load(manyParts(), new(domain.State)); err != nil {
			t.Fatal(err)
		}
		requirePlans(t, c)
	}
	m.readers = make(chan *conn, len(m.all))
	for _, c := range m.all {
		m.readers <- c
	}
	// The writer, with every event there is.
	if err := h.replay(nil)(newHistory(4).tips, empty(t, 4).Apply); err != nil {
		t.Fatal(err)
	}
	h.do(t,
		domain.RenameOrganization{Meta: keyed(orgID(1)), Name: "New"}, putOrganizationMember(org, 2, domain.OrganizationPlain),
		removeOrganizationMember(org, 2), domain.RenameWorkspace{Meta: root(org), Workspace: ws, Name: "New"},
		domain.RestoreWorkspace{Meta: root(org), Workspace: wsID(3)}, domain.ArchiveWorkspace{Meta: root(org), Workspace: wsID(2)},
		changeRole(org, ws, 3, domain.RoleClient), removeMember(org, ws, 3),
		domain.SetProfile{Meta: root(org), User: userID(3), Profile: profile(33)},
		domain.RevokeToken{Meta: root(org), Token: domain.TokenID{2}}, addMember(org, ws, 5, domain.RoleEditor),
		createRole(org, "boss", 49), domain.ArchiveRole{Meta: root(org), Key: "boss"},
		domain.UpdateRole{Meta: root(org), Key: "auditor", Level: new(domain.Level(7))},
		acceptInvitation(org, ws, 11), inviteMember(org, ws, 10, domain.RoleEditor),
		domain.RenewInvitation{Meta: root(org), Workspace: ws, User: userID(10), Secret: secret(21)},
		domain.ChangeMember{
			Meta: root(org), Workspace: ws, User: userID(10),
			Permissions: &[]domain.Permission{}, ExpiresAt: new(h.now.Truncate(time.Millisecond).Add(time.Hour)),
		},
		domain.SuspendMember{Meta: root(org), Workspace: ws, User: userID(6)},
		domain.ReinstateMember{Meta: root(org), Workspace: ws, User: userID(6)},
		domain.SuspendOrganizationMember{Meta: root(org), User: userID(4)},
		domain.ReinstateOrganizationMember{Meta: root(org), User: userID(4)},
	)
	h.follow(t, m)
	requirePlans(t, m.projector.conn)
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	_, m := stage(t)
	org, ws, user := orgID(1), wsID(1), userID(1)
	for name, f := range map[string]func() error{
		"Organization":               func() error { _, err := m.Organization(orgID(9)); return err },
		"OrganizationMember":         func() error { _, err := m.OrganizationMember(org, userID(3)); return err },
		"OrganizationMember another": func() error { _, err := m.OrganizationMember(orgID(2), user); return err },
		"OrganizationMembers": func() error {
			_, err := m.OrganizationMembers(orgID(9), OrganizationMemberFilter{}, Page{})
			return err
		},
		"User":             func() error { _, err := m.User(org, userID(6)); return err },
		"User another":     func() error { _, err := m.User(orgID(2), user); return err },
		"Users":            func() error { _, err := m.Users(orgID(9), UserFilter{}, Page{}); return err },
		"Workspace":        func() error { _, err := m.Workspace(wsID(9)); return err },
		"Workspaces":       func() error { _, err := m.Workspaces(orgID(9), Page{}); return err },
		"Member inherited": func() error { _, err := m.Member(ws, userID(2), later); return err },
		"Member removed":   func() error { _, err := m.Member(ws, userID(5), later); return err },
		"Member nowhere":   func() error { _, err := m.Member(wsID(9), user, later); return err },
		"Membership":       func() error { _, err := m.Membership(domain.MembershipID{9}, later); return err },
		"Members":          func() error { _, err := m.Members(wsID(9), MemberFilter{}, later, Page{}); return err },
		"MembersBehind":    func() error { _, err := m.MembersBehind(ws, domain.MembershipID{9}); return err },
		"MembersBehind another": func() error {
			_, err := m.MembersBehind(wsID(4), membershipID(ws, user))
			return err
		},
		"Check":            func() error { _, err := m.Check(wsID(9), user, later); return err },
		"AccessOf removed": func() error { _, err := m.AccessOf(ws, userID(5), later); return err },
		"AccessOf nobody":  func() error { _, err := m.AccessOf(ws, userID(99), later); return err },
		"AccessOf another": func() error { _, err := m.AccessOf(wsID(4), user, later); return err },
		"AccessList":       func() error { _, err := m.AccessList(wsID(9), AccessFilter{}, later, Page{}); return err },
		"WorkspacesOf":     func() error { _, err := m.WorkspacesOf(orgID(9), user, later, Page{}); return err },
		"Token another":    func() error { _, err := m.Token(orgID(2), domain.TokenID{1}); return err },
		"TokenBySecret":    func() error { _, err := m.TokenBySecret(domain.Hash{9}); return err },
		"Tokens":           func() error { _, err := m.Tokens(orgID(9), Page{}); return err },
	} {
		if err := f(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What one row shows is what the state holds.
func TestRows(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	s, org, ws := &h.state, orgID(1), wsID(1)
	same := func(name string, want, got any, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
	o, err := m.Organization(org)
	same("Organization", *s.Organization(org), o, err)
	om, err := m.OrganizationMember(org, userID(2))
	same("OrganizationMember", OrganizationMember{*s.OrganizationMember(org, userID(2)), s.Profile(org, userID(2))}, om, err)
	om, err = m.OrganizationMember(org, userID(6))
	same("OrganizationMember without profile", OrganizationMember{*s.OrganizationMember(org, userID(6)), nil}, om, err)
	u, err := m.User(org, userID(2))
	same("User", *s.Profile(org, userID(2)), u, err)
	w, err := m.Workspace(wsID(3))
	same("Workspace", *s.Workspace(wsID(3)), w, err)
	editor, _ := domain.BuiltInRole(domain.RoleEditor)
	member, err := m.Member(ws, userID(3), later)
	same("Member", Member{*s.Membership(ws, userID(3)), editor, s.Profile(org, userID(3))}, member, err)
	member, err = m.Membership(membershipID(ws, userID(5)), later)
	client, _ := domain.BuiltInRole(domain.RoleClient)
	same("Membership", Member{*s.Membership(ws, userID(5)), client, s.Profile(org, userID(5))}, member, err)
	for n := byte(1); n <= 2; n++ {
		want := *s.Token(org, domain.TokenID{n})
		token, err := m.TokenBySecret(domain.Hash{n})
		same("TokenBySecret", want, token, err)
		token, err = m.Token(org, domain.TokenID{n})
		same("Token", want, token, err)
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	s, org, ws := &h.state, orgID(1), wsID(1)
	for size := 1; size <= 5; size += 2 {
		same := func(name string, want, got any) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s in pages of %d (-want +got):\n%s", name, size, diff)
			}
		}
		same("Organizations", []domain.Organization{*s.Organization(org), *s.Organization(orgID(2))}, collect(t, size, m.Organizations))
		same("Users", []domain.Profile{
			*s.Profile(org, userID(1)), *s.Profile(org, userID(2)), *s.Profile(org, userID(3)),
			*s.Profile(org, userID(4)), *s.Profile(org, userID(5)),
		}, collect(t, size, func(p Page) (List[domain.Profile], error) { return m.Users(org, UserFilter{}, p) }))
		var members []OrganizationMember
		for _, n := range []int{1, 2, 4, 6} {
			members = append(members, OrganizationMember{*s.OrganizationMember(org, userID(n)), s.Profile(org, userID(n))})
		}
		same("OrganizationMembers", members, collect(t, size, func(p Page) (List[OrganizationMember], error) {
			return m.OrganizationMembers(org, OrganizationMemberFilter{}, p)
		}))
		same("Workspaces", []domain.Workspace{*s.Workspace(ws), *s.Workspace(wsID(2)), *s.Workspace(wsID(3))},
			collect(t, size, func(p Page) (List[domain.Workspace], error) { return m.Workspaces(org, p) }))
		same("Tokens", []domain.Token{*s.Token(org, domain.TokenID{1}), *s.Token(org, domain.TokenID{2})},
			collect(t, size, func(p Page) (List[domain.Token], error) { return m.Tokens(org, p) }))
		for _, c := range []struct {
			filter MemberFilter
			want   []int
		}{
			{MemberFilter{}, []int{1, 3, 4, 6}},
			{MemberFilter{Order: OrderCreated}, []int{1, 3, 4, 6}},
			{MemberFilter{Order: OrderNewest}, []int{6, 4, 3, 1}},
			{MemberFilter{State: domain.MembershipRemoved}, []int{5}},
			{MemberFilter{State: domain.MembershipActive, Role: domain.RoleClient}, []int{6}},
			{MemberFilter{Query: "uSeR"}, []int{1, 3, 4}},
			{MemberFilter{Query: "first3"}, []int{3}},
			{MemberFilter{Query: "LAST4"}, []int{4}},
			{MemberFilter{Query: "ser"}, nil}, // not a prefix
			{MemberFilter{Query: "%"}, nil},
			{MemberFilter{Query: "user_@"}, nil},
			{MemberFilter{Query: "nobody"}, nil},
		} {
			members := collect(t, size, func(p Page) (List[Member], error) { return m.Members(ws, c.filter, later, p) })
			same(fmt.Sprintf("Members %+v", c.filter), c.want, numbers(users(List[Member]{Items: members}, func(m Member) domain.UserID { return m.User })))
			for _, member := range members {
				same("Members", Member{*s.Membership(ws, member.User), roleOf(s, member.Membership), s.Profile(org, member.User)}, member)
			}
		}
	}
	list, err := m.Members(ws, MemberFilter{}, later, Page{})
	if err != nil || len(list.Items) != 4 || list.Next != "" {
		t.Errorf("%v, %d items, next %q", err, len(list.Items), list.Next)
	}
	// A list goes on behind whoever is or was in it.
	for behind, want := range map[int][]int{1: {3, 4, 6}, 4: {6}, 5: {6}, 6: nil} {
		after, err := m.MembersBehind(ws, membershipID(ws, userID(behind)))
		if err != nil {
			t.Fatal(err)
		}
		list, err := m.Members(ws, MemberFilter{}, later, Page{After: after})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, numbers(users(list, func(m Member) domain.UserID { return m.User }))); diff != "" {
			t.Errorf("behind %d (-want +got):\n%s", behind, diff)
		}
	}
}

// numbers answers the n of each userID(n).
func numbers(list List[domain.UserID]) (all []int) {
	for _, id := range list.Items {
		for n := range 100 {
			if userID(n) == id {
				all = append(all, n)
			}
		}
	}
	return all
}

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
		access.Profile = h.state.Profile(access.Organization, access.User)
		of, err := m.AccessOf(wsID(c.ws), userID(c.user), later)
		if diff := cmp.Diff(access, of); diff != "" || err != nil {
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

// number answers the number of the event.
func (h *history) number(id domain.EventID) uint64 {
	for _, b := range h.batches {
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

func TestAccessList(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	org, ws := orgID(1), wsID(1)
	check := func(ws domain.WorkspaceID, f AccessFilter, want []int) {
		t.Helper()
		for size := 1; size <= 4; size++ {
			list := collect(t, size, func(p Page) (List[Access], error) { return m.AccessList(ws, f, later, p) })
			got := numbers(users(List[Access]{Items: list}, func(a Access) domain.UserID { return a.User }))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%+v in pages of %d (-want +got):\n%s", f, size, diff)
			}
			for _, a := range list {
				of, err := m.AccessOf(ws, a.User, later)
				if diff := cmp.Diff(of, a); diff != "" || err != nil {
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
	before, err := m.Members(ws, MemberFilter{}, later, Page{})
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
	if list, err := m.WorkspacesOf(org, userID(2), later, Page{}); err != nil || len(list.Items) != 0 {
		t.Errorf("%v, %+v", err, list)
	}
	if _, err := m.OrganizationMember(org, userID(2)); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed from the organization: %v", err)
	}
}

func TestWorkspacesOf(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	for _, c := range []struct {
		org, user int
		want      []int
	}{
		{1, 1, []int{1, 2, 3}},
		{1, 2, []int{1, 2, 3}},
		{1, 3, []int{1}},
		{1, 4, []int{1, 2, 3}},
		{1, 5, nil},
		{1, 7, nil},
		{1, 99, nil},
		{2, 7, []int{4}},
		{2, 1, nil},
	} {
		for size := 1; size <= 3; size++ {
			list := collect(t, size, func(p Page) (List[WorkspaceAccess], error) {
				return m.WorkspacesOf(orgID(c.org), userID(c.user), later, p)
			})
			if len(list) != len(c.want) {
				t.Errorf("user %d reaches %d workspaces", c.user, len(list))
				continue
			}
			for i, n := range c.want {
				access, err := m.Check(wsID(n), userID(c.user), later)
				want := WorkspaceAccess{*h.state.Workspace(wsID(n)), access}
				if diff := cmp.Diff(want, list[i]); diff != "" || err != nil {
					t.Errorf("user %d, workspace %d: %v\n%s", c.user, n, err, diff)
				}
			}
		}
	}
}

// roleOf answers the membership's role as the state has it.
func roleOf(s *domain.State, m domain.Membership) domain.Role {
	role, _ := s.Role(m.Organization, m.Role)
	return role
}
