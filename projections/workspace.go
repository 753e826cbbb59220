package projections

import (
	"context"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

func (p *projector) workspaceCreated(e domain.WorkspaceCreated, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	at := r.Time.UnixMilli()
	_, err = p.Exec(`INSERT INTO workspaces (key, id, organization, name, created_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		key, e.Workspace[:], organization, e.Name, at, at, int64(r.Number))
	if err == nil {
		p.facts.addWorkspace(FoundWorkspace{ID: e.Workspace, Organization: e.Organization, CreatedAt: r.Time, key: key, organizationKey: organization})
	}
	return err
}

func (p *projector) workspaceRenamed(e domain.WorkspaceRenamed, r *domain.Recorded) error {
	return p.Change(`UPDATE workspaces SET name = ?, updated_at = ?, version = ? WHERE id = ?`,
		e.Name.To, r.Time.UnixMilli(), int64(r.Number), e.Workspace[:])
}

func (p *projector) workspaceArchived(e domain.WorkspaceArchived, r *domain.Recorded) error {
	at := r.Time.UnixMilli()
	return p.Change(`UPDATE workspaces SET archived_at = ?, updated_at = ?, version = ? WHERE id = ?`,
		at, at, int64(r.Number), e.Workspace[:])
}

func (p *projector) workspaceRestored(e domain.WorkspaceRestored, r *domain.Recorded) error {
	return p.Change(`UPDATE workspaces SET archived_at = NULL, updated_at = ?, version = ? WHERE id = ?`,
		r.Time.UnixMilli(), int64(r.Number), e.Workspace[:])
}

const workspaceColumns = `w.key, w.id, w.name, w.archived_at, w.created_at, w.updated_at, w.version`

type workspaceRow struct {
	key              int64
	domain.Workspace // whose organization is not scanned
}

func (r *workspaceRow) Dest() []any { return []any{r} }

// ScanColumns implements [sqlite.Columns] with the [workspaceColumns].
func (r *workspaceRow) ScanColumns(v *sqlite.Values) {
	r.key, r.ID = v.Number(), domain.WorkspaceID(v.ID())
	sqlite.TakeText(v, &r.Name)
	r.ArchivedAt, r.CreatedAt, r.UpdatedAt = v.Time(), v.Time(), v.Time()
	r.Version = uint64(v.Number()) //nolint:gosec // numbers are positive
}

func (r *workspaceRow) Item() domain.Workspace { return r.Workspace }
func (r *workspaceRow) Place() sqlite.Place    { return sqlite.Place{N: [3]int64{r.key}} }

func (c conn) workspace(id domain.WorkspaceID) (*domain.Workspace, error) {
	found, err := c.findWorkspace(id)
	if err != nil {
		return nil, err
	}
	return c.foundWorkspace(&found)
}

// foundWorkspace returns the workspace that was found.
func (c conn) foundWorkspace(found *FoundWorkspace) (*domain.Workspace, error) {
	r := workspaceRow{Workspace: domain.Workspace{Organization: found.Organization}}
	err := c.Row(r.Dest(), `SELECT `+workspaceColumns+` FROM workspaces w WHERE w.key = +?`, found.key)
	return &r.Workspace, err
}

// FoundWorkspace is a workspace that [ReadModels.FindWorkspace] has found, with the facts
// about it that never change. Lists that belong to a workspace take it as an argument, so
// that one request looks the workspace up only once. It stays valid while the read models
// are open.
type FoundWorkspace struct {
	ID              domain.WorkspaceID
	Organization    domain.OrganizationID
	CreatedAt       time.Time
	key             int64
	organizationKey int64
}

// FindWorkspace returns the workspace, or [ErrNotFound].
func (q *Queries) FindWorkspace(id domain.WorkspaceID) (found FoundWorkspace, err error) {
	if w, ok := q.facts.workspace(id); ok && (conn{asOf: q.asOf}).sees(w.key) {
		return w, q.intact()
	}
	err = q.read(func(c conn) error {
		found, err = c.findWorkspace(id)
		return err
	})
	return found, err
}

func (c conn) findWorkspace(id domain.WorkspaceID) (FoundWorkspace, error) {
	if w, ok := c.facts.workspace(id); ok && c.sees(w.key) {
		return w, nil
	}
	w := FoundWorkspace{ID: id}
	err := c.Row([]any{sqlite.Number(&w.key), sqlite.Number(&w.organizationKey), scanID(&w.Organization), sqlite.Time(&w.CreatedAt)}, `
		SELECT w.key, o.key, o.id, w.created_at
		FROM workspaces w JOIN organizations o ON o.key = w.organization
		WHERE w.id = +?`, id[:])
	if err == nil {
		c.facts.addWorkspace(w)
	}
	return w, err
}

// Workspace returns the workspace, or [ErrNotFound].
func (q *Queries) Workspace(id domain.WorkspaceID) (domain.Workspace, error) {
	var workspace *domain.Workspace
	err := q.read(func(c conn) (err error) {
		workspace, err = c.workspace(id)
		return err
	})
	if err != nil {
		return domain.Workspace{}, err
	}
	return *workspace, nil
}

// Workspaces lists the organization's workspaces, archived ones included, the
// oldest first.
func (q *Queries) Workspaces(ctx context.Context, org domain.OrganizationID, p Page) (list List[domain.Workspace], err error) {
	err = q.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "workspaces", organization, sqlite.NoFilter{})
		if err != nil {
			return err
		}
		row := &workspaceRow{Workspace: domain.Workspace{Organization: org}}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), row, `
			SELECT `+workspaceColumns+`
			FROM workspaces w
			WHERE w.organization = +? AND w.key > +?
			ORDER BY w.key LIMIT +?`, organization, from.Last.N[0])
		return err
	})
	return list, err
}
