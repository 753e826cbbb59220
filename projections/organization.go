package projections

import (
	"context"
	"math"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

func (p *projector) organizationCreated(e domain.OrganizationCreated, r *domain.Recorded, key int64) error {
	at := r.Time.UnixMilli()
	_, err := p.Exec(`INSERT INTO organizations (key, id, name, created_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?)`,
		key, e.Organization[:], e.Name, at, at, int64(r.Number))
	if err == nil {
		p.facts.addOrganization(e.Organization, key)
	}
	return err
}

func (p *projector) organizationRenamed(e domain.OrganizationRenamed, r *domain.Recorded) error {
	return p.Change(`UPDATE organizations SET name = ?, updated_at = ?, version = ? WHERE id = ?`,
		e.Name.To, r.Time.UnixMilli(), int64(r.Number), e.Organization[:])
}

const organizationColumns = `o.key, o.id, o.name, o.created_at, o.updated_at, o.version,
	(SELECT count(*) FROM people WHERE organization = o.key AND role = 'owner' AND suspended_at IS NULL)`

type organizationRow struct {
	key int64
	domain.Organization
}

func (r *organizationRow) Dest() []any {
	return []any{
		sqlite.Number(&r.key), scanID(&r.ID), sqlite.Text(&r.Name),
		sqlite.Time(&r.CreatedAt), sqlite.Time(&r.UpdatedAt), sqlite.Number(&r.Version), sqlite.Number(&r.Owners),
	}
}

func (r *organizationRow) Item() domain.Organization { return r.Organization }

func (r *organizationRow) Place() sqlite.Place {
	return sqlite.Place{N: [3]int64{r.CreatedAt.UnixMilli(), r.key}}
}

func (c conn) organization(id domain.OrganizationID) (*domain.Organization, error) {
	var r organizationRow
	err := c.Row(r.Dest(), `SELECT `+organizationColumns+` FROM organizations o WHERE o.id = +?`, id[:])
	return &r.Organization, err
}

// Organization returns the organization, or [ErrNotFound].
func (q *Queries) Organization(id domain.OrganizationID) (domain.Organization, error) {
	var org *domain.Organization
	err := q.read(func(c conn) (err error) {
		org, err = c.organization(id)
		return err
	})
	if err != nil {
		return domain.Organization{}, err
	}
	return *org, nil
}

// Organizations lists all organizations, the oldest first.
func (q *Queries) Organizations(ctx context.Context, p Page) (list List[domain.Organization], err error) {
	from, err := sqlite.ReadCursor(p, "organizations", 0, sqlite.NoFilter{})
	if err != nil {
		return list, err
	}
	if p.After == "" {
		from.Last.N[0] = math.MinInt64
	}
	err = q.list(ctx, func(c conn) error {
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), &organizationRow{}, `
			SELECT `+organizationColumns+`
			FROM organizations o
			WHERE (o.created_at, o.key) > (+?, +?)
			ORDER BY o.created_at, o.key LIMIT +?`, from.Last.N[0], from.Last.N[1])
		return err
	})
	return list, err
}
