package projections

import (
	"math"

	"github.com/muster-dev/muster/domain"
)

func (p *projector) organizationCreated(e domain.OrganizationCreated, r *domain.Recorded, key int64) error {
	at := r.Time.UnixMilli()
	_, err := p.exec(`INSERT INTO organizations (key, id, name, created_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?)`,
		key, e.Organization[:], e.Name, at, at, int64(r.Number))
	if err == nil {
		p.organizations.Add(e.Organization, key)
	}
	return err
}

func (p *projector) organizationRenamed(e domain.OrganizationRenamed, r *domain.Recorded) error {
	return p.change(`UPDATE organizations SET name = ?, updated_at = ?, version = ? WHERE id = ?`,
		e.Name.To, r.Time.UnixMilli(), int64(r.Number), e.Organization[:])
}

const organizationColumns = `o.key, o.id, o.name, o.created_at, o.updated_at, o.version,
	(SELECT count(*) FROM people WHERE organization = o.key AND role = 'owner' AND suspended_at IS NULL)`

type organizationRow struct {
	key int64
	domain.Organization
}

func (r *organizationRow) dest() []any {
	return []any{
		scanNumber(&r.key), scanID(&r.ID), scanText(&r.Name),
		scanTime(&r.CreatedAt), scanTime(&r.UpdatedAt), scanNumber(&r.Version), scanNumber(&r.Owners),
	}
}

func (r *organizationRow) item() domain.Organization { return r.Organization }
func (r *organizationRow) place() mark               { return mark{N: [3]int64{r.CreatedAt.UnixMilli(), r.key}} }

func (c *conn) organization(id domain.OrganizationID) (*domain.Organization, error) {
	var r organizationRow
	err := c.row(r.dest(), `SELECT `+organizationColumns+` FROM organizations o WHERE o.id = +?`, id[:])
	return &r.Organization, err
}

// organizationKey answers the key of an organization's row.
func (c *conn) organizationKey(id domain.OrganizationID) (key int64, err error) {
	err = c.row([]any{scanNumber(&key)}, `SELECT key FROM organizations WHERE id = +?`, id[:])
	return key, err
}

// Organization answers the organization, or [ErrNotFound].
func (m *ReadModels) Organization(id domain.OrganizationID) (domain.Organization, error) {
	var org *domain.Organization
	err := m.read(func(c *conn) (err error) {
		org, err = c.organization(id)
		return err
	})
	if err != nil {
		return domain.Organization{}, err
	}
	return *org, nil
}

// Organizations lists all organizations, the oldest first.
func (m *ReadModels) Organizations(p Page) (list List[domain.Organization], err error) {
	at, err := start(p, "organizations", 0, noFilter{})
	if err != nil {
		return list, err
	}
	if p.After == "" {
		at.Last.N[0] = math.MinInt64
	}
	err = m.read(func(c *conn) error {
		list, err = page(c, at, p.size(), &organizationRow{}, `
			SELECT `+organizationColumns+`
			FROM organizations o
			WHERE (o.created_at, o.key) > (+?, +?)
			ORDER BY o.created_at, o.key LIMIT +?`, at.Last.N[0], at.Last.N[1])
		return err
	})
	return list, err
}
