package domain

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxEnds is how many ends of memberships one command records. With the longest reason
// they take about half of a message of the log.
const MaxEnds = 200

// atOnce returns how many ends a command records that asks for so many.
func atOnce(asked int) int {
	if asked == 0 {
		return MaxEnds
	}
	return asked
}

// Ending is a membership that has ended without an event of its own.
type Ending struct {
	Workspace WorkspaceID
	By        EventID // the event that ended it; see [Membership.EndedBy]
}

// endAll folds the end of all memberships that the user still has. None of them has an
// event of its own yet. A membership that has expired is left to [ExpireMember].
func (s *State) endAll(about About, r *Recorded) {
	list := s.UserMemberships(about.Organization, about.User)
	if list == nil {
		return
	}
	for _, id := range slices.Backward(slices.Clone(list.Workspaces)) { // the list gets shorter from its end
		if !s.Membership(id, about.User).present(r.Time) {
			continue
		}
		s.changed(About{about.Organization, id, about.User}, r, func(m *Membership) { m.State, m.EndedBy = MembershipRemoved, r.ID })
		list.Ending = append(list.Ending, Ending{id, r.ID})
	}
	slices.SortFunc(list.Ending, func(a, b Ending) int { return a.Workspace.Compare(b.Workspace) })
	list.Version = r.Number
}

// appendMemberships appends the keys of what a command must see that ends the user's
// memberships in the workspaces. The roles are for the answer.
func (s *State) appendMemberships(keys []Key, org OrganizationID, user UserID, workspaces []WorkspaceID) []Key {
	var roles []Key
	for _, ws := range workspaces {
		member := s.Membership(ws, user)
		keys = append(keys, MembershipKey(ws, user))
		roles = appendRole(roles, org, member)
	}
	slices.SortFunc(roles, func(a, b Key) int { return strings.Compare(a.Text, b.Text) })
	return append(keys, slices.Compact(roles)...)
}

// EndMemberships records the ends of memberships that a user lost when they were removed
// from the organization, as far as no event records them yet. Muster itself issues it, with
// the event that removed the user as its cause, until there are none left.
type EndMemberships struct {
	Meta
	User   UserID
	AtOnce int // how many ends the command records; zero for [MaxEnds]
}

// CommandType is end_memberships.
func (EndMemberships) CommandType() string { return "end_memberships" }

func (c EndMemberships) target(*State) Key { return OrganizationMemberKey(c.Organization, c.User) }

func (c EndMemberships) needs(keys []Key, s *State) []Key {
	return s.appendMemberships(organizationMemberNeeds(keys, c.Meta, c.User), c.Organization, c.User, c.next(s))
}

func (c EndMemberships) decide(s *State, _ time.Time) (events []Event, err error) {
	if c.Actor.Kind != ActorSystem {
		return nil, fmt.Errorf("ends of memberships are recorded by Muster: %w", ErrNotAllowed)
	}
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	for _, ws := range c.next(s) {
		member := s.Membership(ws, c.User)
		events = append(events, MemberRemoved{About{c.Organization, ws, c.User}, member.ID, member.Role})
	}
	return events, nil
}

// next returns the workspaces of the memberships whose ends the command records.
func (c EndMemberships) next(s *State) (workspaces []WorkspaceID) {
	list := s.UserMemberships(c.Organization, c.User)
	if list == nil {
		return nil
	}
	for _, end := range slices.Backward(list.Ending) { // the list gets shorter from its end
		if len(workspaces) == atOnce(c.AtOnce) {
			break
		}
		if end.By == c.Cause {
			workspaces = append(workspaces, end.Workspace)
		}
	}
	return workspaces
}
