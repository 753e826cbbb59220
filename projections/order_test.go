package projections

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// town is an organization of many people with few names. Every third of them is a
// member of workspace 1. The members of workspace 2 come last by their addresses, and
// workspace 3 has few members.
func town(t *testing.T, people int) (*history, *ReadModels) {
	t.Helper()
	h := newHistory(4)
	org := orgID(1)
	h.do(t, createOrganization(org, 1))
	for n := range 3 {
		h.do(t, createWorkspace(org, wsID(n+1), 1))
	}
	h.do(t, createRole(org, "auditor", 25), createRole(org, "chief", 25))
	roles := []domain.RoleKey{domain.RoleEditor, "chief", domain.RoleClient, "auditor", domain.RoleViewer}
	var batch []domain.Command
	add := func(n, ws int) {
		batch = append(batch, addMember(org, wsID(ws), n, roles[n%len(roles)]))
	}
	for i := range people {
		n := 2 + i
		scattered := n * 7919 % people
		if n%10 != 0 { // the others have no profile
			batch = append(batch, domain.SetProfile{Meta: root(org), User: userID(n), Profile: domain.ProfileFacts{
				Email: fmt.Sprintf("U%07d@example.com", scattered),
				Name:  domain.PersonName{First: fmt.Sprintf("Ä%d", scattered%7), Last: strings.Repeat("x", scattered%3)},
			}.Patch()})
		}
		if n%3 == 0 {
			add(n, 1)
		}
		if scattered > people*3/4 {
			add(n, 2)
		}
		if n%100 == 1 {
			add(n, 3)
		}
		if len(batch) > 1000 || i == people-1 {
			if err := h.try(batch...); err != nil {
				t.Fatal(err)
			}
			batch = nil
		}
	}
	return h, h.models(t)
}

// In every order and with every filter, the pages together are the whole list in that
// order, in small workspaces and in workspaces that are larger than a window.
func TestOrders(t *testing.T) {
	t.Parallel()
	h, m := town(t, 6*window)
	s, org := &h.state, orgID(1)
	level := func(m *domain.Membership) domain.Level { return roleOf(s, *m).Level }
	made := make(map[domain.RoleKey]uint64) // when the role came to be
	for _, key := range []domain.RoleKey{"auditor", "chief"} {
		made[key] = s.CustomRole(org, key).Version
	}
	facts := func(m *domain.Membership) (f domain.ProfileFacts) {
		if p := s.Profile(org, m.User); p != nil {
			f = p.ProfileFacts
		}
		return f
	}
	// Nobody is mentioned before their profile is set or they become a member, so
	// people come in the order of their numbers, as members do.
	heard := make(map[domain.UserID]int)
	for n := range 6*window + 2 {
		heard[userID(n)] = n
	}
	compare := map[Order]func(a, b *domain.Membership) int{
		OrderCreated: func(a, b *domain.Membership) int { return cmp.Compare(heard[a.User], heard[b.User]) },
		OrderEmail: func(a, b *domain.Membership) int {
			return cmp.Or(cmp.Compare(foldEmail(facts(a)), foldEmail(facts(b))), cmp.Compare(heard[a.User], heard[b.User]))
		},
		OrderName: func(a, b *domain.Membership) int {
			return cmp.Or(cmp.Compare(foldName(facts(a)), foldName(facts(b))), cmp.Compare(heard[a.User], heard[b.User]))
		},
		OrderRole: func(a, b *domain.Membership) int {
			return cmp.Or(cmp.Compare(level(a), level(b)), cmp.Compare(made[a.Role], made[b.Role]), cmp.Compare(heard[a.User], heard[b.User]))
		},
	}
	for ws, least := range map[int]int{1: window, 2: window, 3: 10} {
		var members []*domain.Membership
		s.Each(func(_ domain.Key, p domain.Part) {
			if m, ok := p.(*domain.Membership); ok && m.Workspace == wsID(ws) {
				members = append(members, m)
			}
		})
		if len(members) < least {
			t.Fatalf("only %d members", len(members))
		}
		for order, compare := range compare {
			slices.SortFunc(members, compare)
			for _, filter := range []MemberFilter{{}, {Role: "auditor"}, {Query: "ä3"}, {Query: "nobody"}, {Role: domain.RoleEditor, Query: "u00"}} {
				var want []domain.UserID
				for _, m := range members {
					if (filter.Role == "" || filter.Role == m.Role) &&
						(filter.Query == "" || searches(facts(m), filter.Query)) {
						want = append(want, m.User)
					}
				}
				for _, down := range []bool{false, true} {
					if filter.Order = order; down {
						filter.Order = "-" + order
						slices.Reverse(want)
					}
					list := collect(t, 150, func(p Page) (List[Member], error) { return listMembers(m, wsID(ws), filter, later, p) })
					got := users(List[Member]{Items: list}, func(m Member) domain.UserID { return m.User }).Items
					if !slices.Equal(want, got) {
						t.Errorf("workspace %d, %+v: %d shown, %d wanted, in order: %t", ws, filter, len(got), len(want),
							slices.IsSortedFunc(got, func(a, b domain.UserID) int { return slices.Index(want, a) - slices.Index(want, b) }))
					}
				}
			}
		}
	}
	for _, query := range []string{"ä3", "u00", "x", "nobody"} {
		requireSearch(t, h, m, query)
	}
}

