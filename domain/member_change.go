package domain

import (
	"fmt"
	"time"
)

// ChangeMember changes the terms of a membership that are given.
type ChangeMember struct {
	Meta
	Workspace   WorkspaceID
	User        UserID
	Role        *RoleKey      // nil: unchanged
	Permissions *[]Permission // nil: unchanged; a nil list: those of the role
	ExpiresAt   *time.Time    // nil: unchanged; zero: never
}

// CommandType is change_member.
func (ChangeMember) CommandType() string { return "change_member" }

func (c ChangeMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }

func (c ChangeMember) needs(keys []Key, s *State) []Key {
	keys = memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
	if c.Role != nil {
		keys = givenNeeds(keys, c.Organization, c.Workspace, *c.Role)
	}
	return keys
}

func (c ChangeMember) decide(s *State, at time.Time) ([]Event, error) {
	_, by, member, err := s.mayChangeMember(c.Meta, c.Workspace, c.User, at)
	if err != nil {
		return nil, err
	}
	after := *member
	if err := c.apply(s, by, &after, at); err != nil {
		return nil, err
	}
	if !after.owns() {
		if err := s.mayLose(member); err != nil {
			return nil, err
		}
	}
	var events []Event
	about := About{c.Organization, c.Workspace, c.User}
	if after.Role != member.Role {
		events = append(events, MemberRoleChanged{about, member.ID, Change[RoleKey]{member.Role, after.Role}})
	}
	if !samePermissions(after.Permissions, member.Permissions) {
		events = append(events, MemberPermissionsChanged{about, member.ID, Change[[]Permission]{member.Permissions, after.Permissions}})
	}
	if !after.ExpiresAt.Equal(member.ExpiresAt) {
		events = append(events, MemberExpiryChanged{about, member.ID, Change[*time.Time]{orNil(member.ExpiresAt), orNil(after.ExpiresAt)}})
	}
	return events, nil
}

// apply changes the terms of a copy of the membership. It refuses what the actor may
// not change. A change of the role or of the list gives all permissions that the
// membership has afterwards. So it is refused if the actor lacks one of them, even if the
// member had it before.
func (c ChangeMember) apply(s *State, by authority, after *Membership, at time.Time) error {
	gives := false
	if c.Role != nil && *c.Role != after.Role {
		if _, err := s.roleToGive(c.Organization, *c.Role); err != nil {
			return err
		}
		after.Role, gives = *c.Role, true
	}
	if c.Permissions != nil && !samePermissions(*c.Permissions, after.Permissions) {
		if err := checkPermissions("/permissions", *c.Permissions); err != nil {
			return err
		}
		after.Permissions, gives = *c.Permissions, true
	}
	if gives {
		role := s.roleOf(after)
		if err := by.mayGive(role, after.permissions(role)); err != nil {
			return err
		}
	}
	if c.ExpiresAt != nil && !c.ExpiresAt.Equal(after.ExpiresAt) {
		if err := checkExpiry(*c.ExpiresAt, at); err != nil {
			return err
		}
		if c.oneself(s, at) && endsLater(*c.ExpiresAt, after.ExpiresAt) {
			return fmt.Errorf("nobody prolongs their own membership: %w", ErrNotAllowed)
		}
		after.ExpiresAt = *c.ExpiresAt
	}
	return nil
}

// oneself reports whether the actor manages the workspace only through the membership
// that the command changes.
func (c ChangeMember) oneself(s *State, at time.Time) bool {
	inherited := fromOrganizationRole(s, grant{c.Organization, c.Workspace, c.User}, at)
	return c.User == c.person() && inherited.level < LevelManage
}

// mayChangeMember returns the workspace, the actor's authority in it, and the
// membership. It refuses a membership that has ended and an actor who may not change it.
func (s *State) mayChangeMember(m Meta, id WorkspaceID, user UserID, at time.Time) (*Workspace, authority, *Membership, error) {
	ws, by, err := s.mayChangeWorkspace(m, id, at)
	if err != nil {
		return nil, by, nil, err
	}
	member := s.Membership(id, user)
	if !member.present(at) {
		return nil, by, nil, fmt.Errorf("user %s in workspace %s: %w", user, id, ErrUnknownMember)
	}
	return ws, by, member, by.mayTouch(s.roleOf(member))
}

// SuspendMember withdraws a member's access until they are reinstated. The membership
// stays.
type SuspendMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
}

// CommandType is suspend_member.
func (SuspendMember) CommandType() string { return "suspend_member" }

func (c SuspendMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }
func (c SuspendMember) needs(keys []Key, s *State) []Key {
	return memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
}

func (c SuspendMember) decide(s *State, at time.Time) ([]Event, error) {
	_, _, member, err := s.mayChangeMember(c.Meta, c.Workspace, c.User, at)
	if err != nil {
		return nil, err
	}
	switch member.State {
	case MembershipSuspended:
		return nil, nil
	case MembershipInvited:
		return nil, fmt.Errorf("user %s is invited, and has no access to suspend: %w", c.User, ErrNotActive)
	}
	if err := s.mayLose(member); err != nil {
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

func (c ReinstateMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }
func (c ReinstateMember) needs(keys []Key, s *State) []Key {
	return memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
}

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
