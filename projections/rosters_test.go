package projections

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

// checkRead is [ReadModels.Check] without rosters.
func (m *ReadModels) checkRead(ws domain.WorkspaceID, user domain.UserID, at time.Time) (Access, error) {
	r, a := grantRow{table: m.sources}, Access{Workspace: ws, User: user}
	err := m.read(func(c conn) error { return c.access(&a, &r, r.Dest(), m.sources.check, at) })
	return a, err
}

// checkHeld is [ReadModels.Check] with nothing but rosters.
func (m *ReadModels) checkHeld(ws domain.WorkspaceID, user domain.UserID, at time.Time) (a Access, held bool) {
	w, _ := m.facts.workspace(ws)
	r := grantRow{table: m.sources}
	a = Access{Organization: w.Organization, Workspace: ws, User: user}
	if held, _ = m.rosters.check(&w, user, at, &r); held {
		r.addTo(&a)
		r.table.addUp(&a)
	}
	return a, held
}

// warm checks the user's access until a roster can say it.
func warm(t testing.TB, m *ReadModels, ws domain.WorkspaceID, user domain.UserID) {
	t.Helper()
	for range 10 {
		for range 2 {
			if _, err := m.Check(ws, user, later); err != nil {
				t.Fatal(err)
			}
		}
		if _, held := m.checkHeld(ws, user, later); held {
			return
		}
	}
	t.Fatal("there is no roster after 20 checks")
}

// Rosters say at every moment what queries read, whatever has been applied but not
// committed, and whatever they have held before.
func TestRostersAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := newHistory(2)
		for n := range 2 {
			for _, c := range []domain.Command{createOrganization(orgID(n), 1), createWorkspace(orgID(n), wsID(n), 1)} {
				if err := h.try(c); err != nil {
					rt.Fatal(err)
				}
			}
		}
		m := h.models(t)
		defer m.Close() //nolint:errcheck // it is only read
		compare := func() {
			at := h.now.Truncate(time.Millisecond).Add(time.Duration(rapid.IntRange(-3, 12).Draw(rt, "asked at")) * time.Millisecond)
			h.state.Each(func(_ domain.Key, p domain.Part) {
				ws, ok := p.(*domain.Workspace)
				if !ok {
					return
				}
				for range rapid.IntRange(0, 3).Draw(rt, "checks") {
					for n := 1; n <= 5; n++ {
						want, err := m.checkRead(ws.ID, userID(n), at)
						if err != nil {
							return // it is not committed
						}
						got, err := m.Check(ws.ID, userID(n), at)
						if diff := gocmp.Diff(want, got); diff != "" || err != nil {
							rt.Fatalf("workspace %s, user %d, %v (-read +checked):\n%s", ws.ID, n, err, diff)
						}
					}
				}
			})
			for n := range 2 {
				size := rapid.IntRange(0, 3).Draw(rt, "page size")
				for user := 1; user <= 5 && size > 0; user++ {
					compareWorkspacesOf(rt, m, orgID(n), userID(user), at, size)
				}
			}
		}
		for range rapid.IntRange(1, 30).Draw(rt, "rounds") {
			from := len(h.messages)
			for range rapid.IntRange(0, 3).Draw(rt, "messages") {
				org := orgID(rapid.IntRange(0, 1).Draw(rt, "organization"))
				_ = h.try(drawCommand(rt, h, org))
			}
			for _, message := range h.messages[from:] {
				if err := m.Apply(message); err != nil {
					rt.Fatal(err)
				}
				compare()
			}
			switch rapid.IntRange(0, 5).Draw(rt, "then") {
			case 0: // it stays uncommitted
			case 1:
				_ = m.write(func(p *projector) error { p.lost = true; return nil }) // and is applied again
			default:
				if err := m.Commit(); err != nil {
					rt.Fatal(err)
				}
			}
			compare()
		}
	})
}

// While members come, change and go, no check shows less than what was committed before it
// began, or less than an earlier one.
func TestRostersAreFresh(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org, ws := orgID(1), wsID(1)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1), introduceMember(org, ws, 2, domain.RoleEditor), putOrganizationMember(org, 2, domain.OrganizationAdmin))
	m := h.models(t)
	warm(t, m, ws, userID(2))
	var done atomic.Bool
	var held, shown atomic.Uint64 // shown: the last change of user 2 that is committed
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			last := uint64(0)
			for !done.Load() {
				least := max(last, shown.Load())
				a, err := m.Check(ws, userID(2), later)
				if err != nil || len(a.Grants) == 0 {
					t.Errorf("%+v, %v", a, err)
					return
				}
				last = 0
				for _, g := range a.Grants {
					last = max(last, g.Position.Number)
				}
				if last < least {
					t.Errorf("the check shows %d, after %d", last, least)
					return
				}
				if _, ok := m.checkHeld(ws, userID(2), later); ok {
					held.Add(1)
				}
			}
		})
	}
	for n := range 300 {
		h.do(t, introduceMember(org, ws, 10+n, domain.RoleViewer))
		if n%3 == 0 {
			h.do(t, putOrganizationMember(org, 2, []domain.OrganizationRole{domain.OrganizationPlain, domain.OrganizationAdmin}[n/3%2]))
		}
		h.do(t, changeRole(org, ws, 2, []domain.RoleKey{domain.RoleViewer, domain.RoleEditor}[n%2]))
		h.follow(t, m)
		shown.Store(h.tips[0].Number)
		if n%10 == 0 {
			time.Sleep(time.Millisecond) // so that the readers hold it again
		}
	}
	done.Store(true)
	readers.Wait()
	if held.Load() == 0 {
		t.Error("no roster has answered")
	}
}

