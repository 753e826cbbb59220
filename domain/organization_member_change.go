package domain

import (
	"fmt"
	"time"
)

// PutOrganizationMember gives a user a role in the organization, instead of the one that
// they may have.
type PutOrganizationMember struct {
	Meta
	User UserID
	Role OrganizationRole
}

// CommandType is put_organization_member.
func (PutOrganizationMember) CommandType() string { return "put_organization_member" }

func (c PutOrganizationMember) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c PutOrganizationMember) needs(keys []Key, _ *State) []Key {
	return append(keys, OrganizationMemberKey(c.Organization, c.User), ProfileKey(c.Organization, c.User))
}

func (c PutOrganizationMember) decide(s *State, _ time.Time) ([]Event, error) {
	member, err := s.mayChangeOrganizationMember(c.Meta, c.User, c.Role)
	if err != nil {
		return nil, err
	}
	if err := checkUser("/user_id", c.User); err != nil {
		return nil, err
	}
	if !c.Role.Valid() {
		return nil, &InvalidError{"/role", "unknown_role", "the organization's roles are owner, admin and member"}
	}
	about := About{Organization: c.Organization, User: c.User}
	switch from := member.role(); from {
	case c.Role:
		return nil, nil
	case organizationNobody:
		return []Event{OrganizationMemberAdded{about, c.Role}}, nil
	default:
		return []Event{OrganizationMemberRoleChanged{about, Change[OrganizationRole]{from, c.Role}}}, nil
	}
}

// SuspendOrganizationMember withdraws all of a user's access to the organization until
// they are reinstated. Their role and memberships stay as they are.
type SuspendOrganizationMember struct {
	Meta
	User UserID
	// Force lets an owner of the organization suspend the last active owner of a workspace.
	Force bool
}

// CommandType is suspend_organization_member.
func (SuspendOrganizationMember) CommandType() string { return "suspend_organization_member" }

func (c SuspendOrganizationMember) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c SuspendOrganizationMember) needs(keys []Key, s *State) []Key {
	return ownedNeeds(organizationMemberNeeds(keys, c.Meta, c.User), s, c.Organization, c.User)
}

func (c SuspendOrganizationMember) decide(s *State, _ time.Time) ([]Event, error) {
	member, err := s.mayChangeOrganizationMember(c.Meta, c.User, organizationNobody)
	if err != nil {
		return nil, err
	}
	if err := s.known(c.Meta, c.User); err != nil || member.suspended() {
		return nil, err
	}
	if err := c.mayLeaveWithout(s); err != nil {
		return nil, err
	}
	return []Event{OrganizationMemberSuspended{About{Organization: c.Organization, User: c.User}}}, nil
}

// mayLeaveWithout refuses to suspend the last active owner of a workspace, unless an owner
// of the organization insists.
func (c SuspendOrganizationMember) mayLeaveWithout(s *State) error {
	if level, _ := s.organizationAuthority(c.Meta); c.Force && level >= LevelTop {
		return nil
	}
	return s.mayLoseAll(c.Organization, c.User)
}

// ReinstateOrganizationMember gives a suspended user's role and memberships their effect
// back.
type ReinstateOrganizationMember struct {
	Meta
	User UserID
}

// CommandType is reinstate_organization_member.
func (ReinstateOrganizationMember) CommandType() string { return "reinstate_organization_member" }

func (c ReinstateOrganizationMember) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c ReinstateOrganizationMember) needs(keys []Key, _ *State) []Key {
	return organizationMemberNeeds(keys, c.Meta, c.User)
}

func (c ReinstateOrganizationMember) decide(s *State, _ time.Time) ([]Event, error) {
	member, err := s.mayChangeOrganizationMember(c.Meta, c.User, s.OrganizationMember(c.Organization, c.User).role())
	if err != nil {
		return nil, err
	}
	if err := s.known(c.Meta, c.User); err != nil || !member.suspended() {
		return nil, err
	}
	return []Event{OrganizationMemberReinstated{About{Organization: c.Organization, User: c.User}}}, nil
}

// mayChangeOrganizationMember checks that the actor may change the user's role to the
// other one. It returns what the user is now, or nil if they never had a role. It refuses
// to take the role of the last owner who is not suspended.
func (s *State) mayChangeOrganizationMember(m Meta, user UserID, to OrganizationRole) (*OrganizationMember, error) {
	org, err := s.organization(m)
	if err != nil {
		return nil, err
	}
	level, err := s.organizationAuthority(m)
	if err != nil {
		return nil, err
	}
	member := s.OrganizationMember(m.Organization, user)
	from := member.role()
	if from.Level() > level || to.Level() > level {
		return nil, fmt.Errorf("from %q to %q at level %d: %w", from, to, level, ErrRoleAboveOwn)
	}
	if member.activeRole() == OrganizationOwner && to != OrganizationOwner && org.Owners == 1 {
		return nil, fmt.Errorf("organization %s: %w", m.Organization, ErrLastOwner)
	}
	return member, nil
}

// organizationMemberNeeds appends what a command must see that changes what a user is in
// the organization.
func organizationMemberNeeds(keys []Key, m Meta, user UserID) []Key {
	return append(keys,
		OrganizationMemberKey(m.Organization, user), ProfileKey(m.Organization, user), UserMembershipsKey(m.Organization, user))
}

// known refuses a user who never had a role, a profile or a membership in the
// organization.
func (s *State) known(m Meta, user UserID) error {
	if s.OrganizationMember(m.Organization, user) == nil && s.Profile(m.Organization, user) == nil && s.UserMemberships(m.Organization, user) == nil {
		return fmt.Errorf("user %s in organization %s: %w", user, m.Organization, ErrUnknownMember)
	}
	return nil
}
