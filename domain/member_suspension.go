package domain

import (
	"fmt"
	"time"
)

// SuspendMember takes a member's access for a while. The membership stays.
type SuspendMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
}

// CommandType is suspend_member.
func (SuspendMember) CommandType() string { return "suspend_member" }

func (c SuspendMember) target(*State) Key    { return MembershipKey(c.Workspace, c.User) }
func (c SuspendMember) needs(s *State) []Key { return memberNeeds(s, c.Meta, c.Workspace, c.User) }

func (c SuspendMember) decide(s *State, at time.Time) ([]Event, error) {
	ws, _, member, err := s.mayChangeMember(c.Meta, c.Workspace, c.User, at)
	if err != nil {
		return nil, err
	}
	switch member.State {
	case MembershipSuspended:
		return nil, nil
	case MembershipInvited:
		return nil, fmt.Errorf("user %s is invited, and has no access to suspend: %w", c.User, ErrNotActive)
	}
	if err := ws.mayLose(member); err != nil {
		return nil, err
	}
	return []Event{MemberSuspended{About{c.Organization, c.Workspace, c.User}, member.ID}}, nil
}

// ReinstateMember gives a suspended member their access back.
type ReinstateMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
}

// CommandType is reinstate_member.
func (ReinstateMember) CommandType() string { return "reinstate_member" }

func (c ReinstateMember) target(*State) Key    { return MembershipKey(c.Workspace, c.User) }
func (c ReinstateMember) needs(s *State) []Key { return memberNeeds(s, c.Meta, c.Workspace, c.User) }

func (c ReinstateMember) decide(s *State, at time.Time) ([]Event, error) {
	_, _, member, err := s.mayChangeMember(c.Meta, c.Workspace, c.User, at)
	if err != nil {
		return nil, err
	}
	switch member.State {
	case MembershipActive:
		return nil, nil
	case MembershipInvited:
		return nil, fmt.Errorf("user %s is invited, and was never suspended: %w", c.User, ErrNotActive)
	}
	return []Event{MemberReinstated{About{c.Organization, c.Workspace, c.User}, member.ID}}, nil
}
