package domain

import (
	"fmt"
	"time"
)

// RemoveOrganizationMember removes a user from the organization. It ends their role in it
// and their memberships in all of its workspaces. All access ends with this command. If
// the memberships are too many for one commit, [EndMemberships] records the remaining ends.
type RemoveOrganizationMember struct {
	Meta
	User UserID
	// AtOnce is how many ends of memberships the command itself records; zero for [MaxEnds].
	AtOnce int
}

// CommandType is remove_organization_member.
func (RemoveOrganizationMember) CommandType() string { return "remove_organization_member" }

func (c RemoveOrganizationMember) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c RemoveOrganizationMember) needs(keys []Key, s *State) []Key {
	keys = ownedNeeds(organizationMemberNeeds(keys, c.Meta, c.User), s, c.Organization, c.User)
	if list := s.UserMemberships(c.Organization, c.User); list != nil {
		keys = s.appendMemberships(keys, c.Organization, c.User, list.Workspaces)
	}
	return keys
}

func (c RemoveOrganizationMember) decide(s *State, at time.Time) ([]Event, error) {
	member, err := s.mayChangeOrganizationMember(c.Meta, c.User, organizationNobody)
	if err != nil {
		return nil, err
	}
	ends, err := c.memberships(s, at)
	if err != nil {
		return nil, err
	}
	var events []Event
	most := atOnce(c.AtOnce)
	role, ending := member.role(), len(ends) > most
	if role != organizationNobody || ending {
		events = append(events, OrganizationMemberRemoved{About{Organization: c.Organization, User: c.User}, role, ending})
	}
	if events = append(events, ends[:min(most, len(ends))]...); len(events) > 0 {
		return events, nil
	}
	if member != nil || s.UserMemberships(c.Organization, c.User) != nil {
		return nil, nil // removed before
	}
	return nil, fmt.Errorf("user %s in organization %s: %w", c.User, c.Organization, ErrUnknownMember)
}

// memberships returns the events that end every membership of the user, including those
// in archived workspaces. It refuses to remove the last owner of workspaces, and names them.
func (c RemoveOrganizationMember) memberships(s *State, at time.Time) (events []Event, err error) {
	list := s.UserMemberships(c.Organization, c.User)
	if list == nil {
		return nil, nil
	}
	if err := s.mayLoseAll(c.Organization, c.User); err != nil {
		return nil, err
	}
	for _, id := range list.Workspaces {
		member := s.Membership(id, c.User)
		if !member.present(at) {
			continue
		}
		events = append(events, MemberRemoved{About{c.Organization, id, c.User}, member.ID, member.Role})
	}
	return events, nil
}