// Lists of the organization's people have the same orders, except by role.
func TestPeopleOrders(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org := orgID(1)
	h.do(t, putOrganizationMember(org, 12, domain.OrganizationPlain), putOrganizationMember(org, 3, domain.OrganizationPlain))
	h.follow(t, m)
	for _, c := range []struct {
		order          Order
		users, members []int
	}{
		{OrderCreated, []int{1, 2, 3, 4, 5, 11, 12, 14, 16, 19}, []int{1, 2, 3, 4, 6, 12, 17, 18}},
		{OrderEmail, []int{2, 11, 12, 14, 16, 19, 1, 3, 4, 5}, []int{6, 17, 18, 2, 12, 1, 3, 4}},
		{OrderName, []int{1, 11, 12, 14, 16, 19, 3, 4, 5, 2}, []int{6, 17, 18, 1, 12, 3, 4, 2}},
	} {
		for _, down := range []bool{false, true} {
			if down {
				c.order = "-" + c.order
				slices.Reverse(c.users)
				slices.Reverse(c.members)
			}
			for size := 1; size <= 5; size += 2 {
				all := collect(t, size, func(p Page) (List[domain.Profile], error) {
					return m.Users(context.Background(), org, UserFilter{Order: c.order}, p)
				})
				got := numbers(users(List[domain.Profile]{Items: all}, func(p domain.Profile) domain.UserID { return p.User }))
				if diff := gocmp.Diff(c.users, got); diff != "" {
					t.Errorf("users by %q:\n%s", c.order, diff)
				}
				members := collect(t, size, func(p Page) (List[OrganizationMember], error) {
					return m.OrganizationMembers(context.Background(), org, OrganizationMemberFilter{Order: c.order}, p)
				})
				got = numbers(users(List[OrganizationMember]{Items: members}, func(m OrganizationMember) domain.UserID { return m.User }))
				if diff := gocmp.Diff(c.members, got); diff != "" {
					t.Errorf("members by %q:\n%s", c.order, diff)
				}
			}
		}
	}
	found, err := m.Users(context.Background(), org, UserFilter{Query: "FIRST1 L"}, Page{})
	if err != nil || len(found.Items) != 1 || found.Items[0].User != userID(1) {
		t.Errorf("%v, %+v", err, found.Items)
	}
	admins, err := m.OrganizationMembers(context.Background(), org, OrganizationMemberFilter{Role: domain.OrganizationAdmin, Query: "user"}, Page{})
	if err != nil || len(admins.Items) != 1 || admins.Items[0].User != userID(4) {
		t.Errorf("%v, %+v", err, admins.Items)
	}
}
