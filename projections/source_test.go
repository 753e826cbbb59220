package projections

import (
	"context"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// withNeighbours is a table of sources with a made-up third one: a membership in any
// other workspace of the organization is a grant, too. Somebody can have many of them.
var withNeighbours = newSourceTable(append(slices.Clone(grantSources.rows), source{
	name: "neighbour", most: 100,
	join: `LEFT JOIN memberships n ON n.person = p.key AND n.workspace <> w.key
		AND n.state = 'active' AND (n.expires_at IS NULL OR n.expires_at > +?3)`,
	has:     `n.key IS NOT NULL`,
	roleKey: `n.role`,
	role: `CASE WHEN n.role < 1024 THEN n.role ELSE (
		SELECT hex(id) || char(10) || role || char(10) || level || char(10) || permissions || char(10) || name
		FROM roles WHERE key = n.role) END`,
	permissions: `n.permissions`, event: `n.granted_by`, position: `coalesce(n.granted_position, n.key)`, membership: `n.id`,
	people: walk{
		`p.key`, `people p CROSS JOIN memberships n ON n.person = p.key`,
		`p.organization = +?2 AND p.key > +?4 AND n.workspace <> +?1 AND n.state = 'active'
			AND (n.expires_at IS NULL OR n.expires_at > +?3) AND ` + notSuspended,
	},
	workspaces: walk{
		`w.key`, `workspaces w CROSS JOIN memberships n ON n.person = +?1 AND n.workspace <> w.key`,
		`w.organization = +?2 AND w.key > +?4 AND n.state = 'active' AND (n.expires_at IS NULL OR n.expires_at > +?3)`,
	},
})...)

// Another source is another row of the table: every query has its grants, each once,
// however many there are.
func TestAnotherSource(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org := orgID(1)
	for n := 40; n < 43; n++ {
		h.do(t, createWorkspace(org, wsID(n), 1), addMember(org, wsID(n), 40, domain.RoleViewer), addMember(org, wsID(n), 3, domain.RoleOwner))
	}
	h.do(t, addMember(org, wsID(40), 41, domain.RoleEditor))
	h.follow(t, m)
	if MaxGrants() != 2 || withNeighbours.most() != 102 {
		t.Errorf("%d grants, %d with neighbours", MaxGrants(), withNeighbours.most())
	}
	m.sources = withNeighbours
	for n, want := range map[int]string{
		3:  "owner: neighbour owner, neighbour owner, neighbour owner, direct editor",
		4:  "admin: organization admin, direct viewer",
		40: "viewer: neighbour viewer, neighbour viewer, neighbour viewer",
		41: "editor: neighbour editor",
		99: "",
	} {
		access, err := m.Check(wsID(1), userID(n), later)
		if got := describe(access); got != want || err != nil {
			t.Errorf("user %d: %q, %v, want %q", n, got, err, want)
		}
	}
	for f, want := range map[AccessFilter][]int{
		{}:                        {1, 2, 3, 4, 6, 12, 13, 18, 20, 40, 41},
		{Source: "neighbour"}:     {1, 3, 40, 41},
		{Source: SourceDirect}:    {1, 3, 4, 6, 12, 13, 18, 20},
		{Role: domain.RoleOwner}:  {1, 3},
		{Role: domain.RoleEditor}: {20, 41},
		{Role: domain.RoleOwner, Source: "neighbour"}:                      {1, 3},
		{Role: domain.RoleViewer, Source: SourceDirect}:                    {13},
		{Permission: domain.PermissionMembersManage, Source: SourceDirect}: {1, 3, 4, 18},
		{Role: "lead", Permission: domain.PermissionMembersManage}:         {18}, // the role by one grant and the permission by another
		{Role: domain.RoleViewer, Permission: "reports.export"}:            {13},
		{Query: "user3", Source: "neighbour"}:                              {3},
		{Source: "nowhere"}:                                                nil,
	} {
		for size := 1; size <= 4; size++ {
			list := collect(t, size, func(p Page) (List[Access], error) { return listAccess(m, wsID(1), f, later, p) })
			got := numbers(users(List[Access]{Items: list}, func(a Access) domain.UserID { return a.User }))
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%+v in pages of %d:\n%s", f, size, diff)
			}
			for _, a := range list {
				of, err := m.AccessOf(wsID(1), a.User, later)
				if diff := gocmp.Diff(of, a); diff != "" || err != nil {
					t.Errorf("%v (-AccessOf +AccessList):\n%s", err, diff)
				}
			}
		}
		if n, err := sizeOfAccess(m, wsID(1), f, later); n != len(want) || err != nil {
			t.Errorf("%+v: %d are counted, %v", f, n, err)
		}
	}
	for n, want := range map[int]int{1: 6, 3: 6, 6: 6, 16: 0, 40: 6, 99: 0} {
		for size := 1; size <= 4; size++ {
			list := collect(t, size, func(p Page) (List[WorkspaceAccess], error) {
				return m.WorkspacesOf(context.Background(), org, userID(n), later, p)
			})
			if len(list) != want {
				t.Errorf("user %d reaches %d workspaces, want %d", n, len(list), want)
			}
			for _, w := range list {
				access, err := m.Check(w.ID, userID(n), later)
				if diff := gocmp.Diff(access, w.Access); diff != "" || err != nil {
					t.Errorf("%v (-Check +WorkspacesOf):\n%s", err, diff)
				}
			}
		}
	}
}
