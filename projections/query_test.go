package projections

import (
	"context"
	"errors"
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

var orders = []Order{
	"", OrderCreated, OrderNewest, OrderEmail, OrderEmailDown, OrderName, OrderNameDown, OrderRole, OrderRoleDown,
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
			_, err := m.OrganizationMembers(context.Background(), orgID(9), OrganizationMemberFilter{}, Page{})
			return err
		},
		"User":             func() error { _, err := m.User(org, userID(6)); return err },
		"User another":     func() error { _, err := m.User(orgID(2), user); return err },
		"Users":            func() error { _, err := m.Users(context.Background(), orgID(9), UserFilter{}, Page{}); return err },
		"Workspace":        func() error { _, err := m.Workspace(wsID(9)); return err },
		"Workspaces":       func() error { _, err := m.Workspaces(context.Background(), orgID(9), Page{}); return err },
		"Member inherited": func() error { _, err := m.Member(ws, userID(2), later); return err },
		"Member removed":   func() error { _, err := m.Member(ws, userID(5), later); return err },
		"Member nowhere":   func() error { _, err := m.Member(wsID(9), user, later); return err },
		"Membership":       func() error { _, err := m.Membership(domain.MembershipID{9}, later); return err },
		"Members":          func() error { _, err := listMembers(m, wsID(9), MemberFilter{}, later, Page{}); return err },
		"MembersBehind":    func() error { _, err := membersBehind(m, ws, domain.MembershipID{9}); return err },
		"MembersBehind another": func() error {
			_, err := membersBehind(m, wsID(4), membershipID(ws, user))
			return err
		},
		"Check":            func() error { _, err := m.Check(wsID(9), user, later); return err },
		"AccessOf removed": func() error { _, err := m.AccessOf(ws, userID(5), later); return err },
		"AccessOf nobody":  func() error { _, err := m.AccessOf(ws, userID(99), later); return err },
		"AccessOf another": func() error { _, err := m.AccessOf(wsID(4), user, later); return err },
		"AccessList":       func() error { _, err := listAccess(m, wsID(9), AccessFilter{}, later, Page{}); return err },
		"WorkspacesOf": func() error {
			_, err := m.WorkspacesOf(context.Background(), orgID(9), user, later, Page{})
			return err
		},
		"Authorizer":           func() error { _, err := m.Authorizer(org, domain.TokenID{9}, later); return err },
		"Authorizer another":   func() error { _, err := m.Authorizer(orgID(2), domain.TokenID{2}, later); return err },
		"Authorizer unbound":   func() error { _, err := m.Authorizer(org, domain.TokenID{1}, later); return err },
		"Token another":        func() error { _, err := m.Token(orgID(2), domain.TokenID{1}); return err },
		"TokenBySecret":        func() error { _, err := m.TokenBySecret(domain.Hash{9}); return err },
		"Subscription another": func() error { _, err := m.Subscription(orgID(2), webhook(1).ID); return err },
		"Subscription deleted": func() error { _, err := m.Subscription(org, webhook(3).ID); return err },
		"AnySubscription":      func() error { _, err := m.AnySubscription(webhook(9).ID); return err },
		"Review another":       func() error { _, err := m.Review(orgID(2), review(2).ID); return err },
		"Review":               func() error { _, err := m.Review(org, review(3).ID); return err },
		"Reviews":              func() error { _, err := m.Reviews(context.Background(), orgID(9), ReviewFilter{}, Page{}); return err },
		"Subscriptions":        func() error { _, err := m.Subscriptions(context.Background(), orgID(9), Page{}); return err },
		"Tokens":               func() error { _, err := m.Tokens(context.Background(), orgID(9), Page{}); return err },
	} {
		if err := f(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Point reads return what the state holds.
func TestRows(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	s, org, ws := &h.state, orgID(1), wsID(1)
	same := func(name string, want, got any, err error) {
		t.Helper()
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
	o, err := m.Organization(org)
	same("Organization", *s.Organization(org), o, err)
	om, err := m.OrganizationMember(org, userID(2))
	same("OrganizationMember", OrganizationMember{*s.OrganizationMember(org, userID(2)), shownProfile(s, org, userID(2))}, om, err)
	om, err = m.OrganizationMember(org, userID(6))
	same("OrganizationMember without profile", OrganizationMember{*s.OrganizationMember(org, userID(6)), nil}, om, err)
	u, err := m.User(org, userID(2))
	same("User", *shownProfile(s, org, userID(2)), u, err)
	w, err := m.Workspace(wsID(3))
	same("Workspace", *s.Workspace(wsID(3)), w, err)
	editor, _ := domain.BuiltInRole(domain.RoleEditor)
	member, err := m.Member(ws, userID(3), later)
	same("Member", Member{*s.Membership(ws, userID(3)), editor, shownProfile(s, org, userID(3))}, member, err)
	member, err = m.Membership(membershipID(ws, userID(5)), later)
	client, _ := domain.BuiltInRole(domain.RoleClient)
	same("Membership", Member{*s.Membership(ws, userID(5)), client, shownProfile(s, org, userID(5))}, member, err)
	for n := byte(1); n <= 2; n++ {
		want := *s.Token(org, domain.TokenID{n})
		token, err := m.TokenBySecret(domain.Hash{n})
		same("TokenBySecret", want, token, err)
		token, err = m.Token(org, domain.TokenID{n})
		same("Token", want, token, err)
	}
}

// Subscriptions are found by their id, and those that have changed are told once.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	org := orgID(1)
	for n := byte(1); n <= 3; n++ {
		found, err := m.AnySubscription(webhook(n).ID)
		if diff := gocmp.Diff(*h.state.Subscription(org, webhook(n).ID), found); diff != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	}
	var all []domain.SubscriptionID
	if err := m.EachSubscription(t.Context(), func(c domain.Subscription) { all = append(all, c.ID) }); err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
	m.ChangedSubscriptions()
	_, more := m.ChangedSubscriptions()
	h.do(t, domain.PauseSubscription{Meta: root(org), ID: webhook(2).ID}, domain.ResumeSubscription{Meta: root(org), ID: webhook(2).ID})
	h.follow(t, m)
	<-more
	if ids, more := m.ChangedSubscriptions(); len(ids) != 1 || ids[0] != webhook(2).ID {
		t.Errorf("changed: %v", ids)
	} else if ids, _ := m.ChangedSubscriptions(); len(ids) != 0 {
		t.Errorf("once more: %v", ids)
	} else if err := m.Close(); err != nil {
		t.Error(err)
	} else {
		<-more
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	s, org, ws := &h.state, orgID(1), wsID(1)
	for size := 1; size <= 5; size += 2 {
		same := func(name string, want, got any) {
			t.Helper()
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s in pages of %d (-want +got):\n%s", name, size, diff)
			}
		}
		same("Organizations", []domain.Organization{*s.Organization(org), *s.Organization(orgID(2))}, collect(t, size, func(p Page) (List[domain.Organization], error) { return m.Organizations(context.Background(), p) }))
		same("Users", []domain.Profile{
			*shownProfile(s, org, userID(1)), *shownProfile(s, org, userID(2)), *shownProfile(s, org, userID(3)),
			*shownProfile(s, org, userID(4)), *shownProfile(s, org, userID(5)),
		}, collect(t, size, func(p Page) (List[domain.Profile], error) { return m.Users(context.Background(), org, UserFilter{}, p) }))
		var members []OrganizationMember
		for _, n := range []int{1, 2, 4, 6} {
			members = append(members, OrganizationMember{*s.OrganizationMember(org, userID(n)), shownProfile(s, org, userID(n))})
		}
		same("OrganizationMembers", members, collect(t, size, func(p Page) (List[OrganizationMember], error) {
			return m.OrganizationMembers(context.Background(), org, OrganizationMemberFilter{}, p)
		}))
		same("Workspaces", []domain.Workspace{*s.Workspace(ws), *s.Workspace(wsID(2)), *s.Workspace(wsID(3))},
			collect(t, size, func(p Page) (List[domain.Workspace], error) { return m.Workspaces(context.Background(), org, p) }))
		same("Tokens", []domain.Token{*s.Token(org, domain.TokenID{1}), *s.Token(org, domain.TokenID{2})},
			collect(t, size, func(p Page) (List[domain.Token], error) { return m.Tokens(context.Background(), org, p) }))
		same("Subscriptions", []domain.Subscription{*s.Subscription(org, webhook(1).ID), *s.Subscription(org, webhook(2).ID)},
			collect(t, size, func(p Page) (List[domain.Subscription], error) {
				return m.Subscriptions(context.Background(), org, p)
			}))
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
			members := collect(t, size, func(p Page) (List[Member], error) { return listMembers(m, ws, c.filter, later, p) })
			same(fmt.Sprintf("Members %+v", c.filter), c.want, numbers(users(List[Member]{Items: members}, func(m Member) domain.UserID { return m.User })))
			for _, member := range members {
				same("Members", Member{*s.Membership(ws, member.User), roleOf(s, member.Membership), shownProfile(s, org, member.User)}, member)
			}
		}
	}
	list, err := listMembers(m, ws, MemberFilter{}, later, Page{})
	if err != nil || len(list.Items) != 4 || list.Next != "" {
		t.Errorf("%v, %d items, next %q", err, len(list.Items), list.Next)
	}
	// A list goes on behind whoever is or was in it.
	for behind, want := range map[int][]int{1: {3, 4, 6}, 4: {6}, 5: {6}, 6: nil} {
		after, err := membersBehind(m, ws, membershipID(ws, userID(behind)))
		if err != nil {
			t.Fatal(err)
		}
		list, err := listMembers(m, ws, MemberFilter{}, later, Page{After: after})
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, numbers(users(list, func(m Member) domain.UserID { return m.User }))); diff != "" {
			t.Errorf("behind %d (-want +got):\n%s", behind, diff)
		}
	}
}

// numbers returns the n of each userID(n).
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

// roleOf returns the membership's role as the state has it.
func roleOf(s *domain.State, m domain.Membership) domain.Role {
	role, _ := s.Role(m.Organization, m.Role)
	return role
}
