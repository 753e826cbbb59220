package projections

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// covers reports whether a period of the access includes the moment right after the event.
func covers(periods []AccessPeriod, ws domain.WorkspaceID, at Moment, times map[uint64]time.Time) bool {
	return slices.ContainsFunc(periods, func(p AccessPeriod) bool {
		if p.Workspace != ws || p.Since.Number > at.Position.Number {
			return false
		}
		if p.Ended() && p.Until.Number > 0 && times[p.Until.Number].Equal(p.Until.Time) {
			return p.Until.Number > at.Position.Number
		}
		return !p.Ended() || p.Until.Time.After(at.Time)
	})
}

// After random commands, the periods of everybody's access include exactly those moments at which
// the state up to them gives the access.
func TestAccessPeriods(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "muster")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		h := newHistory(1)
		m := &ReadModels{history: openHistory(Options{Dir: dir, Partitions: 1})}
		defer m.history.close() //nolint:errcheck // a temporary directory
		org := orgID(1)
		workspaces := []domain.WorkspaceID{{}, wsID(int(org[0])), wsID(1<<8 | int(org[0]))}
		for _, c := range []domain.Command{createOrganization(org, 1), createWorkspace(org, workspaces[1], 1)} {
			if err := h.try(c); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "messages") {
			var commands []domain.Command
			for range rapid.IntRange(1, 4).Draw(t, "commands") {
				commands = append(commands, drawCommand(t, h, org))
			}
			_ = h.try(commands...) // what is refused leaves no trace
		}
		if err := m.history.catchUp(context.Background(), h.replay(nil)); err != nil {
			t.Fatal(err)
		}
		to := Moment{wire.Position{Number: rapid.Uint64Range(1, h.tips[0].Number).Draw(t, "to")}, time.Time{}}
		times := make(map[uint64]time.Time)
		for _, message := range h.messages {
			for _, e := range message.Entries {
				times[e.Number] = e.Time
			}
		}
		to.Time = times[to.Position.Number]
		periods := make(map[domain.UserID][]AccessPeriod)
		for n := range 5 {
			found, err := m.AccessPeriods(context.Background(), to, org, userID(n))
			if err != nil && err != ErrNotFound { //nolint:errorlint // it is returned as it is
				t.Fatal(err)
			}
			periods[userID(n)] = found
			for i := 1; i < len(found); i++ {
				if a, b := found[i-1], found[i]; a.Workspace == b.Workspace && (!a.Ended() || b.Since.Number <= a.Until.Number || b.Since.Time.Before(a.Until.Time)) {
					t.Fatalf("the user %d: %+v is not before %+v", n, a, b)
				}
			}
		}
		var state domain.State
		for _, message := range h.messages {
			for _, e := range message.Entries {
				domain.Evolve(&state, &e.Recorded)
				at := Moment{wire.Position{Number: e.Number}, e.Time}
				if e.Number > to.Position.Number {
					return
				}
				for user, found := range periods {
					member := state.OrganizationMember(org, user)
					suspended := member != nil && !member.SuspendedAt.IsZero()
					for _, ws := range workspaces {
						want := member.Present()
						if !ws.IsZero() {
							is := state.Membership(ws, user).StateAt(at.Time)
							want = is == domain.MembershipActive || is == domain.MembershipInvited
						}
						if want = want && !suspended; covers(found, ws, at, times) != want {
							t.Fatalf("the access of %s to %s as of %d is %t: %+v", user, ws, e.Number, want, found)
						}
					}
				}
			}
		}
	})
}

