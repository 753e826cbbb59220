package projections

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// soon is when some of the crowd come to their end: between sooner and later.
var (
	sooner = later.Add(-50 * time.Minute)
	soon   = later.Add(-30 * time.Minute)
)

// crowd is the stage with everything that a membership of workspace 1 can be. User
// 11 is invited, 12 an auditor, 13 a viewer with a permission of their own, 14 is
// suspended, 15 an editor until soon, 16 an editor and 17 an admin who are both
// suspended from the organization, 18 a lead and as high an admin of the
// organization, 19 invited until soon, 20 an editor who may do nothing, and 21 an
// owner until soon.
func crowd(t *testing.T) (*history, *ReadModels) {
	t.Helper()
	h, m := stage(t)
	org, ws := orgID(1), wsID(1)
	h.do(t,
		createRole(org, "auditor", 15, "workspace.view", "reports.view"),
		createRole(org, "lead", 40, "workspace.view", "reports.view", "reports.export"),
		inviteMember(org, ws, 11, domain.RoleEditor),
		introduceMember(org, ws, 12, "auditor"),
		addMemberWith(org, ws, 13, domain.RoleViewer, "reports.export"),
		introduceMember(org, ws, 14, domain.RoleEditor), domain.SuspendMember{Meta: root(org), Workspace: ws, User: userID(14)},
		addMemberUntil(org, ws, 15, domain.RoleEditor, soon),
		introduceMember(org, ws, 16, domain.RoleEditor), domain.SuspendOrganizationMember{Meta: root(org), User: userID(16)},
		putOrganizationMember(org, 17, domain.OrganizationAdmin), domain.SuspendOrganizationMember{Meta: root(org), User: userID(17)},
		addMember(org, ws, 18, "lead"), putOrganizationMember(org, 18, domain.OrganizationAdmin),
		addMemberWith(org, ws, 20, domain.RoleEditor),
		addMemberUntil(org, ws, 21, domain.RoleOwner, soon),
	)
	until := inviteMember(org, ws, 19, domain.RoleEditor).(domain.InviteMember)
	until.Lasts = soon.Sub(h.next())
	h.do(t, until)
	h.follow(t, m)
	return h, m
}

// expire writes down that the memberships have ended.
func (h *history) expire(t *testing.T, org domain.OrganizationID, ws domain.WorkspaceID, users ...int) {
	t.Helper()
	h.now = soon
	for _, n := range users {
		h.do(t, domain.ExpireMember{Meta: muster(org), Workspace: ws, User: userID(n)})
	}
}

// What has an end is over at that instant, in every query, and the event that says
// so later changes nothing that is shown.
func TestEnds(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	type view struct {
		member, access, listed, inList, reaches, removed bool
		count, removedCount, accessCount                 int
		state                                            domain.MembershipState
	}
	see := func(n int, at time.Time) (v view) {
		t.Helper()
		must := func(err error) {
			t.Helper()
			if err != nil && !errors.Is(err, ErrNotFound) {
				t.Fatal(err)
			}
		}
		user := userID(n)
		_, err := m.Member(ws, user, at)
		must(err)
		v.member = err == nil
		byID, err := m.Membership(membershipID(ws, user), at)
		must(err)
		v.state = byID.State
		access, err := m.Check(ws, user, at)
		must(err)
		_, err = m.AccessOf(ws, user, at)
		must(err)
		if v.access = err == nil; v.access != access.Any() {
			t.Errorf("user %d at %v: Check says %t", n, at, access.Any())
		}
		of := func(a Access) bool { return a.User == user }
		all, err := m.AccessList(ws, AccessFilter{}, at, Page{Size: 100})
		must(err)
		v.listed = slices.ContainsFunc(all.Items, of)
		v.accessCount, err = m.CountAccess(ws, AccessFilter{}, at)
		if must(err); v.accessCount != len(all.Items) {
			t.Errorf("at %v %d have access, and %d are counted", at, len(all.Items), v.accessCount)
		}
		reached, err := m.WorkspacesOf(org, user, at, Page{})
		must(err)
		v.reaches = len(reached.Items) > 0
		shows := func(f MemberFilter) (bool, int) {
			list, err := m.Members(ws, f, at, Page{Size: 100})
			must(err)
			count, err := m.CountMembers(ws, f, at)
			if must(err); count != len(list.Items) {
				t.Errorf("%+v at %v: %d are counted", f, at, count)
			}
			return slices.ContainsFunc(list.Items, func(m Member) bool { return m.User == user }), count
		}
		v.inList, v.count = shows(MemberFilter{})
		v.removed, v.removedCount = shows(MemberFilter{State: domain.MembershipRemoved})
		return v
	}
	instant := soon.Add(-time.Millisecond)
	for _, n := range []int{15, 19, 21} {
		active := n != 19
		before, after := see(n, instant), see(n, soon)
		if !before.member || before.access != active || before.listed != active || before.reaches != active || !before.inList || before.removed {
			t.Errorf("user %d before the end: %+v", n, before)
		}
		if after.member || after.access || after.listed || after.reaches || after.inList || !after.removed || after.state != domain.MembershipRemoved {
			t.Errorf("user %d at the end: %+v", n, after)
		}
		if after.count != before.count-3 || after.removedCount != before.removedCount+3 || after.accessCount != before.accessCount-2 {
			t.Errorf("user %d: from %+v to %+v", n, before, after)
		}
	}
	if w, err := m.Workspace(ws); err != nil || w.Owners != 1 {
		t.Errorf("an owner whose membership ends counts: %+v, %v", w, err)
	}
	before := see(15, soon)
	h.expire(t, org, ws, 15, 19, 21)
	h.follow(t, m)
	if after := see(15, soon); after != before {
		t.Errorf("the event changes what is shown: from %+v to %+v", before, after)
	}
	if byID, err := m.Membership(membershipID(ws, userID(15)), instant); err != nil || byID.State != domain.MembershipRemoved {
		t.Errorf("what has ended for good: %+v, %v", byID, err)
	}
}

