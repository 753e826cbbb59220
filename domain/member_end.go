package domain

import (
	"fmt"
	"time"
)

// RemoveMember ends a membership, or takes back an invitation. Removing one who
// was removed before changes nothing.
type RemoveMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
}

// CommandType is remove_member.
func (RemoveMember) CommandType() string { return "remove_member" }

func (c RemoveMember) target(*State) Key    { return MembershipKey(c.Workspace, c.User) }
func (c RemoveMember) needs(s *State) []Key { return memberNeeds(s, c.Meta, c.Workspace, c.User) }

func (c RemoveMember) decide(s *State, at time.Time) ([]Event, error) {
	ws, by, err := s.mayChangeWorkspace(c.Meta, c.Workspace, at)
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
	if err := ws.mayLose(member); err != nil {
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

func (c LeaveWorkspace) target(*State) Key    { return MembershipKey(c.Workspace, c.User) }
func (c LeaveWorkspace) needs(s *State) []Key { return memberNeeds(s, c.Meta, c.Workspace, c.User) }

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
	if err := ws.mayLose(member); err != nil {
		return nil, err
	}
	return []Event{MemberLeft{About{c.Organization, c.Workspace, c.User}, member.ID, member.Role}}, nil
}

// mustBe refuses everybody but the user, through a token that reaches the
// workspace.
func (m Meta) mustBe(user UserID, ws WorkspaceID) error {
	if bound := m.Actor.Credential.Workspace; !bound.IsZero() && bound != ws {
		return fmt.Errorf("the token is bound to workspace %s: %w", bound, ErrNotAllowed)
	}
	if m.person() != user || user.IsZero() {
		return fmt.Errorf("only user %s can do this, through a token bound to them or on their behalf: %w", user, ErrNotAllowed)
	}
	return nil
}

// ExpireMember writes down that a membership or an invitation has come to its end.
// Muster itself does this; before the instant, or a second time, it changes
// nothing.
type ExpireMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
}

// CommandType is expire_member.
func (ExpireMember) CommandType() string { return "expire_member" }

func (c ExpireMember) target(*State) Key    { return MembershipKey(c.Workspace, c.User) }
func (c ExpireMember) needs(s *State) []Key { return memberNeeds(s, c.Meta, c.Workspace, c.User) }

func (c ExpireMember) decide(s *State, at time.Time) ([]Event, error) {
	if c.Actor.Kind != ActorSystem {
		return nil, fmt.Errorf("memberships expire by themselves: %w", ErrNotAllowed)
	}
	if _, err := s.workspace(c.Meta, c.Workspace); err != nil {
		return nil, err
	}
	return s.Membership(c.Workspace, c.User).expired(at), nil
}

// expired answers the event that a membership has come to its end by itself, when
// it has and no event says so.
func (m *Membership) expired(at time.Time) []Event {
	if m == nil || m.State == MembershipRemoved || m.present(at) {
		return nil
	}
	return []Event{MemberExpired{About{m.Organization, m.Workspace, m.User}, m.ID, m.Role}}
}

// mayLose refuses the end of the last membership that makes an owner.
func (w *Workspace) mayLose(member *Membership) error {
	if member.owns() && w.Owners == 1 {
		return fmt.Errorf("workspace %s: %w", w.ID, ErrLastOwner)
	}
	return nil
}
