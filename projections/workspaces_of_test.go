package projections

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

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
				return m.WorkspacesOf(context.Background(), orgID(c.org), userID(c.user), later, p)
			})
			if len(list) != len(c.want) {
				t.Errorf("user %d reaches %d workspaces", c.user, len(list))
				continue
			}
			for i, n := range c.want {
				access, err := m.Check(wsID(n), userID(c.user), later)
				want := WorkspaceAccess{*h.state.Workspace(wsID(n)), access}
				if diff := gocmp.Diff(want, list[i]); diff != "" || err != nil {
					t.Errorf("user %d, workspace %d: %v\n%s", c.user, n, err, diff)
				}
			}
		}
	}
}

// workspacesOfTables is [ReadModels.WorkspacesOf] without rosters.
func (m *ReadModels) workspacesOfTables(org domain.OrganizationID, user domain.UserID, at time.Time, p Page) (list List[WorkspaceAccess], err error) {
	list.Items = []WorkspaceAccess{}
	err = m.listTogether(context.Background(), func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		l := workspacesOf{c, m.sources, at, org, organization, user, p}
		return l.read(context.Background(), &list)
	})
	return list, err
}

// workspacesOfRosters is [ReadModels.WorkspacesOf] with nothing but rosters and the rows of
// the workspaces.
func (m *ReadModels) workspacesOfRosters(org domain.OrganizationID, user domain.UserID, at time.Time, p Page) (list List[WorkspaceAccess], known bool, err error) {
	err = m.list(context.Background(), func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		l := workspacesOf{c, m.sources, at, org, organization, user, p}
		known, _, err = l.known(context.Background(), m.rosters, &list)
		return err
	})
	return list, known, err
}

// compareWorkspacesOf demands that a list with pages of that size is that of the tables.
func compareWorkspacesOf(t *rapid.T, m *ReadModels, org domain.OrganizationID, user domain.UserID, at time.Time, size int) {
	for p := (Page{Size: size}); ; {
		want, failed := m.workspacesOfTables(org, user, at, p)
		got, err := m.WorkspacesOf(context.Background(), org, user, at, p)
		if diff := gocmp.Diff(want, got); diff != "" || failed != nil || err != nil {
			t.Fatalf("user %s of organization %s, %v, %v (-tables +list):\n%s", user, org, failed, err, diff)
		}
		if p.After = got.Next; p.After == "" {
			return
		}
	}
}

// Whoever is in exactly one of two workspaces at every moment is in exactly one in every list,
// and never in one that they have left before it.
func TestWorkspacesOfAreOfOneMoment(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org, user := orgID(1), userID(2)
	h.do(t,
		createOrganization(org, 1), createWorkspace(org, wsID(1), 1), createWorkspace(org, wsID(2), 1),
		introduceMember(org, wsID(1), 2, domain.RoleEditor),
	)
	m := h.models(t)
	var done atomic.Bool
	var known, shown atomic.Uint64 // shown: the last move that is committed
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for !done.Load() {
				least := shown.Load()
				list, err := m.WorkspacesOf(context.Background(), org, user, later, Page{})
				if err != nil || len(list.Items) != 1 {
					t.Errorf("%d workspaces, %v", len(list.Items), err)
					return
				}
				if at := list.Items[0].Access.Grants[0].Position.Number; at < least {
					t.Errorf("the list shows %d, after %d", at, least)
					return
				}
				if _, ok, _ := m.workspacesOfRosters(org, user, later, Page{}); ok {
					known.Add(1)
				}
			}
		})
	}
	for n := range 300 {
		from, to := wsID(1+n%2), wsID(2-n%2)
		h.do(t, removeMember(org, from, 2), addMember(org, to, 2, domain.RoleEditor))
		h.follow(t, m)
		shown.Store(h.tips[0].Number)
		if n%10 == 0 {
			time.Sleep(time.Millisecond) // so that the rosters are held again
		}
	}
	done.Store(true)
	readers.Wait()
	if known.Load() == 0 {
		t.Error("no list was made of rosters")
	}
}

// What changes a workspace itself is in the next list.
func TestWorkspacesOfShowTheWorkspace(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org, ws := orgID(1), wsID(1)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1), introduceMember(org, ws, 2, domain.RoleEditor))
	m := h.models(t)
	for _, c := range []domain.Command{
		domain.RenameWorkspace{Meta: root(org), Workspace: ws, Name: "New"},
		domain.ArchiveWorkspace{Meta: root(org), Workspace: ws},
		domain.RestoreWorkspace{Meta: root(org), Workspace: ws},
	} {
		known := false
		for n := 0; !known; n++ {
			if n == 20 {
				t.Fatal("there is no roster after 40 lists")
			}
			for range 2 {
				list, err := m.WorkspacesOf(context.Background(), org, userID(2), later, Page{})
				if err != nil || len(list.Items) != 1 {
					t.Fatalf("%+v, %v", list, err)
				}
				if diff := gocmp.Diff(*h.state.Workspace(ws), list.Items[0].Workspace); diff != "" {
					t.Errorf("before %T (-state +list):\n%s", c, diff)
				}
			}
			_, known, _ = m.workspacesOfRosters(org, userID(2), later, Page{})
		}
		h.do(t, c)
		h.follow(t, m)
		list, err := m.WorkspacesOf(context.Background(), org, userID(2), later, Page{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(*h.state.Workspace(ws), list.Items[0].Workspace); diff != "" {
			t.Errorf("after %T (-state +list):\n%s", c, diff)
		}
	}
}
