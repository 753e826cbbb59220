package domain

import (
	"fmt"
	"time"
)

// Terms are what somebody is made a member on.
type Terms struct {
	Role RoleKey
	// Permissions replace the role's; nil leaves the role's.
	Permissions []Permission
	// ExpiresAt is when the membership ends by itself; zero for never.
	ExpiresAt time.Time
}

// AddMember makes a user a member of a workspace; one who is a member already is
// refused.
type AddMember struct {
	Meta
	Workspace WorkspaceID
	User      UserID
	Terms
	// Membership is the id of the new membership. One who was a member before
	// keeps the old one.
	Membership MembershipID
	// Profile, when given, is written to the directory by the same command.
	Profile *ProfileFacts
}

// CommandType is add_member.
func (AddMember) CommandType() string { return "add_member" }

func (c AddMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }

func (c AddMember) needs(s *State) []Key {
	keys := memberNeeds(s, c.Meta, c.Workspace, c.User)
	if c.Profile != nil {
		keys = append(keys, EmailKey(c.Organization, c.Profile.Email))
	}
	return appendRoleKey(keys, c.Organization, c.Role)
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

// newMembership answers the id of the membership that the user is to get: the one
// that they had before, or else the new one. When the former one ended by itself
// and nobody has written that down yet, the event that does comes first.
func (s *State) newMembership(ws WorkspaceID, user UserID, id MembershipID, at time.Time) (MembershipID, []Event, error) {
	member := s.Membership(ws, user)
	if member == nil {
		return id, nil, nil
	}
	if member.present(at) {
		return MembershipID{}, nil, &AlreadyMemberError{member.ID}
	}
	return member.ID, member.expired(at), nil
}

// mayGive holds the terms against the rules and against what the giver has.
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
	return by.mayGive(role, t.Permissions)
}

// checkExpiry demands a time to come, or none; RFC 3339 knows none after the year
// 9999.
func checkExpiry(expires, at time.Time) error {
	switch {
	case expires.IsZero():
		return nil
	case !expires.After(at):
		return &InvalidError{"/expires_at", "in_the_past", "a time in the future is expected"}
	case expires.UTC().Year() > 9999:
		return &InvalidError{"/expires_at", "out_of_range", "a time before the year 10000 is expected"}
	}
	return nil
}

// introduce writes the new member's profile. Whoever manages a workspace may say
// who a person is that the directory does not know; to contradict it takes
// somebody who acts for the organization.
func (s *State) introduce(m Meta, user UserID, profile ProfileFacts) ([]Event, error) {
	events, err := s.setProfile(m.Organization, user, profile, "")
	if err != nil || len(events) == 0 || s.Profile(m.Organization, user) == nil {
		return events, err
	}
	if _, err := s.organizationAuthority(m); err != nil {
		return nil, fmt.Errorf("the directory knows user %s by another profile: %w", user, err)
	}
	return events, nil
}

// PutMember makes a user a member on those terms, whether or not they are one.
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

func (c PutMember) needs(s *State) []Key { return c.add().needs(s) }

func (c PutMember) decide(s *State, at time.Time) ([]Event, error) {
	if s.Membership(c.Workspace, c.User).present(at) {
		return ChangeMember{c.Meta, c.Workspace, c.User, &c.Role, &c.Permissions, &c.ExpiresAt}.decide(s, at)
	}
	return c.add().decide(s, at)
}

func (c PutMember) add() AddMember {
	return AddMember{c.Meta, c.Workspace, c.User, c.Terms, c.Membership, nil}
}

// PutMemberRole makes a user a member with the role, or gives the member that role.
// A member's permissions and the end of their membership stay as they are: it is for
// those who can only speak of roles, and must not take away what they cannot see.
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

func (c PutMemberRole) needs(s *State) []Key { return c.add().needs(s) }

func (c PutMemberRole) decide(s *State, at time.Time) ([]Event, error) {
	if s.Membership(c.Workspace, c.User).present(at) {
		return ChangeMember{Meta: c.Meta, Workspace: c.Workspace, User: c.User, Role: &c.Role}.decide(s, at)
	}
	return c.add().decide(s, at)
}

func (c PutMemberRole) add() AddMember {
	return AddMember{c.Meta, c.Workspace, c.User, Terms{Role: c.Role}, c.Membership, nil}
}
