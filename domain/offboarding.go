package domain

import (
	"fmt"
	"slices"
	"time"
)

// RemoveOrganizationMember takes a user out of the organization: their role in it,
// and every membership in a workspace of it.
type RemoveOrganizationMember struct {
	Meta
	User UserID
}

// CommandType is remove_organization_member.
func (RemoveOrganizationMember) CommandType() string { return "remove_organization_member" }

func (c RemoveOrganizationMember) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c RemoveOrganizationMember) needs(s *State) []Key {
	keys := []Key{OrganizationMemberKey(c.Organization, c.User), UserMembershipsKey(c.Organization, c.User)}
	if list := s.UserMemberships(c.Organization, c.User); list != nil {
		for _, ws := range list.Workspaces {
			keys = append(keys, WorkspaceKey(ws), MembershipKey(ws, c.User))
		}
	}
	return keys
}

func (c RemoveOrganizationMember) decide(s *State, at time.Time) ([]Event, error) {
	member, err := s.mayChangeOrganizationMember(c.Meta, c.User, organizationNobody)
	if err != nil {
		return nil, err
	}
	var events []Event
	if role := member.role(); role != organizationNobody {
		events = append(events, OrganizationMemberRemoved{About{Organization: c.Organization, User: c.User}, role})
	}
	ends, err := c.memberships(s, at)
	if err != nil {
		return nil, err
	}
	if events = append(events, ends...); len(events) > 0 {
		return events, nil
	}
	if member != nil || s.UserMemberships(c.Organization, c.User) != nil {
		return nil, nil // removed before
	}
	return nil, fmt.Errorf("user %s in organization %s: %w", c.User, c.Organization, ErrUnknownMember)
}

// memberships answers the events that end every membership of the user, those in
// archived workspaces too. Where the user is the last owner somebody else must be
// made one first.
func (c RemoveOrganizationMember) memberships(s *State, at time.Time) (events []Event, err error) {
	list := s.UserMemberships(c.Organization, c.User)
	if list == nil {
		return nil, nil
	}
	workspaces := slices.Clone(list.Workspaces) // in the order of their ids, so that the events do not depend on how the list came about
	slices.SortFunc(workspaces, func(a, b WorkspaceID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range workspaces {
		member := s.Membership(id, c.User)
		if !member.present(at) {
			continue
		}
		if err := s.Workspace(id).mayLose(member); err != nil {
			return nil, err
		}
		events = append(events, MemberRemoved{About{c.Organization, id, c.User}, member.ID, member.Role})
	}
	return events, nil
}

// SuspendOrganizationMember takes all of a user's access to the organization for a
// while. Their role and memberships stay as they are.
type SuspendOrganizationMember struct {
	Meta
	User UserID
}

// CommandType is suspend_organization_member.
func (SuspendOrganizationMember) CommandType() string { return "suspend_organization_member" }

func (c SuspendOrganizationMember) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c SuspendOrganizationMember) needs(*State) []Key {
	return organizationMemberNeeds(c.Meta, c.User)
}

func (c SuspendOrganizationMember) decide(s *State, _ time.Time) ([]Event, error) {
	member, err := s.mayChangeOrganizationMember(c.Meta, c.User, organizationNobody)
	if err != nil {
		return nil, err
	}
	if err := s.known(c.Meta, c.User); err != nil || member.suspended() {
		return nil, err
	}
	return []Event{OrganizationMemberSuspended{About{Organization: c.Organization, User: c.User}}}, nil
}

// ReinstateOrganizationMember makes a suspended user's role and memberships count
// again.
type ReinstateOrganizationMember struct {
	Meta
	User UserID
}

// CommandType is reinstate_organization_member.
func (ReinstateOrganizationMember) CommandType() string { return "reinstate_organization_member" }

func (c ReinstateOrganizationMember) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c ReinstateOrganizationMember) needs(*State) []Key {
	return organizationMemberNeeds(c.Meta, c.User)
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

func organizationMemberNeeds(m Meta, user UserID) []Key {
	return []Key{
		OrganizationMemberKey(m.Organization, user), ProfileKey(m.Organization, user), UserMembershipsKey(m.Organization, user),
	}
}

// known refuses a user whom the organization has never heard of.
func (s *State) known(m Meta, user UserID) error {
	if s.OrganizationMember(m.Organization, user) == nil && s.Profile(m.Organization, user) == nil && s.UserMemberships(m.Organization, user) == nil {
		return fmt.Errorf("user %s in organization %s: %w", user, m.Organization, ErrUnknownMember)
	}
	return nil
}
