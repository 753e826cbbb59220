package projections

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

// AccessFilter says whose access a list shows.
type AccessFilter struct {
	Role       domain.RoleKey    `json:"r,omitzero"` // the role that their access adds up to; empty: any
	Source     Source            `json:"s,omitzero"` // where one of their grants comes from; empty: anywhere
	Permission domain.Permission `json:"p,omitzero"` // what their access allows; empty: anything
	Query      string            `json:"q,omitzero"` // see [MemberFilter]
}

type accessRow struct {
	key       int64
	workspace workspaceHead
	user      domain.UserID
	grants    grantRow
	profile   profileRow
}

func (r *accessRow) dest() []any {
	return append(append(r.grants.dest(), r.profile.dest()...), scanNumber(&r.key), scanID(&r.user))
}

func (r *accessRow) item() Access {
	access := r.grants.access(r.workspace.organization, r.workspace.id, r.user)
	access.Profile = r.profile.of(r.workspace.organization, r.user)
	return access
}

func (r *accessRow) place() mark { return mark{N: [3]int64{r.key}} }

// What access adds up to is looked at only when a filter asks for it: r is the
// role of the membership m, and i that which its person p inherits, if any.
const (
	strongest = ` FROM roles r LEFT JOIN roles i ON i.key = CASE p.role WHEN 'owner' THEN 1 WHEN 'admin' THEN 2 END WHERE r.key = m.role)`

	strongestRole        = `(SELECT CASE WHEN i.level > r.level THEN i.key ELSE r.key END` + strongest
	strongestPermissions = `(SELECT CASE WHEN i.level > r.level THEN i.permissions ELSE coalesce(m.permissions, r.permissions) END` + strongest

	inheritedRole        = `CASE p.role WHEN 'owner' THEN 1 ELSE 2 END`
	inheritedPermissions = `(SELECT permissions FROM roles WHERE key = ` + inheritedRole + `)`

	// The parameters of the two conditions: the role's key ?5 (0: any), and the
	// permission ?6, with spaces around it (empty: any).
	directFilter    = ` AND (+?5 = 0 OR +?5 = ` + strongestRole + `) AND (+?6 = '' OR instr(' ' || ` + strongestPermissions + ` || ' ', +?6) > 0)`
	inheritedFilter = ` AND (+?5 = 0 OR +?5 = ` + inheritedRole + `) AND (+?6 = '' OR instr(' ' || ` + inheritedPermissions + ` || ' ', +?6) > 0)`
	searchFilter    = ` AND (+?7 = '' OR instr(p.search, +?7) > 0)`

	directAccess = ` FROM memberships m CROSS JOIN people p ON p.key = m.person
		WHERE m.workspace = +?1 AND m.person > +?8 AND ` + gives + ` AND ` + notSuspended + `
			AND (+?4 <> 'organization' OR p.role IN ('owner', 'admin'))` + directFilter + searchFilter
	inheritedAccess = ` FROM people p
		WHERE p.organization = +?2 AND p.key > +?8 AND p.role IN ('owner', 'admin') AND ` + notSuspended + `
			AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.workspace = +?1 AND m.person = p.key AND ` + gives + `)
			AND +?4 <> 'direct'` + inheritedFilter + searchFilter
)

// accessText merges two walks in the order of the people's keys, each over an
// index and no further than the page reaches: the workspace's active members, and
// those owners and admins of the organization who are not among them.
const accessText = `
	SELECT ` + grantColumns + `, ` + profileColumns + `, m.person AS person, p.user` + directAccess + `
	UNION ALL
	SELECT p.role, p.role_event, NULL, NULL, NULL, NULL, ` + profileColumns + `, p.key AS person, p.user` + inheritedAccess + `
	ORDER BY person LIMIT +?9`

// accessArgs are the parameters of both walks.
func (c *conn) accessArgs(workspace workspaceHead, f AccessFilter, at time.Time, last mark) ([]any, error) {
	role, err := c.roleFilter(workspace.organizationKey, f.Role)
	permission := string(f.Permission)
	if permission != "" {
		permission = " " + permission + " "
	}
	return []any{
		workspace.key, workspace.organizationKey, at.UnixMilli(), string(f.Source), role, permission, searchPrefix(f.Query), last.N[0],
	}, err
}

