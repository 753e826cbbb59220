package projections

import (
	"context"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

func (p *projector) reviewOpened(e domain.ReviewOpened, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	at, v := r.Time.UnixMilli(), &e.Review
	_, err = p.Exec(`
		INSERT INTO reviews (key, id, organization, workspace, name, as_of, at, rows, due_at, opened_by, created_at, updated_at, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		key, v.ID[:], organization, idOrNull(e.Workspace), v.Name, int64(v.AsOf), v.At.UnixMilli(), v.Rows, sqlite.TimeOrNull(v.DueAt), r.Adder(), at, at, int64(r.Number)) //nolint:gosec // far below 2^63
	return err
}

func (p *projector) reviewRowDecided(e domain.ReviewRowDecided, r *domain.Recorded, key int64) error {
	at := r.Time.UnixMilli()
	if err := p.Change(`UPDATE reviews SET kept = kept + ?, revoked = revoked + ?, updated_at = ?, version = ? WHERE id = ?`,
		more(domain.ReviewKept, &e), more(domain.ReviewRevoked, &e), at, int64(r.Number), e.ID[:]); err != nil {
		return err
	}
	_, err := p.Exec(`
		INSERT INTO review_rows (key, review, workspace, user, decision, reason, reviewer, event, created_at, updated_at, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (review, workspace, user) DO UPDATE SET decision = excluded.decision, reason = excluded.reason,
			reviewer = excluded.reviewer, event = excluded.event, updated_at = excluded.updated_at, version = excluded.version`,
		key, e.ID[:], e.Workspace[:], e.User[:], string(e.Decision), e.Why, r.Adder(), r.ID[:], at, at, int64(r.Number))
	return err
}

// more returns by how many rows more or less the event makes that were decided so.
func more(decision domain.ReviewDecision, e *domain.ReviewRowDecided) (n int) {
	if e.Decision == decision {
		n++
	}
	if e.Before == decision {
		n--
	}
	return n
}

func (p *projector) reviewClosed(e domain.ReviewClosed, r *domain.Recorded) error {
	at := r.Time.UnixMilli()
	return p.Change(`UPDATE reviews SET closed_at = ?, closed_by = ?, why = ?, updated_at = ?, version = ? WHERE id = ?`,
		at, r.Adder(), e.Why, at, int64(r.Number), e.ID[:])
}

const reviewColumns = `v.key, v.id, o.id, v.workspace, v.name, v.as_of, v.at, v.rows, v.due_at, v.opened_by, v.closed_by, v.kept, v.revoked, v.closed_at, v.why,
	v.created_at, v.updated_at, v.version`

type reviewRow struct {
	key    int64
	review domain.Review
}

func (r *reviewRow) Dest() []any {
	v := &r.review
	return []any{
		sqlite.Number(&r.key), scanID(&v.ID), scanID(&v.Organization), scanID(&v.Workspace), sqlite.Text(&v.Name), sqlite.Number(&v.AsOf), sqlite.Time(&v.At), sqlite.Number(&v.Rows),
		sqlite.Time(&v.DueAt), sqlite.Text(&v.OpenedBy), sqlite.Text(&v.ClosedBy), sqlite.Number(&v.Kept), sqlite.Number(&v.Revoked),
		sqlite.Time(&v.ClosedAt), sqlite.Text(&v.Why), sqlite.Time(&v.CreatedAt), sqlite.Time(&v.UpdatedAt), sqlite.Number(&v.Version),
	}
}

func (r *reviewRow) Item() domain.Review { return r.review }
func (r *reviewRow) Place() sqlite.Place { return sqlite.Place{N: [3]int64{r.key}} }

func (c conn) review(org domain.OrganizationID, id domain.ReviewID) (*domain.Review, error) {
	var r reviewRow
	err := c.Row(r.Dest(), `
		SELECT `+reviewColumns+`
		FROM reviews v JOIN organizations o ON o.key = v.organization
		WHERE v.id = +?2 AND o.id = +?1`, org[:], id[:])
	return &r.review, err
}

const decidedColumns = `d.key, d.review, d.workspace, d.user, d.decision, d.reason, d.reviewer, d.event, d.created_at, d.updated_at, d.version`

// decidedRow is a row of a review that was decided.
type decidedRow struct {
	key   int64
	row   domain.ReviewRow
	event domain.EventID
}

func (r *decidedRow) Dest() []any {
	v := &r.row
	return []any{
		sqlite.Number(&r.key), scanID(&v.Review), scanID(&v.Workspace), scanID(&v.User), sqlite.Text(&v.Decision), sqlite.Text(&v.Reason),
		sqlite.Text(&v.Reviewer), scanEvent(&r.event), sqlite.Time(&v.CreatedAt), sqlite.Time(&v.UpdatedAt), sqlite.Number(&v.Version),
	}
}

func (r *decidedRow) Item() DecidedRow    { return DecidedRow{r.row, r.event} }
func (r *decidedRow) Place() sqlite.Place { return sqlite.Place{N: [3]int64{r.key}} }

// DecidedRow is what was decided about a row of a review.
type DecidedRow struct {
	domain.ReviewRow
	Event domain.EventID // that says so
}

func (c conn) decided(id domain.ReviewID, ws domain.WorkspaceID, user domain.UserID) (*decidedRow, error) {
	var r decidedRow
	err := c.Row(r.Dest(), `SELECT `+decidedColumns+` FROM review_rows d WHERE d.review = +?1 AND d.workspace = +?2 AND d.user = +?3`, id[:], ws[:], user[:])
	return &r, err
}

// reviewRowOf returns the part that the key of a row names.
func (c conn) reviewRowOf(k domain.Key) (*domain.ReviewRow, error) {
	var ws domain.WorkspaceID
	copy(ws[:], k.Text)
	r, err := c.decided(k.Owner, ws, k.ID)
	return &r.row, err
}

// Review returns the organization's review, or [ErrNotFound].
func (m *ReadModels) Review(org domain.OrganizationID, id domain.ReviewID) (domain.Review, error) {
	var found *domain.Review
	err := m.read(func(c conn) (err error) {
		found, err = c.review(org, id)
		return err
	})
	if err != nil {
		return domain.Review{}, err
	}
	return *found, nil
}

// ReviewFilter selects the reviews that a list shows.
type ReviewFilter struct {
	State     string             `json:"s,omitzero"` // open or closed; empty: any
	Workspace domain.WorkspaceID `json:"w,omitzero"` // zero: of any workspace and of all of them
}

// Reviews lists the organization's reviews, the oldest first.
func (m *ReadModels) Reviews(ctx context.Context, org domain.OrganizationID, f ReviewFilter, p Page) (list List[domain.Review], err error) {
	err = m.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "reviews", organization, f)
		if err != nil {
			return err
		}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), new(reviewRow), `
			SELECT `+reviewColumns+`
			FROM reviews v CROSS JOIN organizations o ON o.key = v.organization
			WHERE v.organization = +?1 AND v.key > +?2 AND (+?3 = '' OR +?3 = CASE WHEN v.closed_at IS NULL THEN 'open' ELSE 'closed' END)
				AND (+?4 IS NULL OR v.workspace = +?4)
			ORDER BY v.key LIMIT +?5`, organization, from.Last.N[0], from.Filter.State, idOrNull(from.Filter.Workspace))
		return err
	})
	return list, err
}
