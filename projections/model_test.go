package projections

import (
	"context"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// modelGrants returns the grants that the user has in the workspace according to the
// state, without their events.
func modelGrants(s *domain.State, ws *domain.Workspace, user domain.UserID, at time.Time) (grants []Grant) {
	inOrganization, member := s.OrganizationMember(ws.Organization, user), s.Membership(ws.ID, user)
	if inOrganization != nil && !inOrganization.SuspendedAt.IsZero() {
		return nil
	}
	if member.StateAt(at) == domain.MembershipActive {
		role := roleOf(s, *member)
		grant := Grant{Source: SourceDirect, Role: role, Permissions: role.Permissions, Membership: member.ID}
		if member.Permissions != nil {
			grant.Permissions, grant.Own = member.Permissions, true
		}
		grants = append(grants, grant)
	}
	if inOrganization != nil {
		if key, ok := inOrganization.Role.Inherited(); ok {
			role, _ := domain.BuiltInRole(key)
			grants = append(grants, Grant{Source: SourceOrganization, Role: role, Permissions: role.Permissions})
		}
	}
	slices.SortStableFunc(grants, func(a, b Grant) int { return int(b.Role.Level - a.Role.Level) })
	return grants
}

// compareAccess demands that every query about access agrees with the state at some
// time about now, and that lists of members show the members that the state has.
func compareAccess(t *rapid.T, h *history, m *ReadModels) {
	at := h.now.Truncate(time.Millisecond).Add(time.Duration(rapid.IntRange(-3, 12).Draw(t, "asked at")) * time.Millisecond)
	filter := AccessFilter{
		Role:       rapid.SampledFrom([]domain.RoleKey{"", "", domain.RoleOwner, domain.RoleAdmin, "auditor", "chief", "nobody"}).Draw(t, "role filter"),
		Source:     rapid.SampledFrom([]Source{"", "", SourceDirect, SourceOrganization}).Draw(t, "source filter"),
		Permission: rapid.SampledFrom([]domain.Permission{"", "", "workspace.view", "members.manage", "reports.view"}).Draw(t, "permission filter"),
		Query:      rapid.SampledFrom([]string{"", "", "", "a", "b@EX", "zoë", "æ", "ç"}).Draw(t, "query"),
	}
	members := MemberFilter{
		State: rapid.SampledFrom([]domain.MembershipState{
			"", domain.MembershipInvited, domain.MembershipActive, domain.MembershipSuspended, domain.MembershipRemoved,
		}).Draw(t, "state filter"),
		Joined: rapid.IntRange(0, 3).Draw(t, "joined filter") == 0,
		Role:   filter.Role,
		Query:  filter.Query,
		Order:  rapid.SampledFrom(orders).Draw(t, "order"),
	}
	reached := make(map[domain.OrganizationID]map[domain.UserID]int)
	h.state.Each(func(_ domain.Key, p domain.Part) {
		ws, ok := p.(*domain.Workspace)
		if !ok {
			return
		}
		if reached[ws.Organization] == nil {
			reached[ws.Organization] = make(map[domain.UserID]int)
		}
		var listed, shown []domain.UserID
		for n := 1; n <= 5; n++ {
			user := userID(n)
			profile := h.state.Profile(ws.Organization, user)
			found := filter.Query == "" || profile != nil && searches(profile.ProfileFacts, filter.Query)
			want := modelGrants(&h.state, ws, user, at)
			access, err := m.Check(ws.ID, user, at)
			if err != nil {
				t.Fatal(err)
			}
			var got []Grant
			for _, g := range access.Grants {
				if want := (wire.Position{Partition: h.partition(ws.Organization), Number: h.number(g.Event)}); g.Position != want {
					t.Fatalf("the event of %+v is %s", g, want)
				}
				g.Since, g.Event, g.Position = time.Time{}, domain.EventID{}, wire.Position{}
				got = append(got, g)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("workspace %s, user %d at %v (-state +Check):\n%s", ws.ID, n, at, diff)
			}
			permits := make(map[domain.Permission]bool) // by any grant
			for _, g := range want {
				for _, p := range g.Permissions {
					permits[p] = true
				}
			}
			if len(access.Permissions) != len(permits) || slices.ContainsFunc(access.Permissions, func(p domain.Permission) bool { return !permits[p] }) {
				t.Fatalf("workspace %s, user %d at %v may %v, want %v", ws.ID, n, at, access.Permissions, permits)
			}
			if len(want) > 0 {
				reached[ws.Organization][user]++
				if found && passes(filter, want) {
					listed = append(listed, user)
				}
			}
			if member := h.state.Membership(ws.ID, user); member != nil && found && (members.Role == "" || members.Role == member.Role) {
				state := member.StateAt(at)
				if members.Joined && member.Joined || !members.Joined && (state == members.State || members.State == "" && state != domain.MembershipRemoved) {
					shown = append(shown, user)
				}
			}
		}
		list, err := listAccess(m, ws.ID, filter, at, Page{})
		requireUsers(t, filter, listed, users(list, func(a Access) domain.UserID { return a.User }), err)
		all, err := listMembers(m, ws.ID, members, at, Page{})
		requireUsers(t, members, shown, users(all, func(m Member) domain.UserID { return m.User }), err)
	})
	for org, users := range reached {
		for n := 1; n <= 5; n++ {
			list, err := m.WorkspacesOf(context.Background(), org, userID(n), at, Page{})
			if err != nil || len(list.Items) != users[userID(n)] {
				t.Fatalf("user %d reaches %d workspaces, not %d: %v", n, len(list.Items), users[userID(n)], err)
			}
		}
	}
}

func passes(f AccessFilter, grants []Grant) bool {
	return (f.Role == "" || grants[0].Role.Key == f.Role) &&
		(f.Permission == "" || slices.ContainsFunc(grants, func(g Grant) bool { return slices.Contains(g.Permissions, f.Permission) })) &&
		(f.Source == "" || slices.ContainsFunc(grants, func(g Grant) bool { return g.Source == f.Source }))
}

func requireUsers(t *rapid.T, filter any, want []domain.UserID, got List[domain.UserID], err error) {
	compare := domain.UserID.Compare
	slices.SortFunc(want, compare)
	slices.SortFunc(got.Items, compare)
	if !slices.Equal(want, got.Items) || err != nil {
		t.Fatalf("%+v: %v (-state +list)\n%s", filter, err, gocmp.Diff(want, got.Items))
	}
}

// shownProfile returns the user's profile as queries show it, without what only commands must
// know: how the log has it.
func shownProfile(s *domain.State, org domain.OrganizationID, user domain.UserID) *domain.Profile {
	p := s.Profile(org, user)
	if p == nil {
		return nil
	}
	shown := *p
	shown.Key, shown.InClear = domain.PersonalKeyID{}, false
	return &shown
}
