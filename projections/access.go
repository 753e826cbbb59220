package projections

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Grant is one reason why a user has access to a workspace.
type Grant struct {
	Source      Source
	Role        domain.Role
	Permissions []domain.Permission // the role's, or those that the membership has instead
	Own         bool                // the membership has permissions instead of the role's, which may be the same
	Since       time.Time           // when the user got the grant as it is now
	Event       domain.EventID      // the last event that gave the role or the permissions, or put them back in force
	Position    wire.Position       // of that event
	Membership  domain.MembershipID // zero if the grant is inherited
}

// Access is what all grants of one user in one workspace add up to: the permissions of all
// of them, and the role that has the highest level.
type Access struct {
	Organization domain.OrganizationID
	Workspace    domain.WorkspaceID
	User         domain.UserID
	Profile      *domain.Profile     // nil: not in the directory; [ReadModels.Check] does not look there
	Role         domain.Role         // of the first grant
	Permissions  []domain.Permission // of all grants, each once
	Grants       []Grant             // the one with the highest role first; a direct one before an inherited one of the same level
}

// Any reports whether there is any access.
func (a Access) Any() bool { return len(a.Grants) > 0 }

// Allows reports whether the access includes the permission.
func (a Access) Allows(p domain.Permission) bool { return slices.Contains(a.Permissions, p) }

// Check returns the user's access to the workspace at that time. A user without access
// gets an Access without grants. The error is [ErrNotFound] if there is no such workspace.
func (q *Queries) Check(ws domain.WorkspaceID, user domain.UserID, at time.Time) (Access, error) {
	r := grantRow{table: q.sources}
	a := Access{Workspace: ws, User: user}
	w, known := q.facts.workspace(ws)
	learn := false
	if known && q.rosters != nil && q.sources == grantSources { // rosters hold what the grants from these sources are made of
		if err := q.intact(); err != nil {
			return Access{}, err
		}
		var found bool
		if found, learn = q.rosters.check(&w, user, at, &r); found {
			a.Organization = w.Organization
			r.addTo(&a)
			r.table.addUp(&a)
			return a, nil
		}
	}
	err := q.read(func(c conn) error {
		err := c.access(&a, &r, r.Dest(), q.sources.check, at)
		if err == nil && learn {
			_ = q.rosters.learn(c, &w) // or a later check does it
		}
		return err
	})
	if err != nil {
		return Access{}, err
	}
	return a, nil
}

// AccessOf returns the user's access to the workspace at that time, with their entry
// in the directory. The error is [ErrNotFound] if they have no access or there is no
// such workspace.
func (q *Queries) AccessOf(ws domain.WorkspaceID, user domain.UserID, at time.Time) (Access, error) {
	r, profile := grantRow{table: q.sources}, profileRow{}
	a := Access{Workspace: ws, User: user}
	err := q.read(func(c conn) error {
		return c.access(&a, &r, append(r.Dest(), &profile), q.sources.accessOf, at)
	})
	if err == nil && !a.Any() {
		err = ErrNotFound
	}
	if err != nil {
		return Access{}, err
	}
	a.Profile = profile.of(a.Organization, user)
	return a, nil
}

// access reads the access of the user to the workspace at that time: the grants in all rows
// that the statement returns. Unless a source can give several grants, that is one row, which
// is cheaper to read. There is no row for somebody who is unknown or suspended.
func (c conn) access(a *Access, r *grantRow, dest []any, text string, at time.Time) error {
	found, err := c.findWorkspace(a.Workspace)
	if err != nil {
		return err
	}
	a.Organization = found.Organization
	if r.table.several() {
		err = c.Each(context.Background(), dest, func() { r.addTo(a) }, text, found.key, found.organizationKey, at.UnixMilli(), a.User[:])
	} else if err = c.Row(dest, text, found.key, found.organizationKey, at.UnixMilli(), a.User[:]); err == nil {
		r.addTo(a)
	}
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	r.table.addUp(a)
	return err
}

// grantRow is a row of a statement about access: the grant from each source, in the
// order of the table of sources.
type grantRow struct {
	table  *sourceTable
	grants []grantColumns
	space  [2]grantColumns // for grants, if it suffices
}

// grantColumns are the columns of one source. The role is nil if there is no grant.
type grantColumns struct {
	role        *domain.Role
	permissions []domain.Permission // nil: the role's
	event       domain.EventID
	position    int64 // see [positionOf]
	membership  domain.MembershipID
}

// Dest returns where the columns of [sourceTable.columns] go.
func (r *grantRow) Dest() []any {
	if r.grants = r.space[:]; len(r.table.rows) != len(r.space) {
		r.grants = make([]grantColumns, len(r.table.rows))
	}
	return append(make([]any, 0, 4), r) // with room for the columns that statements add
}

// ScanColumns implements [sqlite.Columns] with the [sourceTable.columns].
func (r *grantRow) ScanColumns(v *sqlite.Values) {
	for i := range r.grants {
		s, g := &r.table.rows[i], &r.grants[i]
		v.Scan(scanRolePointer(&g.role))
		if s.permissions != "" {
			v.Scan(sqlite.Words(&g.permissions))
		}
		g.event, g.position = domain.EventID(v.ID()), v.Number()
		if s.membership != "" {
			g.membership = domain.MembershipID(v.ID())
		}
	}
}

// addTo adds the grants in the row to the access, except for those that an earlier row
// of the same person has already added.
func (r *grantRow) addTo(a *Access) {
	for i := range r.grants {
		g := &r.grants[i]
		if g.role == nil {
			continue
		}
		grant := Grant{
			Source: r.table.rows[i].name, Role: *g.role, Permissions: g.role.Permissions,
			Since: ulid.Time(g.event.Time()).UTC(), // the time of an event is that of its id
			Event: g.event, Position: positionOf(g.position), Membership: g.membership,
		}
		if g.permissions != nil {
			grant.Permissions, grant.Own = g.permissions, true
		}
		if r.table.several() && slices.ContainsFunc(a.Grants, grant.same) {
			continue
		}
		if a.Grants == nil {
			a.Grants = make([]Grant, 0, r.count())
		}
		a.Grants = append(a.Grants, grant)
	}
}

// count returns how many grants are in the row.
func (r *grantRow) count() (n int) {
	for i := range r.grants {
		if r.grants[i].role != nil {
			n++
		}
	}
	return n
}

// same reports whether both are the same grant of one user in one workspace.
func (g *Grant) same(other Grant) bool {
	return g.Source == other.Source && g.Event == other.Event && g.Membership == other.Membership && g.Role.Key == other.Role.Key
}

// addUp sorts the grants, the one with the highest role first. It sets the role of the
// access to that of the first, and the permissions to those of all grants. Grants whose
// roles have the same level are in the order of the table of sources.
func (t *sourceTable) addUp(a *Access) {
	if len(a.Grants) == 0 {
		return
	}
	if len(a.Grants) > 1 {
		slices.SortStableFunc(a.Grants, func(x, y Grant) int {
			if x.Role.Level != y.Role.Level {
				return int(y.Role.Level - x.Role.Level)
			}
			return t.rank(x.Source) - t.rank(y.Source)
		})
	}
	a.Role, a.Permissions = a.Grants[0].Role, a.Grants[0].Permissions
	for i := range a.Grants[1:] {
		a.Permissions = domain.UnitePermissions(a.Permissions, a.Grants[1+i].Permissions)
	}
}
