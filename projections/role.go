package projections

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
)

// builtIn are the built-in roles in the order of their keys, which count from 1.
var builtIn = domain.BuiltInRoles()

func builtInKey(role domain.RoleKey) (key int64, ok bool) {
	for i := range builtIn {
		if builtIn[i].Key == role {
			return int64(i) + 1, true
		}
	}
	return 0, false
}

// writeBuiltInRoles makes the rows of the built-in roles.
func writeBuiltInRoles(c *conn) error {
	for i := range builtIn {
		role := &builtIn[i]
		if _, err := c.exec(`INSERT INTO roles (key, organization, id, role, name, level, permissions) VALUES (?, 0, ?, ?, ?, ?, ?)`,
			i+1, role.ID[:], string(role.Key), role.Name, int(role.Level), joinWords(role.Permissions)); err != nil {
			return err
		}
	}
	return nil
}

func (p *projector) roleCreated(e domain.RoleCreated, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	at := r.Time.UnixMilli()
	_, err = p.exec(`
		INSERT INTO roles (key, organization, id, role, name, level, permissions, created_at, updated_at, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		key, organization, e.RoleID[:], string(e.Key), e.Name, int(e.Level), joinWords(e.Permissions), at, at, int64(r.Number))
	return err
}

func (p *projector) roleUpdated(e domain.RoleUpdated, r *domain.Recorded) error {
	key, err := p.roleOf(e.Organization, e.Key)
	if err != nil {
		return err
	}
	return p.change(`UPDATE roles SET name = ?, level = ?, permissions = ?, updated_at = ?, version = ? WHERE key = ?`,
		e.Name, int(e.Level), joinWords(e.Permissions), r.Time.UnixMilli(), int64(r.Number), key)
}

func (p *projector) roleArchived(e domain.RoleArchived, r *domain.Recorded) error {
	key, err := p.roleOf(e.Organization, e.Key)
	if err != nil {
		return err
	}
	at := r.Time.UnixMilli()
	return p.change(`UPDATE roles SET archived_at = ?, updated_at = ?, version = ? WHERE key = ?`, at, at, int64(r.Number), key)
}

// roleOf answers the key of the role's row.
func (p *projector) roleOf(org domain.OrganizationID, role domain.RoleKey) (int64, error) {
	if key, ok := builtInKey(role); ok {
		return key, nil
	}
	organization, err := p.organizationOf(org)
	if err != nil {
		return 0, err
	}
	name := roleName{organization, role}
	if key, ok := p.roles.Get(name); ok {
		return key, nil
	}
	key, err := p.roleKey(organization, role)
	if err != nil {
		return 0, fmt.Errorf("role %q: %w", role, err)
	}
	p.roles.Add(name, key)
	return key, nil
}

// roleKey answers the key of the row of a role that the organization knows.
func (c *conn) roleKey(organization int64, role domain.RoleKey) (key int64, err error) {
	if key, ok := builtInKey(role); ok {
		return key, nil
	}
	err = c.row([]any{scanNumber(&key)}, `SELECT key FROM roles WHERE organization = +? AND role = +?`, organization, string(role))
	return key, err
}

// roleFilter answers the key of the only role that a list shows; 0 for all of them,
// and less when there is no such role, so that nobody has it.
func (c *conn) roleFilter(organization int64, role domain.RoleKey) (int64, error) {
	if role == "" {
		return 0, nil
	}
	key, err := c.roleKey(organization, role)
	if errors.Is(err, ErrNotFound) {
		return -1, nil
	}
	return key, err
}

// membershipRole is the role of the membership m as one column, for [scanRole]:
// a built-in one as its key, which costs no look at the table, and any other as
// what it is now, a line for each part of it. No part has a line end in it.
const membershipRole = `CASE WHEN m.role < 1024 THEN m.role ELSE (
	SELECT hex(id) || char(10) || role || char(10) || level || char(10) || permissions || char(10) || name
	FROM roles WHERE key = m.role) END`

type roleColumn struct{ to *domain.Role }

func scanRole(to *domain.Role) roleColumn { return roleColumn{to} }

func (c roleColumn) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*c.to = domain.Role{}
		return nil
	case int64:
		if value >= 1 && value <= int64(len(builtIn)) {
			*c.to = builtIn[value-1]
			return nil
		}
	case string:
		return c.own(value)
	}
	return fmt.Errorf("%T %v is not a role", column, column)
}

// own reads a role of an organization's own.
func (c roleColumn) own(text string) error {
	parts := strings.SplitN(text, "\n", 5)
	if len(parts) != 5 {
		return fmt.Errorf("%q is not a role", text)
	}
	level, err := strconv.Atoi(parts[2])
	if err != nil {
		return fmt.Errorf("%q is not a role: %w", text, err)
	}
	role := domain.Role{
		Key: domain.RoleKey(parts[1]), Level: domain.Level(level), Permissions: splitWords[domain.Permission](parts[3]), Name: parts[4],
	}
	if n, err := hex.Decode(role.ID[:], []byte(parts[0])); err != nil || n != len(role.ID) {
		return fmt.Errorf("%q is not a role: %w", text, errors.Join(err, errors.New("it has no id")))
	}
	*c.to = role
	return nil
}

const roleColumns = `r.key, r.id, r.role, r.name, r.level, r.permissions, r.archived_at, r.created_at, r.updated_at, r.version`

type roleRow struct {
	key          int64
	organization domain.OrganizationID
	role         domain.CustomRole // of which the organization is not scanned
}

func (r *roleRow) dest() []any {
	role := &r.role
	return []any{
		scanNumber(&r.key), scanID(&role.ID), scanText(&role.Key), scanText(&role.Name), scanNumber(&role.Level), scanWords(&role.Permissions),
		scanTime(&role.ArchivedAt), scanTime(&role.CreatedAt), scanTime(&role.UpdatedAt), scanNumber(&role.Version),
	}
}

func (r *roleRow) item() domain.CustomRole {
	role := r.role
	if role.BuiltIn = r.key < MaxPartitions; !role.BuiltIn {
		role.Organization = r.organization
	}
	return role
}

func (r *roleRow) place() mark { return mark{N: [3]int64{r.key}} }

func (c *conn) customRole(org domain.OrganizationID, role domain.RoleKey) (*domain.CustomRole, error) {
	r := roleRow{organization: org}
	err := c.row(r.dest(), `
		SELECT `+roleColumns+`
		FROM organizations o JOIN roles r ON r.organization = o.key AND r.role = +?2
		WHERE o.id = +?1`, org[:], string(role))
	own := r.item()
	return &own, err
}

// Role answers the role that the organization knows by the key, built in or its
// own, be it archived, or [ErrNotFound]. A built-in one has no organization and no
// times.
func (m *ReadModels) Role(org domain.OrganizationID, role domain.RoleKey) (domain.CustomRole, error) {
	if own, ok := domain.BuiltInRole(role); ok {
		return domain.CustomRole{Role: own}, nil
	}
	var own *domain.CustomRole
	err := m.read(func(c *conn) (err error) {
		own, err = c.customRole(org, role)
		return err
	})
	if err != nil {
		return domain.CustomRole{}, err
	}
	return *own, nil
}

// RoleByID is [ReadModels.Role] by the role's id.
func (m *ReadModels) RoleByID(org domain.OrganizationID, id domain.RoleID) (domain.CustomRole, error) {
	if i := slices.IndexFunc(builtIn, func(r domain.Role) bool { return r.ID == id }); i >= 0 {
		return domain.CustomRole{Role: builtIn[i]}, nil
	}
	r := roleRow{organization: org}
	err := m.read(func(c *conn) error {
		return c.row(r.dest(), `
			SELECT `+roleColumns+`
			FROM organizations o JOIN roles r ON r.organization = o.key AND r.id = +?2
			WHERE o.id = +?1`, org[:], id[:])
	})
	if err != nil {
		return domain.CustomRole{}, err
	}
	return r.item(), nil
}

// Archived says whether a list shows what is archived.
type Archived string

// Whether lists show what is archived.
const (
	ArchivedToo  Archived = ""
	ArchivedNot  Archived = "false"
	ArchivedOnly Archived = "true"
)

// RoleFilter says which roles a list shows.
type RoleFilter struct {
	Archived Archived `json:"a,omitzero"`
}

// Roles lists the roles that the organization knows: the built-in ones, the
// highest level first, and then its own, the oldest first.
func (m *ReadModels) Roles(org domain.OrganizationID, f RoleFilter, p Page) (list List[domain.CustomRole], err error) {
	const rows = `
		SELECT ` + roleColumns + ` FROM roles r
		WHERE r.key > +?2 AND CASE +?3 WHEN '' THEN 1 WHEN 'true' THEN r.archived_at IS NOT NULL ELSE r.archived_at IS NULL END`
	err = m.read(func(c *conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		at, err := start(p, "roles", organization, f)
		if err != nil {
			return err
		}
		list, err = page(c, at, p.size(), &roleRow{organization: org},
			rows+` AND r.organization = 0 UNION ALL `+rows+` AND r.organization = +?1 ORDER BY key LIMIT +?4`,
			organization, at.Last.N[0], string(at.Filter.Archived))
		return err
	})
	return list, err
}

// Permissions lists the permissions that are in use in the organization, in
// alphabetical order: those of the roles that it knows, and those that single
// memberships have.
func (m *ReadModels) Permissions(org domain.OrganizationID, p Page) (list List[domain.Permission], err error) {
	list.Items = []domain.Permission{}
	err = m.read(func(c *conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		at, err := start(p, "permissions", organization, noFilter{})
		if err != nil {
			return err
		}
		all, err := c.permissions(organization)
		if err != nil {
			return err
		}
		from, _ := slices.BinarySearch(all, domain.Permission(at.Last.Text+"\x00")) // what comes right after it
		all = all[from:]
		if n := p.size(); len(all) > n {
			all = all[:n]
			list.Next, err = at.after(mark{Text: string(all[n-1])})
		}
		list.Items = append(list.Items, all...)
		return err
	})
	return list, err
}

// permissions answers what is in use in the organization, sorted.
func (c *conn) permissions(organization int64) ([]domain.Permission, error) {
	rows, err := c.query(`
		SELECT permissions FROM roles WHERE organization = 0
		UNION ALL SELECT permissions FROM roles WHERE organization = +?1
		UNION ALL
		SELECT m.permissions
		FROM workspaces w CROSS JOIN memberships m ON m.workspace = w.key AND m.permissions IS NOT NULL AND m.state <> 'removed'
		WHERE w.organization = +?1`, organization)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	seen := make(map[string]bool)
	words := make(map[domain.Permission]bool)
	for rows.Next() {
		var text string
		if err := rows.Scan(scanText(&text)); err != nil {
			return nil, err
		}
		if seen[text] { // many members have the same list
			continue
		}
		seen[text] = true
		for _, word := range splitWords[domain.Permission](text) {
			words[word] = true
		}
	}
	all := make([]domain.Permission, 0, len(words))
	for word := range words {
		all = append(all, word)
	}
	slices.Sort(all)
	return all, rows.Err()
}