func TestNextEnd(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	moves := func(what string, c ...domain.Command) time.Time {
		t.Helper()
		_, moved := m.NextEnd()
		h.do(t, c...)
		h.follow(t, m)
		select {
		case <-moved:
		default:
			t.Errorf("%s: nobody learns that the next end moved", what)
		}
		end, _ := m.NextEnd()
		return end
	}
	stays := func(what string, c ...domain.Command) {
		t.Helper()
		before, moved := m.NextEnd()
		h.do(t, c...)
		h.follow(t, m)
		if after, _ := m.NextEnd(); !after.Equal(before) {
			t.Errorf("%s: the next end is %v, not %v", what, after, before)
		}
		select {
		case <-moved:
			t.Errorf("%s: it did not move", what)
		default:
		}
	}
	if end, _ := m.NextEnd(); !end.Equal(soon) {
		t.Fatalf("the next end is %v, want %v", end, soon)
	}
	var want []End
	for _, n := range []int{15, 21, 19} {
		want = append(want, End{org, ws, userID(n), soon})
	}
	ended := func(at time.Time, limit int) []End {
		t.Helper()
		got, err := m.Ended(at, limit)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ended(soon.Add(-time.Millisecond), 10); len(got) != 0 {
		t.Errorf("before the end: %+v", got)
	}
	if diff := gocmp.Diff(want, ended(soon, 10)); diff != "" {
		t.Errorf("at the end:\n%s", diff)
	}
	if diff := gocmp.Diff(want[:2], ended(soon, 2)); diff != "" {
		t.Errorf("two of them:\n%s", diff)
	}

	stays("a member who stays", addMember(org, ws, 30, domain.RoleViewer))
	stays("a member who ends later", addMemberUntil(org, ws, 31, domain.RoleViewer, later))
	stays("one of three", removeMember(org, ws, 15))
	if end := moves("one who ends before", addMemberUntil(org, ws, 32, domain.RoleViewer, sooner)); !end.Equal(sooner) {
		t.Errorf("the next end is %v, want %v", end, sooner)
	}
	if end := moves("one who stays after all", domain.ChangeMember{
		Meta: root(org), Workspace: ws, User: userID(32), ExpiresAt: new(time.Time),
	}); !end.Equal(soon) {
		t.Errorf("the next end is %v, want %v", end, soon)
	}
	stays("the other owner", removeMember(org, ws, 21))
	if end := moves("an invitation that is accepted", acceptInvitation(org, ws, 19)); !end.Equal(later) {
		t.Errorf("the next end is %v, want %v", end, later)
	}
	end := moves("the rest", removeMember(org, ws, 31))
	if want := h.state.Membership(ws, userID(11)).Invitation.ExpiresAt; !end.Equal(want) {
		t.Errorf("the next end is %v, want %v", end, want)
	}
	renewed := moves("an invitation that is renewed", domain.RenewInvitation{
		Meta: root(org), Workspace: ws, User: userID(11), Secret: secret(12), Lasts: domain.MaxInvitation,
	})
	if !renewed.After(end) {
		t.Errorf("the next end is %v", renewed)
	}
	if end := moves("the last", removeMember(org, ws, 11)); !end.IsZero() {
		t.Errorf("the next end is %v", end)
	}
	stays("nothing", addMember(org, ws, 33, domain.RoleViewer))

	// What is refused moves nothing.
	before, moved := m.NextEnd()
	h.do(t, addMemberUntil(org, ws, 34, domain.RoleViewer, later))
	bad := h.batches[len(h.batches)-1]
	bad.Message++
	if err := m.Apply(append(slices.Clone(h.batches[len(h.batches)-1:]), bad)); !errors.Is(err, ErrGap) {
		t.Fatal(err)
	}
	if after, _ := m.NextEnd(); !after.Equal(before) {
		t.Errorf("the next end is %v", after)
	}
	h.follow(t, m)
	<-moved

	_, moved = m.NextEnd()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	<-moved
	_, moved = m.NextEnd()
	<-moved
}

// The next end is known from the start.
func TestNextEndAtOpen(t *testing.T) {
	t.Parallel()
	h, _ := crowd(t)
	if end, _ := h.models(t).NextEnd(); !end.Equal(soon) {
		t.Errorf("the next end is %v, want %v", end, soon)
	}
}

func TestRevoked(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org := orgID(1)
	if got := m.Revoked(1); got != 0 {
		t.Errorf("before any: %d", got) // the one on the stage came before they were opened
	}
	h.do(t, domain.RevokeToken{Meta: root(org), Token: domain.TokenID{2}}, domain.RenameOrganization{Meta: root(org), Name: "New"})
	h.follow(t, m)
	if got, want := m.Revoked(1), h.state.Token(org, domain.TokenID{2}).Version; got != want || m.Revoked(2) != 0 {
		t.Errorf("%d, want %d; of another partition: %d", got, want, m.Revoked(2))
	}
}

func TestMemberStates(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	s, org, ws := &h.state, orgID(1), wsID(1)
	for _, at := range []time.Time{sooner, later} {
		for _, c := range []struct {
			filter MemberFilter
			want   map[time.Time][]int
		}{
			{MemberFilter{}, map[time.Time][]int{
				sooner: {1, 3, 4, 6, 11, 12, 13, 14, 15, 16, 18, 20, 21, 19}, later: {1, 3, 4, 6, 11, 12, 13, 14, 16, 18, 20},
			}},
			{MemberFilter{State: domain.MembershipInvited}, map[time.Time][]int{sooner: {11, 19}, later: {11}}},
			{MemberFilter{State: domain.MembershipSuspended}, map[time.Time][]int{sooner: {14}, later: {14}}},
			{MemberFilter{State: domain.MembershipRemoved}, map[time.Time][]int{sooner: {5}, later: {5, 15, 21, 19}}},
			{MemberFilter{Joined: true}, map[time.Time][]int{
				sooner: {1, 3, 4, 5, 6, 12, 13, 14, 15, 16, 18, 20, 21}, later: {1, 3, 4, 5, 6, 12, 13, 14, 15, 16, 18, 20, 21},
			}},
			{MemberFilter{Joined: true, Role: domain.RoleEditor, Query: "user1"}, map[time.Time][]int{sooner: {14, 16}, later: {14, 16}}},
			{MemberFilter{State: domain.MembershipActive, Role: domain.RoleEditor}, map[time.Time][]int{sooner: {3, 15, 16, 20}, later: {3, 16, 20}}},
			{MemberFilter{Role: "auditor"}, map[time.Time][]int{sooner: {12}, later: {12}}},
			{MemberFilter{Role: "nobody"}, nil},
			{MemberFilter{Role: domain.RoleEditor, Query: "user1"}, map[time.Time][]int{sooner: {11, 14, 16, 19}, later: {11, 14, 16}}},
			{MemberFilter{Query: "first12 LAST"}, map[time.Time][]int{sooner: {12}, later: {12}}},
		} {
			for size := 1; size <= 5; size += 2 {
				list := collect(t, size, func(p Page) (List[Member], error) { return m.Members(ws, c.filter, at, p) })
				got := numbers(users(List[Member]{Items: list}, func(m Member) domain.UserID { return m.User }))
				if diff := gocmp.Diff(c.want[at], got); diff != "" {
					t.Errorf("%+v at %v in pages of %d:\n%s", c.filter, at, size, diff)
				}
				for _, member := range list {
					of := *s.Membership(ws, member.User)
					of.State, of.Invitation.Secret = of.StateAt(at), domain.Hash{}
					if diff := gocmp.Diff(Member{of, roleOf(s, of), s.Profile(org, member.User)}, member); diff != "" {
						t.Errorf("%+v:\n%s", c.filter, diff)
					}
				}
				if n, err := m.CountMembers(ws, c.filter, at); err != nil || n != len(c.want[at]) {
					t.Errorf("%+v at %v: %d, %v", c.filter, at, n, err)
				}
			}
		}
	}
}

func TestInvitationBySecret(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	find := func(n int, at time.Time) string {
		t.Helper()
		member, err := m.InvitationBySecret(secret(n), at)
		if errors.Is(err, ErrNotFound) {
			return "none"
		}
		if err != nil || !member.Invitation.Secret.IsZero() || member.Organization != org || member.Workspace != ws {
			t.Errorf("%v, %+v", err, member)
		}
		return fmt.Sprint(numbers(List[domain.UserID]{Items: []domain.UserID{member.User}})[0], " ", member.State)
	}
	check := func(n int, at time.Time, want string) {
		t.Helper()
		if got := find(n, at); got != want {
			t.Errorf("%d at %v: %s, want %s", n, at, got, want)
		}
	}
	check(11, later, "11 invited")
	check(19, sooner, "19 invited")
	check(19, soon, "19 removed")
	check(99, sooner, "none")
	if _, err := m.InvitationBySecret(domain.Hash{}, sooner); !errors.Is(err, ErrNotFound) {
		t.Errorf("no secret: %v", err)
	}
	h.do(t, acceptInvitation(org, ws, 11), domain.RenewInvitation{Meta: root(org), Workspace: ws, User: userID(19), Secret: secret(20)})
	h.follow(t, m)
	check(11, sooner, "11 active")
	check(19, sooner, "none")
	check(20, sooner, "19 invited")
	h.do(t, removeMember(org, ws, 19), addMember(org, ws, 19, domain.RoleViewer))
	h.follow(t, m)
	check(20, sooner, "none") // they were added without one
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
	check(18, later, "lead: direct lead, organization admin", "workspace.view", "reports.view", "reports.export")
	check(20, later, "editor: direct editor")

	list := func(f AccessFilter, want ...int) {
		t.Helper()
		for size := 1; size <= 4; size++ {
			list := collect(t, size, func(p Page) (List[Access], error) { return m.AccessList(ws, f, later, p) })
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
		if n, err := m.CountAccess(ws, f, later); err != nil || n != len(want) {
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
	list(AccessFilter{Permission: domain.PermissionMembersView}, 1, 2, 3, 4) // neither 13 nor 20, who have lists of their own
	list(AccessFilter{Permission: "reports.export", Source: SourceOrganization}, 18)
	list(AccessFilter{Role: domain.RoleEditor, Source: SourceDirect}, 3, 20)
	list(AccessFilter{Query: "user12"}, 12)

	// A changed role counts at once for all who have it.
	h.do(t,
		domain.UpdateRole{Meta: root(org), Key: "lead", Level: new(domain.Level(39)), Permissions: &[]domain.Permission{}},
		domain.UpdateRole{Meta: root(org), Key: "auditor", Name: new("Inspector")},
		domain.ArchiveRole{Meta: root(org), Key: "auditor"},
		domain.ReinstateOrganizationMember{Meta: root(org), User: userID(16)},
		domain.ReinstateOrganizationMember{Meta: root(org), User: userID(17)},
		domain.ReinstateMember{Meta: root(org), Workspace: ws, User: userID(14)},
		domain.ChangeMember{Meta: root(org), Workspace: ws, User: userID(13), Permissions: new([]domain.Permission)},
		acceptInvitation(org, ws, 11),
	)
	h.follow(t, m)
	check(18, later, "admin: organization admin, direct lead", admin.Permissions...)
	check(12, later, "auditor: direct auditor", "workspace.view", "reports.view")
	check(13, later, "viewer: direct viewer", viewer.Permissions...)
	if access, err := m.Check(ws, userID(12), later); err != nil || access.Role.Name != "Inspector" || access.Role.ID.IsZero() || access.Role.BuiltIn {
		t.Errorf("%v, %+v", err, access.Role)
	}
	list(AccessFilter{Permission: "reports.export"})
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

// Who is suspended from the organization has no access, and stays what they are.
func TestSuspendedFromOrganization(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	member, err := m.Member(ws, userID(16), later)
	if err != nil || member.State != domain.MembershipActive {
		t.Errorf("%v, %+v", err, member)
	}
	for _, n := range []int{16, 17} {
		list, err := m.WorkspacesOf(org, userID(n), later, Page{})
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

func TestRoles(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org := orgID(1)
	h.do(t, domain.ArchiveRole{Meta: root(org), Key: "auditor"}, createRole(orgID(2), "auditor", 1))
	h.follow(t, m)
	var want []domain.CustomRole
	for _, role := range domain.BuiltInRoles() {
		want = append(want, domain.CustomRole{Role: role})
	}
	auditor, lead := *h.state.CustomRole(org, "auditor"), *h.state.CustomRole(org, "lead")
	for filter, want := range map[RoleFilter][]domain.CustomRole{
		{}:             append(slices.Clone(want), auditor, lead),
		{ArchivedNot}:  append(slices.Clone(want), lead),
		{ArchivedOnly}: {auditor},
	} {
		for size := 1; size <= 4; size++ {
			got := collect(t, size, func(p Page) (List[domain.CustomRole], error) { return m.Roles(org, filter, p) })
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%+v in pages of %d:\n%s", filter, size, diff)
			}
		}
	}
	for _, role := range append(want, auditor, lead) {
		byKey, err1 := m.Role(org, role.Key)
		byID, err2 := m.RoleByID(org, role.ID)
		if diff := gocmp.Diff([]domain.CustomRole{role, role}, []domain.CustomRole{byKey, byID}); diff != "" || err1 != nil || err2 != nil {
			t.Errorf("%v, %v\n%s", err1, err2, diff)
		}
	}
	for _, err := range []error{
		second(m.Role(org, "nobody")), second(m.Role(orgID(2), "lead")), second(m.RoleByID(org, domain.RoleID{9})),
		second(m.RoleByID(orgID(2), lead.ID)), second(m.Roles(orgID(9), RoleFilter{}, Page{})), second(m.Permissions(orgID(9), Page{})),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	h.do(t, addMemberWith(org, wsID(2), 30, domain.RoleViewer, "zebra.feed", "apples.eat"), addMemberWith(org, wsID(2), 31, domain.RoleViewer, "gone.again"),
		removeMember(org, wsID(2), 31))
	h.follow(t, m)
	for size := 1; size <= 4; size++ {
		got := collect(t, size, func(p Page) (List[domain.Permission], error) { return m.Permissions(org, p) })
		if diff := gocmp.Diff([]domain.Permission{
			"apples.eat", "content.edit", "members.manage", "members.view", "reports.export", "reports.view",
			"workspace.manage", "workspace.own", "workspace.view", "zebra.feed",
		}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// The rows of the built-in roles are part of the schema.
func TestBuiltInRoles(t *testing.T) {
	t.Parallel()
	m := empty(t, 1)
	tables, err := m.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	text, err := tables["roles"].MarshalText()
	if got, want := string(text), "be7c57ed968ac8c3822d771b2568ca83a3633f8e030e62d04c65bdf43ffcc0b6"; got != want || err != nil {
		t.Errorf("the built-in roles are not those of schema %d any more: raise it, and write %s here", schemaNumber, got)
	}
	for i, role := range domain.BuiltInRoles() {
		if key, ok := builtInKey(role.Key); !ok || key != int64(i)+1 {
			t.Errorf("%s has key %d", role.Key, key)
		}
	}
	// What statements say in so many words.
	owner, _ := builtInKey(domain.RoleOwner)
	admin, _ := builtInKey(domain.RoleAdmin)
	if owner != 1 || admin != 2 || MaxPartitions != 1024 {
		t.Errorf("owner %d, admin %d, %d", owner, admin, MaxPartitions)
	}
}
