package domain

import (
	"fmt"
	"time"
)

// CreateWorkspace creates a workspace with its first owner.
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

func (c CreateWorkspace) needs(keys []Key, s *State) []Key {
	return givenNeeds(memberNeeds(keys, s, c.Meta, c.Workspace, c.Owner), c.Organization, c.Workspace, RoleOwner)
}

func (c CreateWorkspace) decide(s *State, at time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	by, err := s.everywhere(c.Meta, at)
	if err != nil {
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
	if err := s.mayGive(by, c.Organization, Terms{Role: RoleOwner}, at); err != nil {
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

func (c RenameWorkspace) target(*State) Key { return WorkspaceKey(c.Workspace) }
func (c RenameWorkspace) needs(keys []Key, s *State) []Key {
	return workspaceNeeds(keys, s, c.Meta, c.Workspace)
}

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

// ArchiveWorkspace stops all changes in a workspace until it is restored.
type ArchiveWorkspace struct {
	Meta
	Workspace WorkspaceID
}

// CommandType is archive_workspace.
func (ArchiveWorkspace) CommandType() string { return "archive_workspace" }

func (c ArchiveWorkspace) target(*State) Key { return WorkspaceKey(c.Workspace) }
func (c ArchiveWorkspace) needs(keys []Key, s *State) []Key {
	return workspaceNeeds(keys, s, c.Meta, c.Workspace)
}

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

func (c RestoreWorkspace) target(*State) Key { return WorkspaceKey(c.Workspace) }
func (c RestoreWorkspace) needs(keys []Key, s *State) []Key {
	return workspaceNeeds(keys, s, c.Meta, c.Workspace)
}

func (c RestoreWorkspace) decide(s *State, at time.Time) ([]Event, error) {
	ws, err := s.mayManageWorkspace(c.Meta, c.Workspace, at)
	if err != nil || ws.ArchivedAt.IsZero() {
		return nil, err
	}
	return []Event{WorkspaceRestored{About{Organization: c.Organization, Workspace: c.Workspace}}}, nil
}