// AccessList lists everybody who has access to the workspace at that time, each
// once with all their grants, in the order in which the organization first heard of
// them.
func (m *ReadModels) AccessList(ws domain.WorkspaceID, f AccessFilter, at time.Time, p Page) (list List[Access], err error) {
	err = m.read(func(c *conn) error {
		return c.together(func() error {
			workspace, err := c.workspaceHead(ws)
			if err != nil {
				return err
			}
			from, err := start(p, "access", workspace.key, f)
			if err != nil {
				return err
			}
			args, err := c.accessArgs(workspace, from.Filter, at, from.Last)
			if err != nil {
				return err
			}
			list, err = page(c, from, p.size(), &accessRow{workspace: workspace}, accessText, args...)
			return err
		})
	})
	return list, err
}

// CountAccess answers how many [ReadModels.AccessList] lists.
func (m *ReadModels) CountAccess(ws domain.WorkspaceID, f AccessFilter, at time.Time) (n int, err error) {
	err = m.read(func(c *conn) error {
		return c.together(func() error {
			workspace, err := c.workspaceHead(ws)
			if err != nil {
				return err
			}
			args, err := c.accessArgs(workspace, f, at, mark{})
			if err != nil {
				return err
			}
			return c.row([]any{scanNumber(&n)},
				`SELECT (SELECT count(*)`+directAccess+`) + (SELECT count(*)`+inheritedAccess+`)`, args...)
		})
	})
	return n, err
}

// WorkspaceAccess is a workspace that a user reaches, and how.
type WorkspaceAccess struct {
	domain.Workspace
	Access Access // without the profile
}

type reachRow struct {
	workspaceRow
	user   domain.UserID
	grants grantRow
}

func (r *reachRow) dest() []any { return append(r.grants.dest(), r.workspaceRow.dest()...) }

func (r *reachRow) item() WorkspaceAccess {
	return WorkspaceAccess{r.Workspace, r.grants.access(r.Organization, r.ID, r.user)}
}

// WorkspacesOf lists the workspaces of the organization that the user reaches at
// that time, the oldest first: all of them for an owner or admin of the
// organization, none for one who is suspended from it.
func (m *ReadModels) WorkspacesOf(org domain.OrganizationID, user domain.UserID, at time.Time, p Page) (list List[WorkspaceAccess], err error) {
	// Whether all are reached and which those are is read in one moment.
	err = m.read(func(c *conn) error {
		return c.together(func() error {
			list, err = c.workspacesOf(org, user, at, p)
			return err
		})
	})
	return list, err
}

func (c *conn) workspacesOf(org domain.OrganizationID, user domain.UserID, at time.Time, p Page) (List[WorkspaceAccess], error) {
	const (
		direct = `
			SELECT ` + grantColumns + `, ` + workspaceColumns + `
			FROM memberships m CROSS JOIN workspaces w ON w.key = m.workspace CROSS JOIN people p ON p.key = m.person
			WHERE m.person = +?1 AND m.workspace > +?4 AND ` + gives + ` AND +?2 = w.organization
			ORDER BY m.workspace LIMIT +?5`
		inherited = `
			SELECT ` + grantColumns + `, ` + workspaceColumns + `
			FROM workspaces w CROSS JOIN people p ON p.key = +?1
				LEFT JOIN memberships m ON m.workspace = w.key AND m.person = +?1 AND ` + gives + `
			WHERE w.organization = +?2 AND w.key > +?4
			ORDER BY w.key LIMIT +?5`
	)
	none := List[WorkspaceAccess]{Items: []WorkspaceAccess{}}
	var organization, person int64
	var role domain.OrganizationRole
	var suspended time.Time
	if err := c.row([]any{scanNumber(&organization), scanNumber(&person), scanText(&role), scanTime(&suspended)}, `
		SELECT o.key, p.key, p.role, p.suspended_at
		FROM organizations o LEFT JOIN people p ON p.organization = o.key AND p.user = +?2
		WHERE o.id = +?1`, org[:], user[:]); err != nil {
		return none, err
	}
	from, err := start(p, "workspaces_of", person, noFilter{})
	if err != nil || person == 0 || !suspended.IsZero() {
		return none, err
	}
	row := &reachRow{user: user, workspaceRow: workspaceRow{Workspace: domain.Workspace{Organization: org}}}
	text := direct
	if _, all := role.Inherited(); all {
		text = inherited
	}
	return page(c, from, p.size(), row, text, person, organization, at.UnixMilli(), from.Last.N[0])
}
