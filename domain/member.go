package domain

import (
	"fmt"
	"time"
)

// Terms are the terms of a membership.
type Terms struct {
	Role RoleKey
	// Permissions replace those of the role; nil keeps those of the role.
	Permissions []Permission
	// ExpiresAt is when the membership ends by itself; zero for never.
	ExpiresAt time.Time
}

// AddMember makes a user a member of a workspace. It is refused if the user is a member
// already.
type AddMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
	Terms
	// Membership is the id of the new membership. A user who was a member before keeps
	// the old id.
	Membership MembershipID
	// Profile, if not nil, is written to the directory by the same command.
	Profile *ProfilePatch
}

// CommandType is add_member.
func (AddMember) CommandType() string { return "add_member" }

func (c AddMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }

func (c AddMember) needs(keys []Key, s *State) []Key {
	keys = memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
	if c.Profile != nil {
		keys = c.Profile.needs(keys, s, c.Organization, c.User)
	}
	return givenNeeds(keys, c.Organization, c.Workspace, c.Role)
}

func (c AddMember) decide(s *State, at time.Time) ([]Event, error) {
	_, by, err := s.mayChangeWorkspace(c.Meta, c.Workspace, at)
	if err != nil {
		return nil, err
	}
	if err := checkUser("/user_id", c.User); err != nil {
		return nil, err
	}
	if err := s.mayGive(by, c.Organization, c.Terms, at); err != nil {
		return nil, err
	}
	id, events, err := s.newMembership(c.Workspace, c.User, c.Membership, at)
	if err != nil {
		return nil, err
	}
	if c.Profile != nil {
		introduced, err := s.introduce(c.Meta, c.User, *c.Profile)
		if err != nil {
			return nil, err
		}
		events = append(events, introduced...)
	}
	return append(events, MemberAdded{
		About{c.Organization, c.Workspace, c.User}, id, c.Role, c.Permissions, c.ExpiresAt,
	}), nil
}

// AddSuspendedMember is [AddMember] for a user who has no access until they are
// reinstated: the user is never active in between.
type AddSuspendedMember struct{ AddMember }

// CommandType is add_suspended_member.
func (AddSuspendedMember) CommandType() string { return "add_suspended_member" }

func (c AddSuspendedMember) decide(s *State, at time.Time) ([]Event, error) {
	events, err := c.AddMember.decide(s, at)
	if err != nil {
		return nil, err
	}
	added := events[len(events)-1].(MemberAdded)
	return append(events, MemberSuspended{added.About, added.Membership}), nil
}

// AlreadyMemberError is [ErrAlreadyMember] with the membership that exists already.
type AlreadyMemberError struct{ Membership MembershipID }

func (e *AlreadyMemberError) Error() string {
	return fmt.Sprintf("%v: membership %s", ErrAlreadyMember, e.Membership)
}

// Unwrap returns [ErrAlreadyMember].
func (e *AlreadyMemberError) Unwrap() error { return ErrAlreadyMember }

// newMembership returns the id of the membership that the user is to get: the one that
// they had before, or else the new one. If the earlier membership has expired and no
// event says so yet, newMembership also returns that event.
func (s *State) newMembership(ws WorkspaceID, user UserID, id MembershipID, at time.Time) (MembershipID, []Event, error) {
	member := s.Membership(ws, user)
	if member == nil {
		return id, nil, nil
	}
	if member.present(at) {
		return MembershipID{}, nil, &AlreadyMemberError{member.ID}
	}
	if member.EndedBy != (EventID{}) {
		return MembershipID{}, nil, fmt.Errorf("user %s in workspace %s: %w", user, ws, ErrMemberEnding)
	}
	return member.ID, member.expired(at), nil
}

// mayGive checks the terms of a new membership against the rules and against what the
// giver has.
func (s *State) mayGive(by authority, org OrganizationID, t Terms, at time.Time) error {
	role, err := s.roleToGive(org, t.Role)
	if err != nil {
		return err
	}
	if err := checkPermissions("/permissions", t.Permissions); err != nil {
		return err
	}
	if err := checkExpiry(t.ExpiresAt, at); err != nil {
		return err
	}
	return by.mayGive(role, effective(role, t.Permissions))
}

// PutMember makes a user a member on those terms, or changes the terms of the member.
type PutMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
	Terms
	Membership MembershipID // see [AddMember]
}

// CommandType is put_member.
func (PutMember) CommandType() string { return "put_member" }

func (c PutMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }

func (c PutMember) needs(keys []Key, s *State) []Key { return c.add().needs(keys, s) }

func (c PutMember) decide(s *State, at time.Time) ([]Event, error) {
	if s.Membership(c.Workspace, c.User).present(at) {
		return ChangeMember{c.Meta, c.Workspace, c.User, &c.Role, &c.Permissions, &c.ExpiresAt}.decide(s, at)
	}
	return c.add().decide(s, at)
}

func (c PutMember) add() AddMember {
	return AddMember{c.Meta, c.Workspace, c.User, c.Terms, c.Membership, nil}
}

// PutMemberRole makes a user a member with the role, or gives the member that role. The
// member's own permissions and the end of the membership stay as they are. It is for
// clients that know only roles: they must not remove what they cannot see.
type PutMemberRole struct {
	Meta
	Workspace  WorkspaceID
	User       UserID
	Role       RoleKey
	Membership MembershipID // see [AddMember]
}

// CommandType is put_member_role.
func (PutMemberRole) CommandType() string { return "put_member_role" }

func (c PutMemberRole) target(*State) Key { return MembershipKey(c.Workspace, c.User) }

func (c PutMemberRole) needs(keys []Key, s *State) []Key { return c.add().needs(keys, s) }

func (c PutMemberRole) decide(s *State, at time.Time) ([]Event, error) {
	if s.Membership(c.Workspace, c.User).present(at) {
		return ChangeMember{Meta: c.Meta, Workspace: c.Workspace, User: c.User, Role: &c.Role}.decide(s, at)
	}
	return c.add().decide(s, at)
}

func (c PutMemberRole) add() AddMember {
	return AddMember{c.Meta, c.Workspace, c.User, Terms{Role: c.Role}, c.Membership, nil}
}
