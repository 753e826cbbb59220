package projections

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// expire records that the memberships have ended.
func (h *history) expire(t *testing.T, org domain.OrganizationID, ws domain.WorkspaceID, users ...int) {
	t.Helper()
	h.now = soon
	for _, n := range users {
		h.do(t, domain.ExpireMember{Meta: muster(org), Workspace: ws, User: userID(n)})
	}
}

// A membership with an end is over at that instant in every query. The event that
// records it later changes nothing that is shown.
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
		all, err := listAccess(m, ws, AccessFilter{}, at, Page{Size: 100})
		must(err)
		v.listed = slices.ContainsFunc(all.Items, of)
		v.accessCount, err = sizeOfAccess(m, ws, AccessFilter{}, at)
		if must(err); v.accessCount != len(all.Items) {
			t.Errorf("at %v %d have access, and %d are counted", at, len(all.Items), v.accessCount)
		}
		reached, err := m.WorkspacesOf(context.Background(), org, user, at, Page{})
		must(err)
		v.reaches = len(reached.Items) > 0
		shows := func(f MemberFilter) (bool, int) {
			list, err := listMembers(m, ws, f, at, Page{Size: 100})
			must(err)
			count, err := sizeOfMembers(m, ws, f, at)
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
	if list, err := m.readPart(domain.OwnersKey(ws)); err != nil || len(list.(*domain.Owners).Users) != 1 {
		t.Errorf("an owner whose membership ends counts: %+v, %v", list, err)
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
		got, err := m.Ended(context.Background(), h.partition(org), at, limit)
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
	bad := h.messages[len(h.messages)-1]
	bad.Sequence++
	if err := m.Apply(bad); !errors.Is(err, ErrGap) {
		t.Fatal(err)
	}
	if err := m.Commit(); err != nil {
		t.Fatal(err)
	}
	if after, _ := m.NextEnd(); !after.Equal(before) {
		t.Errorf("the next end is %v", after)
	}
	// Nor does what is not committed.
	if err := m.Apply(h.messages[len(h.messages)-1]); err != nil {
		t.Fatal(err)
	}
	if after, _ := m.NextEnd(); !after.Equal(before) {
		t.Errorf("the next end is %v", after)
	}
	if err := m.Commit(); err != nil {
		t.Fatal(err)
	}
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
