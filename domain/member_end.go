package domain

import (
	"fmt"
	"time"
)

// RemoveMember ends a membership or withdraws an invitation. Removing a user who was
// removed before changes nothing.
type RemoveMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
}

// CommandType is remove_member.
func (RemoveMember) CommandType() string { return "remove_member" }

func (c RemoveMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }
func (c RemoveMember) needs(keys []Key, s *State) []Key {
	return memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
}

func (c RemoveMember) decide(s *State, at time.Time) ([]Event, error) {
	_, by, err := s.mayChangeWorkspace(c.Meta, c.Workspace, at)
	if err != nil {
		return nil, err
	}
	member := s.Membership(c.Workspace, c.User)
	if member == nil {
		return nil, fmt.Errorf("user %s in workspace %s: %w", c.User, c.Workspace, ErrUnknownMember)
	}
	if !member.present(at) {
		return nil, nil
	}
	if err := by.mayTouch(s.roleOf(member)); err != nil {
		return nil, err
	}
	if err := s.mayLose(member); err != nil {
		return nil, err
	}
	return []Event{MemberRemoved{About{c.Organization, c.Workspace, c.User}, member.ID, member.Role}}, nil
}

// LeaveWorkspace ends the actor's own membership.
type LeaveWorkspace struct {
	Meta
	Workspace WorkspaceID
	User      UserID
}

// CommandType is leave_workspace.
func (LeaveWorkspace) CommandType() string { return "leave_workspace" }

func (c LeaveWorkspace) target(*State) Key { return MembershipKey(c.Workspace, c.User) }
func (c LeaveWorkspace) needs(keys []Key, s *State) []Key {
	return memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
}

func (c LeaveWorkspace) decide(s *State, at time.Time) ([]Event, error) {
	ws, err := s.workspace(c.Meta, c.Workspace)
	if err != nil {
		return nil, err
	}
	if err := c.mustBe(c.User, c.Workspace); err != nil {
		return nil, err
	}
	if !ws.ArchivedAt.IsZero() {
		return nil, fmt.Errorf("workspace %s: %w", ws.ID, ErrWorkspaceArchived)
	}
	member := s.Membership(c.Workspace, c.User)
	if member == nil {
		return nil, fmt.Errorf("user %s in workspace %s: %w", c.User, c.Workspace, ErrUnknownMember)
	}
	if !member.present(at) {
		return nil, nil
	}
	if err := s.mayLose(member); err != nil {
		return nil, err
	}
	return []Event{MemberLeft{About{c.Organization, c.Workspace, c.User}, member.ID, member.Role}}, nil
}

// ExpireMember records that a membership or an invitation has expired. Muster itself
// issues it. It changes nothing before the end, or if the end is recorded already.
type ExpireMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
}

// CommandType is expire_member.
func (ExpireMember) CommandType() string { return "expire_member" }

func (c ExpireMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }
func (c ExpireMember) needs(keys []Key, s *State) []Key {
	return memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
}

func (c ExpireMember) decide(s *State, at time.Time) ([]Event, error) {
	if c.Actor.Kind != ActorSystem {
		return nil, fmt.Errorf("memberships expire by themselves: %w", ErrNotAllowed)
	}
	if _, err := s.workspace(c.Meta, c.Workspace); err != nil {
		return nil, err
	}
	return s.Membership(c.Workspace, c.User).expired(at), nil
}

// expired returns the event that the membership has expired. It returns none if the
// membership has not expired or an event says so already.
func (m *Membership) expired(at time.Time) []Event {
	if m == nil || m.State == MembershipRemoved || m.present(at) {
		return nil
	}
	return []Event{MemberExpired{About{m.Organization, m.Workspace, m.User}, m.ID, m.Role}}
}
