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
	// Owners counts the active owners whose membership does not end by itself; it is
	// never 0 again once it was 1.
	Owners     int
	ArchivedAt time.Time // zero: not archived
	Stamp
}

func (w *Workspace) clone() Part { c := *w; return &c }

// WorkspaceCreated: there is a new workspace.
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

// CreateWorkspace makes a workspace and its first owner.
type CreateWorkspace struct {
	Meta
	Workspace WorkspaceID
	Name      string
	Owner     UserID
	// Membership is the id of the owner's membership.
	Membership MembershipID
}

// CommandType is create_workspace.
func (CreateWorkspace) CommandType() string { return "create_workspace" }

func (c CreateWorkspace) target(*State) Key { return WorkspaceKey(c.Workspace) }

func (c CreateWorkspace) needs(s *State) []Key {
	return memberNeeds(s, c.Meta, c.Workspace, c.Owner)
}

func (c CreateWorkspace) decide(s *State, _ time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	if _, err := s.organizationAuthority(c.Meta); err != nil {
		return nil, err
	}
	if s.Workspace(c.Workspace) != nil {
		return nil, fmt.Errorf("workspace %s: %w", c.Workspace, ErrWorkspaceExists)
	}
	if err := checkName("/name", c.Name); err != nil {
		return nil, err
	}
	if err := checkUser("/owner_user_id", c.Owner); err != nil {
		return nil, err
	}
	return []Event{
		WorkspaceCreated{About{c.Organization, c.Workspace, UserID{}}, c.Name},
		MemberAdded{About: About{c.Organization, c.Workspace, c.Owner}, Membership: c.Membership, Role: RoleOwner},
	}, nil
}

// RenameWorkspace gives a workspace another name.
type RenameWorkspace struct {
	Meta
	Workspace WorkspaceID
	Name      string
}

// CommandType is rename_workspace.
func (RenameWorkspace) CommandType() string { return "rename_workspace" }

func (c RenameWorkspace) target(*State) Key    { return WorkspaceKey(c.Workspace) }
func (c RenameWorkspace) needs(s *State) []Key { return workspaceNeeds(s, c.Meta, c.Workspace) }

func (c RenameWorkspace) decide(s *State, at time.Time) ([]Event, error) {
	ws, _, err := s.mayChangeWorkspace(c.Meta, c.Workspace, at)
	if err != nil {
		return nil, err
	}
	if err := checkName("/name", c.Name); err != nil {
		return nil, err
	}
	if ws.Name == c.Name {
		return nil, nil
	}
	return []Event{WorkspaceRenamed{About{Organization: c.Organization, Workspace: c.Workspace}, Change[string]{ws.Name, c.Name}}}, nil
}

// ArchiveWorkspace ends all change in a workspace, until it is restored.
type ArchiveWorkspace struct {
	Meta
	Workspace WorkspaceID
}

// CommandType is archive_workspace.
func (ArchiveWorkspace) CommandType() string { return "archive_workspace" }

func (c ArchiveWorkspace) target(*State) Key    { return WorkspaceKey(c.Workspace) }
func (c ArchiveWorkspace) needs(s *State) []Key { return workspaceNeeds(s, c.Meta, c.Workspace) }

func (c ArchiveWorkspace) decide(s *State, at time.Time) ([]Event, error) {
	ws, err := s.mayManageWorkspace(c.Meta, c.Workspace, at)
	if err != nil || !ws.ArchivedAt.IsZero() {
		return nil, err
	}
	return []Event{WorkspaceArchived{About{Organization: c.Organization, Workspace: c.Workspace}}}, nil
}

// RestoreWorkspace undoes [ArchiveWorkspace].
type RestoreWorkspace struct {
	Meta
	Workspace WorkspaceID
}

// CommandType is restore_workspace.
func (RestoreWorkspace) CommandType() string { return "restore_workspace" }

func (c RestoreWorkspace) target(*State) Key    { return WorkspaceKey(c.Workspace) }
func (c RestoreWorkspace) needs(s *State) []Key { return workspaceNeeds(s, c.Meta, c.Workspace) }

func (c RestoreWorkspace) decide(s *State, at time.Time) ([]Event, error) {
	ws, err := s.mayManageWorkspace(c.Meta, c.Workspace, at)
	if err != nil || ws.ArchivedAt.IsZero() {
		return nil, err
	}
	return []Event{WorkspaceRestored{About{Organization: c.Organization, Workspace: c.Workspace}}}, nil
}

// workspace answers the workspace, when it is one of the command's organization.
func (s *State) workspace(m Meta, id WorkspaceID) (*Workspace, error) {
	if ws := s.Workspace(id); ws != nil && ws.Organization == m.Organization {
		return ws, nil
	}
	return nil, fmt.Errorf("workspace %s: %w", id, ErrUnknownWorkspace)
}

// mayManageWorkspace answers the workspace, when the actor may manage it.
func (s *State) mayManageWorkspace(m Meta, id WorkspaceID, at time.Time) (*Workspace, error) {
	ws, err := s.workspace(m, id)
	if err != nil {
		return nil, err
	}
	if _, err := s.workspaceAuthority(m, id, at); err != nil {
		return nil, err
	}
	return ws, nil
}

// mayChangeWorkspace answers the workspace and as what the actor manages it, when
// it can be changed now.
func (s *State) mayChangeWorkspace(m Meta, id WorkspaceID, at time.Time) (*Workspace, authority, error) {
	ws, err := s.workspace(m, id)
	if err != nil {
		return nil, authority{}, err
	}
	by, err := s.workspaceAuthority(m, id, at)
	if err != nil {
		return nil, authority{}, err
	}
	if !ws.ArchivedAt.IsZero() {
		return nil, authority{}, fmt.Errorf("workspace %s: %w", id, ErrWorkspaceArchived)
	}
	return ws, by, nil
}