// A period says what its end was.
func TestEndsOfAccess(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	m := &ReadModels{history: openHistory(Options{Dir: t.TempDir(), Partitions: 1})}
	defer m.history.close() //nolint:errcheck // a temporary directory
	org, ws, other := orgID(1), wsID(1), wsID(2)
	h.do(t, createOrganization(org, 9), createWorkspace(org, ws, 9), createWorkspace(org, other, 9))
	end := h.now.Add(time.Second).Truncate(time.Millisecond)
	h.do(t, putOrganizationMember(org, 1, domain.OrganizationPlain), addMember(org, ws, 1, domain.RoleEditor), addMemberUntil(org, other, 1, domain.RoleViewer, end))
	added := h.tips[0].Number
	h.do(t, changeRole(org, ws, 1, domain.RoleAdmin))
	h.do(t, domain.SuspendOrganizationMember{Meta: root(org), User: userID(1)})
	suspended := h.tips[0].Number
	h.do(t, domain.ReinstateOrganizationMember{Meta: root(org), User: userID(1)})
	h.do(t, removeMember(org, ws, 1))
	removed := h.tips[0].Number
	h.now = end.Add(time.Second)
	if err := m.history.catchUp(context.Background(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	check := func(at time.Time, want ...AccessPeriod) {
		t.Helper()
		found, err := m.AccessPeriods(context.Background(), Moment{wire.Position{Number: h.tips[0].Number}, at}, org, userID(1))
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			found[i].Since.Time = time.Time{}
			if found[i].Until.Number > 0 && !found[i].Until.Time.Equal(end) {
				found[i].Until.Time = time.Time{}
			}
		}
		if !slices.Equal(found, want) {
			t.Errorf("got  %+v\nwant %+v", found, want)
		}
	}
	is := func(ws domain.WorkspaceID, role string, since, until uint64) AccessPeriod {
		return AccessPeriod{Workspace: ws, Role: role, Since: Boundary{Number: since}, Until: Boundary{Number: until}}
	}
	rest := []AccessPeriod{
		is(domain.WorkspaceID{}, "member", added-2, suspended), is(domain.WorkspaceID{}, "member", suspended+1, 0),
		is(ws, "admin", added-1, suspended), is(ws, "admin", suspended+1, removed), is(other, "viewer", added, suspended),
	}
	check(end.Add(-time.Millisecond), append(rest, is(other, "viewer", suspended+1, 0))...)
	expired := is(other, "viewer", suspended+1, 0)
	expired.Until.Time = end
	check(end, append(rest, expired)...)
	h.do(t, domain.ExpireMember{Meta: muster(org), Workspace: other, User: userID(1)})
	if err := m.history.catchUp(context.Background(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	expired.Until.Number = h.tips[0].Number
	check(h.now, append(rest, expired)...)
	if _, err := m.AccessPeriods(context.Background(), Moment{wire.Position{Number: added}, h.now}, org, userID(77)); err != ErrNotFound { //nolint:errorlint // it is returned as it is
		t.Errorf("an unknown user: %v", err)
	}
}

// An address is that of whoever had it at the moment that counts, even if somebody else has it now.
func TestWhoHadEmail(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	m := &ReadModels{history: openHistory(Options{Dir: t.TempDir(), Partitions: 1})}
	defer m.history.close() //nolint:errcheck // a temporary directory
	org := orgID(1)
	h.do(t, createOrganization(org, 9))
	has := func(n int, email string) uint64 {
		h.do(t, domain.SetProfile{Meta: root(org), User: userID(n), Profile: domain.ProfileFacts{Email: email}.Patch()})
		return h.tips[0].Number
	}
	first := has(1, "desk@example.com")
	gone := has(1, "former@example.com")
	second := has(2, "Desk@example.com")
	if err := m.history.catchUp(context.Background(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		email string
		when  uint64
		want  int
	}{
		{"desk@example.com", first, 1},
		{"DESK@example.com", gone, 2}, // nobody had it: whoever had it last
		{"desk@example.com", second, 2},
		{"former@example.com", first, 1},
	} {
		found, err := m.WhoHadEmail(context.Background(), wire.Position{Number: second}, org, c.email, func() (uint64, error) { return c.when, nil })
		if err != nil || !slices.Equal(found, []domain.UserID{userID(c.want)}) {
			t.Errorf("%s at %d: %v, %v", c.email, c.when, found, err)
		}
	}
	found, err := m.WhoHadEmail(context.Background(), wire.Position{Number: second}, org, "nobody@example.com", nil)
	if err != nil || found != nil {
		t.Errorf("nobody: %v, %v", found, err)
	}
	found, err = m.WhoHadEmail(context.Background(), wire.Position{Number: first}, org, "desk@example.com", nil)
	if err != nil || !slices.Equal(found, []domain.UserID{userID(1)}) {
		t.Errorf("as of the first: %v, %v", found, err)
	}
}
