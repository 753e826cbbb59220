package projections

import "github.com/muster-dev/muster/domain"

func (p *projector) workspaceCreated(e domain.WorkspaceCreated, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	at := r.Time.UnixMilli()
	_, err = p.exec(`INSERT INTO workspaces (key, id, organization, name, created_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		key, e.Workspace[:], organization, e.Name, at, at, int64(r.Number))
	if err == nil {
		p.workspaces.Add(e.Workspace, key)
	}
	return err
}

func (p *projector) workspaceRenamed(e domain.WorkspaceRenamed, r *domain.Recorded) error {
	return p.change(`UPDATE workspaces SET name = ?, updated_at = ?, version = ? WHERE id = ?`,
		e.Name.To, r.Time.UnixMilli(), int64(r.Number), e.Workspace[:])
}

func (p *projector) workspaceArchived(e domain.WorkspaceArchived, r *domain.Recorded) error {
	at := r.Time.UnixMilli()
	return p.change(`UPDATE workspaces SET archived_at = ?, updated_at = ?, version = ? WHERE id = ?`,
		at, at, int64(r.Number), e.Workspace[:])
}

func (p *projector) workspaceRestored(e domain.WorkspaceRestored, r *domain.Recorded) error {
	return p.change(`UPDATE workspaces SET archived_at = NULL, updated_at = ?, version = ? WHERE id = ?`,
		r.Time.UnixMilli(), int64(r.Number), e.Workspace[:])
}

const workspaceColumns = `w.key, w.id, w.name, w.archived_at, w.created_at, w.updated_at, w.version,
	(SELECT count(*) FROM memberships WHERE workspace = w.key AND role = 1 AND state = 'active' AND expires_at IS NULL)`

type workspaceRow struct {
	key              int64
	domain.Workspace // of which the organization is not scanned
}

func (r *workspaceRow) dest() []any {
	return []any{
		scanNumber(&r.key), scanID(&r.ID), scanText(&r.Name), scanTime(&r.ArchivedAt),
		scanTime(&r.CreatedAt), scanTime(&r.UpdatedAt), scanNumber(&r.Version), scanNumber(&r.Owners),
	}
}

func (r *workspaceRow) item() domain.Workspace { return r.Workspace }
func (r *workspaceRow) place() mark            { return mark{N: [3]int64{r.key}} }

func (c *conn) workspace(id domain.WorkspaceID) (*domain.Workspace, error) {
	var r workspaceRow
	err := c.row(append(r.dest(), scanID(&r.Organization)), `
		SELECT `+workspaceColumns+`, o.id
		FROM workspaces w JOIN organizations o ON o.key = w.organization
		WHERE w.id = +?`, id[:])
	return &r.Workspace, err
}

// workspaceHead is what a query about a workspace begins with.
type workspaceHead struct {
	key             int64
	organizationKey int64
	id              domain.WorkspaceID
	organization    domain.OrganizationID
}

func (c *conn) workspaceHead(id domain.WorkspaceID) (workspaceHead, error) {
	h := workspaceHead{id: id}
	err := c.row([]any{scanNumber(&h.key), scanNumber(&h.organizationKey), scanID(&h.organization)}, `
		SELECT w.key, o.key, o.id
		FROM workspaces w JOIN organizations o ON o.key = w.organization
		WHERE w.id = +?`, id[:])
	return h, err
}

// Workspace answers the workspace, or [ErrNotFound].
func (m *ReadModels) Workspace(id domain.WorkspaceID) (domain.Workspace, error) {
	var workspace *domain.Workspace
	err := m.read(func(c *conn) (err error) {
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
func (m *ReadModels) Workspaces(org domain.OrganizationID, p Page) (list List[domain.Workspace], err error) {
	err = m.read(func(c *conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		at, err := start(p, "workspaces", organization, noFilter{})
		if err != nil {
			return err
		}
		row := &workspaceRow{Workspace: domain.Workspace{Organization: org}}
		list, err = page(c, at, p.size(), row, `
			SELECT `+workspaceColumns+`
			FROM workspaces w
			WHERE w.organization = +? AND w.key > +?
			ORDER BY w.key LIMIT +?`, organization, at.Last.N[0])
		return err
	})
	return list, err
}
