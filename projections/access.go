package projections

import (
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
)

// Source says where a grant comes from.
type Source string

// The sources of grants.
const (
	SourceDirect       Source = "direct"       // a membership in the workspace
	SourceOrganization Source = "organization" // a role in its organization
)

// Grant is one reason why a user has access to a workspace.
type Grant struct {
	Source      Source
	Role        domain.Role
	Permissions []domain.Permission // the role's, or those of the membership's own that replace them
	Since       time.Time           // when the user got just this
	Event       domain.EventID      // by which: the last that gave the role or the permissions, or made them count again
	Membership  domain.MembershipID // zero for an inherited grant
}

// Access is what all grants of one user in one workspace add up to: the strongest
// of them.
type Access struct {
	Organization domain.OrganizationID
	Workspace    domain.WorkspaceID
	User         domain.UserID
	Profile      *domain.Profile // nil: the directory does not know them, or [ReadModels.Check] did not ask it
	Role         domain.Role     // of the strongest grant, as are the permissions
	Permissions  []domain.Permission
	Grants       []Grant // the strongest first, a direct one before an inherited one that is as strong
}

// Any reports whether there is any access.
func (a Access) Any() bool { return len(a.Grants) > 0 }

// Allows reports whether the access holds the permission.
func (a Access) Allows(p domain.Permission) bool { return slices.Contains(a.Permissions, p) }

const (
	grantColumns = `p.role, p.role_event, m.id, ` + membershipRole + `, m.permissions, m.granted_by`
	// notSuspended is true of a person p who is not kept from the whole organization,
	// and gives of a membership m that it does so at the time ?3.
	notSuspended = `p.suspended_at IS NULL`
	gives        = `m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > +?3)`
)

// grantRow is what a user's access to a workspace follows from: their role in
// the organization and their active membership, each if there is one.
type grantRow struct {
	inherited      domain.OrganizationRole
	inheritedEvent domain.EventID
	membership     domain.MembershipID
	direct         domain.Role
	permissions    []domain.Permission // of the membership's own; nil: the role's
	directEvent    domain.EventID
}

func (r *grantRow) dest() []any {
	return append(make([]any, 0, 17), // with room for all that is ever behind them
		scanText(&r.inherited), scanEvent(&r.inheritedEvent),
		scanID(&r.membership), scanRole(&r.direct), scanWords(&r.permissions), scanEvent(&r.directEvent))
}

// access adds the grants up.
func (r *grantRow) access(org domain.OrganizationID, ws domain.WorkspaceID, user domain.UserID) Access {
	a := Access{Organization: org, Workspace: ws, User: user}
	if !r.membership.IsZero() {
		grant := newGrant(SourceDirect, r.direct, r.directEvent)
		grant.Membership = r.membership
		if r.permissions != nil {
			grant.Permissions = r.permissions
		}
		a.Grants = append(make([]Grant, 0, 2), grant)
	}
	if key, ok := r.inherited.Inherited(); ok {
		role, _ := domain.BuiltInRole(key)
		grant := newGrant(SourceOrganization, role, r.inheritedEvent)
		if len(a.Grants) > 0 && grant.Role.Level > a.Grants[0].Role.Level {
			a.Grants = slices.Insert(a.Grants, 0, grant)
		} else {
			a.Grants = append(a.Grants, grant)
		}
	}
	if len(a.Grants) > 0 {
		a.Role, a.Permissions = a.Grants[0].Role, a.Grants[0].Permissions
	}
	return a
}

func newGrant(source Source, role domain.Role, event domain.EventID) Grant {
	return Grant{
		Source: source, Role: role, Permissions: role.Permissions, Event: event,
		Since: ulid.Time(event.Time()).UTC(), // the time of an event is that of its id
	}
}

// Check answers the user's access to the workspace at that time, with no grants
// when they have none. [ErrNotFound] says that there is no such workspace.
func (m *ReadModels) Check(ws domain.WorkspaceID, user domain.UserID, at time.Time) (Access, error) {
	var r grantRow
	var org domain.OrganizationID
	err := m.read(func(c *conn) error {
		return c.row(append(r.dest(), scanID(&org)), `
			SELECT `+grantColumns+`, o.id
			FROM workspaces w
			JOIN organizations o ON o.key = w.organization
			LEFT JOIN people p ON p.organization = w.organization AND p.user = +?2 AND `+notSuspended+`
			LEFT JOIN memberships m ON m.workspace = w.key AND m.person = p.key AND `+gives+`
			WHERE w.id = +?1`, ws[:], user[:], at.UnixMilli())
	})
	if err != nil {
		return Access{}, err
	}
	return r.access(org, ws, user), nil
}

// AccessOf answers the user's access to the workspace at that time with their
// entry in the directory; [ErrNotFound] when they have none, or there is no such
// workspace.
func (m *ReadModels) AccessOf(ws domain.WorkspaceID, user domain.UserID, at time.Time) (Access, error) {
	r := accessRow{user: user}
	err := m.read(func(c *conn) error {
		dest := append(append(r.grants.dest(), r.profile.dest()...), scanID(&r.workspace.organization))
		return c.row(dest, `
			SELECT `+grantColumns+`, `+profileColumns+`, o.id
			FROM workspaces w
			JOIN organizations o ON o.key = w.organization
			JOIN people p ON p.organization = w.organization AND p.user = +?2 AND `+notSuspended+`
			LEFT JOIN memberships m ON m.workspace = w.key AND m.person = p.key AND `+gives+`
			WHERE w.id = +?1 AND (m.key IS NOT NULL OR p.role IN ('owner', 'admin'))`, ws[:], user[:], at.UnixMilli())
	})
	if err != nil {
		return Access{}, err
	}
	r.workspace.id = ws
	return r.item(), nil
}
