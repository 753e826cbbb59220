package projections

import (
	"context"
	"errors"
	"slices"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

func (p *projector) roleCreated(e domain.RoleCreated, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	at := r.Time.UnixMilli()
	_, err = p.Exec(`
		INSERT INTO roles (key, organization, id, role, name, level, permissions, created_at, updated_at, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		key, organization, e.RoleID[:], string(e.Key), e.Name, int(e.Level), sqlite.JoinWords(e.Permissions), at, at, int64(r.Number))
	return err
}

func (p *projector) roleUpdated(e domain.RoleUpdated, r *domain.Recorded) error {
	key, err := p.roleOf(e.Organization, e.Key)
	if err != nil {
		return err
	}
	return p.Change(`UPDATE roles SET name = ?, level = ?, permissions = ?, updated_at = ?, version = ? WHERE key = ?`,
		e.Name, int(e.Level), sqlite.JoinWords(e.Permissions), r.Time.UnixMilli(), int64(r.Number), key)
}

func (p *projector) roleArchived(e domain.RoleArchived, r *domain.Recorded) error {
	key, err := p.roleOf(e.Organization, e.Key)
	if err != nil {
		return err
	}
	at := r.Time.UnixMilli()
	return p.Change(`UPDATE roles SET archived_at = ?, updated_at = ?, version = ? WHERE key = ?`, at, at, int64(r.Number), key)
}

// writeBuiltInRoles makes the rows of the built-in roles.
func (c conn) writeBuiltInRoles() error {
	for i := range builtIn {
		role := &builtIn[i]
		if _, err := c.Exec(`INSERT INTO roles (key, organization, id, role, name, level, permissions) VALUES (?, 0, ?, ?, ?, ?, ?)`,
			i+1, role.ID[:], string(role.Key), role.Name, int(role.Level), sqlite.JoinWords(role.Permissions)); err != nil {
			return err
		}
	}
	return nil
}

// roleFilter returns the key of the only role that a list shows. The key is 0 for all
// roles. It is negative if there is no such role, so that the list is empty.
func (c conn) roleFilter(organization int64, role domain.RoleKey) (int64, error) {
	if role == "" {
		return 0, nil
	}
	key, err := c.roleKey(organization, role)
	if errors.Is(err, ErrNotFound) {
		return -1, nil
	}
	return key, err
}

const roleColumns = `r.key, r.id, r.role, r.name, r.level, r.permissions, r.archived_at, r.created_at, r.updated_at, r.version`

type roleRow struct {
	key          int64
	organization domain.OrganizationID
	role         domain.CustomRole // whose organization is not scanned
}

func (r *roleRow) Dest() []any {
	role := &r.role
	return []any{
		sqlite.Number(&r.key), scanID(&role.ID), sqlite.Text(&role.Key), sqlite.Text(&role.Name), sqlite.Number(&role.Level), sqlite.Words(&role.Permissions),
		sqlite.Time(&role.ArchivedAt), sqlite.Time(&role.CreatedAt), sqlite.Time(&role.UpdatedAt), sqlite.Number(&role.Version),
	}
}

func (r *roleRow) Item() domain.CustomRole {
	role := r.role
	if role.BuiltIn = r.key < MaxPartitions; !role.BuiltIn {
		role.Organization = r.organization
	}
	return role
}

func (r *roleRow) Place() sqlite.Place { return sqlite.Place{N: [3]int64{r.key}} }

func (c conn) customRole(org domain.OrganizationID, role domain.RoleKey) (*domain.CustomRole, error) {
	r := roleRow{organization: org}
	err := c.Row(r.Dest(), `
		SELECT `+roleColumns+`
		FROM organizations o JOIN roles r ON r.organization = o.key AND r.role = +?2
		WHERE o.id = +?1`, org[:], string(role))
	own := r.Item()
	return &own, err
}

// Role returns the role with that key: a built-in one, or one of the organization's own,
// even if it is archived. A built-in role has no organization and no times.
// The error is [ErrNotFound] if there is none.
func (q *Queries) Role(org domain.OrganizationID, role domain.RoleKey) (domain.CustomRole, error) {
	if own, ok := domain.BuiltInRole(role); ok {
		return domain.CustomRole{Role: own}, nil
	}
	var own *domain.CustomRole
	err := q.read(func(c conn) (err error) {
		own, err = c.customRole(org, role)
		return err
	})
	if err != nil {
		return domain.CustomRole{}, err
	}
	return *own, nil
}

// RoleByID is [ReadModels.Role] by the role's id.
func (q *Queries) RoleByID(org domain.OrganizationID, id domain.RoleID) (domain.CustomRole, error) {
	if i := slices.IndexFunc(builtIn, func(r domain.Role) bool { return r.ID == id }); i >= 0 {
		return domain.CustomRole{Role: builtIn[i]}, nil
	}
	r := roleRow{organization: org}
	err := q.read(func(c conn) error {
		return c.Row(r.Dest(), `
			SELECT `+roleColumns+`
			FROM organizations o JOIN roles r ON r.organization = o.key AND r.id = +?2
			WHERE o.id = +?1`, org[:], id[:])
	})
	if err != nil {
		return domain.CustomRole{}, err
	}
	return r.Item(), nil
}

// Archived says whether a list shows archived roles: "true" shows only archived roles,
// "false" shows no archived roles, and empty shows both.
type Archived string

// RoleFilter selects the roles that a list shows.
type RoleFilter struct {
	Archived Archived `json:"a,omitzero"`
}

// Roles lists the roles of the organization: the built-in ones, the highest level first,
// and then its own, the oldest first.
func (q *Queries) Roles(ctx context.Context, org domain.OrganizationID, f RoleFilter, p Page) (list List[domain.CustomRole], err error) {
	const rows = `
		SELECT ` + roleColumns + ` FROM roles r
		WHERE r.key > +?2 AND CASE +?3 WHEN '' THEN 1 WHEN 'true' THEN r.archived_at IS NOT NULL ELSE r.archived_at IS NULL END`
	err = q.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "roles", organization, f)
		if err != nil {
			return err
		}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), &roleRow{organization: org},
			rows+` AND r.organization = 0 UNION ALL `+rows+` AND r.organization = +?1 ORDER BY key LIMIT +?4`,
			organization, from.Last.N[0], string(from.Filter.Archived))
		return err
	})
	return list, err
}
