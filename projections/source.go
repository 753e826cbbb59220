package projections

// Source says where a grant comes from.
type Source string

// The sources of grants.
const (
	SourceDirect       Source = "direct"       // a membership in the workspace
	SourceOrganization Source = "organization" // a role in its organization
)

// source is a row of the table of sources and describes the grants from one source. The
// statements of every query about access are made from the rows ([newSourceTable]). So
// another source of grants is just another row.
//
// The fields are parts of statements. In all of them +?3 is the time given to the query,
// p is the person and w the workspace. The tables that a source joins have names that no
// other source uses.
type source struct {
	name Source
	most int // the largest number of grants that it can give one person in one workspace

	// join is the LEFT JOIN that finds the source's grants of p in w. It may find
	// several for one person. It is empty if the row of p itself has the grant.
	join string
	// has is true if there is a grant.
	has string

	// The expressions for the columns of the grant. An empty one means null.
	roleKey     string // the key of the role's row; null if there is no grant
	role        string // the role as [scanRolePointer] reads it; null if there is no grant
	permissions string // a list that replaces the role's permissions
	event       string // the id of the event that gave it
	position    string // the position of that event
	membership  string // the id of the membership that is the grant

	// people finds everyone in the organization +?2 who has a grant from this source
	// in the workspace +?1, and whose key is greater than +?4, in the order of the
	// people's keys. People suspended from the organization are left out.
	people walk
	// workspaces finds all workspaces of the organization +?2 in which the person +?1
	// has a grant from this source, and whose key is greater than +?4, in the order of
	// the workspaces' keys. Unless a source of the table can give several grants, it joins
	// both w and p.
	workspaces walk
	// reaches is a condition on the row of p. If it is not true, workspaces finds nothing.
	// It is empty if the row does not say.
	reaches string
}

// walk is a statement that walks along an index, in the order of the keys that it finds.
type walk struct{ key, from, where string }

const (
	// notSuspended is true if the person p is not suspended from the organization.
	// Suspended people have no access, whatever grants they have.
	notSuspended = `p.suspended_at IS NULL`
	// active is true for a membership m that gives access at the time +?3.
	active = `m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > +?3)`
	// inherits is true for a person p who has access to every workspace of the
	// organization. inheritedRole is the key of the role that they have there.
	inherits      = `p.role IN ('owner', 'admin')`
	inheritedRole = `CASE p.role WHEN 'owner' THEN 1 WHEN 'admin' THEN 2 END`
)

// allSources are the rows of the table. If the roles of two grants have the same level,
// the grant whose source comes first here is shown first.
var allSources = []source{
	{
		name: SourceDirect, most: 1,
		join:    `LEFT JOIN memberships m ON m.workspace = w.key AND m.person = p.key AND ` + active,
		has:     `m.key IS NOT NULL`,
		roleKey: `m.role`, role: membershipRole, permissions: `m.permissions`,
		event: `m.granted_by`, position: `coalesce(m.granted_position, m.key)`, membership: `m.id`,
		people: walk{
			`m.person`, `memberships m CROSS JOIN people p ON p.key = m.person`,
			`m.workspace = +?1 AND m.person > +?4 AND ` + active + ` AND ` + notSuspended,
		},
		workspaces: walk{
			`m.workspace`, `memberships m CROSS JOIN workspaces w ON w.key = m.workspace CROSS JOIN people p ON p.key = +?1`,
			`m.person = +?1 AND m.workspace > +?4 AND ` + active,
		},
	},
	{
		name: SourceOrganization, most: 1,
		has:     inherits,
		roleKey: inheritedRole, role: inheritedRole,
		event: `p.role_event`, position: `p.role_position`,
		people: walk{
			`p.key`, `people p`,
			`p.organization = +?2 AND p.key > +?4 AND ` + inherits + ` AND ` + notSuspended,
		},
		workspaces: walk{
			`w.key`, `workspaces w CROSS JOIN people p`,
			`p.key = +?1 AND ` + inherits + ` AND w.organization = +?2 AND w.key > +?4`,
		},
		reaches: inherits,
	},
}
