package domain

import (
	"fmt"
	"time"
)

// Workspace is the header of the workspace aggregate: the thing that people are
// members of.
type Workspace struct {
	ID           WorkspaceID
	Organization OrganizationID
	Name         string
	ArchivedAt   time.Time // zero: not archived
	Stamp
}

func (w *Workspace) key() Key    { return WorkspaceKey(w.ID) }
func (w *Workspace) clone() Part { c := *w; return &c }

// Workspace returns the workspace's header, or nil if there is none.
func (s *State) Workspace(ws WorkspaceID) *Workspace {
	return PartOf[*Workspace](s, WorkspaceKey(ws))
}

// WorkspaceCreated: the workspace was created.
type WorkspaceCreated struct {
	About `json:"-"`
	Name  string `json:"name"`
}

// WorkspaceRenamed: the workspace has another name.
type WorkspaceRenamed struct {
	About `json:"-"`
	Name  Change[string] `json:"name"`
}

// WorkspaceArchived: the workspace can be read but not changed.
type WorkspaceArchived struct {
	About `json:"-"`
}

// WorkspaceRestored: the workspace can be changed again.
type WorkspaceRestored struct {
	About `json:"-"`
}

// EventType is muster.workspace.created.
func (WorkspaceCreated) EventType() string { return "muster.workspace.created" }

// EventType is muster.workspace.renamed.
func (WorkspaceRenamed) EventType() string { return "muster.workspace.renamed" }

// EventType is muster.workspace.archived.
func (WorkspaceArchived) EventType() string { return "muster.workspace.archived" }

// EventType is muster.workspace.restored.
func (WorkspaceRestored) EventType() string { return "muster.workspace.restored" }

func (w *Workspace) rename(e WorkspaceRenamed, r *Recorded) {
	w.Name = e.Name.To
	w.touch(r)
}

func (w *Workspace) archive(r *Recorded) {
	w.ArchivedAt = r.Time
	w.touch(r)
}

func (w *Workspace) restore(r *Recorded) {
	w.ArchivedAt = time.Time{}
	w.touch(r)
}

// workspace returns the workspace. It refuses one of another organization.
func (s *State) workspace(m Meta, id WorkspaceID) (*Workspace, error) {
	if ws := s.Workspace(id); ws != nil && ws.Organization == m.Organization {
		return ws, nil
	}
	return nil, fmt.Errorf("workspace %s: %w", id, ErrUnknownWorkspace)
}