// A commit that fails leaves nothing in the rosters that it may have changed after all.
func TestRostersAfterAFailedCommit(t *testing.T) {
	t.Parallel()
	h, m, _ := uncommitted(t)
	ws := wsID(1)
	warm(t, m, ws, userID(1))
	if _, held := m.checkHeld(ws, userID(2), later); !held {
		t.Fatal("there is no roster")
	}
	// The transaction is committed, and its end is not noted, as if that had failed.
	if err := m.write(func(p *projector) error {
		p.rosters.begin(p.changes)
		_, err := p.Exec("COMMIT")
		p.lost = true
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if a, err := m.Check(ws, userID(2), later); err != nil || len(a.Grants) != 1 {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	h.do(t, changeRole(orgID(1), ws, 2, domain.RoleViewer))
	if err := m.applyAll(h.messages[len(h.messages)-1:]); err != nil {
		t.Fatal(err)
	}
	warm(t, m, ws, userID(2))
	if a, _ := m.checkHeld(ws, userID(2), later); a.Role.Key != domain.RoleViewer {
		t.Errorf("the role is %s", a.Role.Key)
	}
}

// What concerns an organization as a whole takes effect in rosters of all its workspaces.
func TestRostersForgetOrganizations(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org := orgID(1)
	h.do(t,
		createOrganization(org, 1), createWorkspace(org, wsID(1), 1), createWorkspace(org, wsID(2), 1),
		createRole(org, "lead", 25, "content.edit"), introduceMember(org, wsID(1), 2, "lead"), addMember(org, wsID(2), 2, domain.RoleViewer),
	)
	m := h.models(t)
	ending := removeOrganizationMember(org, 2).(domain.RemoveOrganizationMember)
	ending.AtOnce = 1 // so that one event ends both memberships
	for _, c := range []domain.Command{
		domain.UpdateRole{Meta: root(org), Key: "lead", Permissions: &[]domain.Permission{"reports.sign"}},
		domain.ArchiveRole{Meta: root(org), Key: "lead"},
		putOrganizationMember(org, 2, domain.OrganizationPlain),
		putOrganizationMember(org, 2, domain.OrganizationAdmin),
		putOrganizationMember(org, 3, domain.OrganizationOwner),
		domain.SuspendOrganizationMember{Meta: root(org), User: userID(2)},
		domain.ReinstateOrganizationMember{Meta: root(org), User: userID(2)},
		ending,
	} {
		for n := 1; n <= 2; n++ {
			warm(t, m, wsID(n), userID(1))
		}
		h.do(t, c)
		h.follow(t, m)
		for range 3 {
			for ws := 1; ws <= 2; ws++ {
				for user := 1; user <= 4; user++ {
					want, err := m.checkRead(wsID(ws), userID(user), later)
					if err != nil {
						t.Fatal(err)
					}
					got, err := m.Check(wsID(ws), userID(user), later)
					if diff := gocmp.Diff(want, got); diff != "" || err != nil {
						t.Errorf("after %T, workspace %d, user %d, %v (-read +checked):\n%s", c, ws, user, err, diff)
					}
				}
			}
		}
	}
}

// However many workspaces are checked, and however many members they have, rosters hold a
// bounded number of rows, and what they do not hold is read.
func TestRostersAreBounded(t *testing.T) {
	t.Parallel()
	m := benchmarkHistory().models(t)
	m.rosters.most = 2500*2 + 600
	for range 5 {
		for o := 1; o <= 4; o++ {
			for w := range 25 {
				user := userID(o*1_000_000 + w*10_000 + 40)
				if a, err := m.Check(wsID(o<<8|w), user, later); err != nil || len(a.Grants) != 1 {
					t.Fatalf("%+v, %v", a, err)
				}
				if m.rosters.rows > m.rosters.most {
					t.Fatalf("%d rows", m.rosters.rows)
				}
			}
		}
	}
	if m.rosters.rows == 0 {
		t.Error("nothing is held")
	}
	m.rosters.most = 0
	m.rosters.makeRoom()
	if n := m.rosters.rows; n != 0 {
		t.Errorf("%d rows of nothing", n)
	}
}

// Lists that are too long are not held.
func TestLongListsAreNotHeld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows int
		held []bool // by one attempt after another
	}{
		{0, []bool{true}},
		{workspaces.short, []bool{true, true}},
		{workspaces.short + 1, []bool{false, true, true}},
		{workspaces.most, []bool{false, true, true}},
		{workspaces.most + 1, []bool{false, false, false}},
	} {
		t.Run(fmt.Sprint(c.rows), func(t *testing.T) {
			var l learned
			for i, want := range c.held {
				checks := 1
				for !l.missed(workspaces, false) {
					if checks++; checks > workspaces.most {
						break
					}
				}
				if got := l.read(workspaces, min(c.rows, l.limit(workspaces)+1)) && checks <= workspaces.most; got != want {
					t.Errorf("attempt %d: %t, after %d checks", i, got, checks)
				}
			}
		})
	}
}
