package projections

import (
	"errors"
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

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
				list := collect(t, size, func(p Page) (List[Member], error) { return listMembers(m, ws, c.filter, at, p) })
				got := numbers(users(List[Member]{Items: list}, func(m Member) domain.UserID { return m.User }))
				if diff := gocmp.Diff(c.want[at], got); diff != "" {
					t.Errorf("%+v at %v in pages of %d:\n%s", c.filter, at, size, diff)
				}
				for _, member := range list {
					of := *s.Membership(ws, member.User)
					of.State, of.Invitation.Secret = of.StateAt(at), domain.Hash{}
					if diff := gocmp.Diff(Member{of, roleOf(s, of), shownProfile(s, org, member.User)}, member); diff != "" {
						t.Errorf("%+v:\n%s", c.filter, diff)
					}
				}
				if n, err := sizeOfMembers(m, ws, c.filter, at); err != nil || n != len(c.want[at]) {
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
