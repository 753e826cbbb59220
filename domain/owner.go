package domain

import (
	"fmt"
	"slices"
	"time"
)

// Owners lists the owners of a workspace whose membership is active and does not end by
// itself. Only they can be the owner that every workspace must have. Those who are
// suspended in the organization are in the list too, but they do not count as long as
// they have no access.
type Owners struct {
	Workspace WorkspaceID
	Users     []UserID // in the order of their ids
}

func (o *Owners) key() Key            { return OwnersKey(o.Workspace) }
func (o *Owners) version() uint64     { return 0 } // clients do not see it
func (o *Owners) clone() Part         { return &Owners{o.Workspace, slices.Clone(o.Users)} }
func (o *Owners) gone(time.Time) bool { return false }

// Owners returns the list of the workspace's owners, or nil if there are none.
func (s *State) Owners(ws WorkspaceID) *Owners { return PartOf[*Owners](s, OwnersKey(ws)) }

// owners returns the users of the list.
func (s *State) owners(ws WorkspaceID) []UserID {
	if list := s.Owners(ws); list != nil {
		return list.Users
	}
	return nil
}

// setOwner adds the user to the list of the workspace's owners or removes them from it.
func (s *State) setOwner(about About, owns bool) {
	users := s.owners(about.Workspace)
	before := len(users)
	users = include(users, about.User, owns)
	switch len(users) {
	case before:
		return
	case 0:
		s.make(OwnersKey(about.Workspace), nil)
		return
	}
	s.make(OwnersKey(about.Workspace), &Owners{about.Workspace, users})
}

// LastOwnerError is [ErrLastOwner] with the workspaces that would be left without an
// active owner.
type LastOwnerError struct{ Workspaces []WorkspaceID }

func (e *LastOwnerError) Error() string {
	if len(e.Workspaces) == 1 {
		return fmt.Sprintf("workspace %s: %v", e.Workspaces[0], ErrLastOwner)
	}
	return fmt.Sprintf("%d workspaces, such as %s: %v", len(e.Workspaces), e.Workspaces[0], ErrLastOwner)
}

// Unwrap returns [ErrLastOwner].
func (e *LastOwnerError) Unwrap() error { return ErrLastOwner }

// mayLose refuses to take an owner from a workspace in which nobody else is an active
// owner.
func (s *State) mayLose(member *Membership) error {
	if member.owns() && !s.ownedWithout(member.Organization, member.Workspace, member.User) {
		return &LastOwnerError{[]WorkspaceID{member.Workspace}}
	}
	return nil
}

// ownedNeeds appends what [State.mayLoseAll] must see.
func ownedNeeds(keys []Key, s *State, org OrganizationID, user UserID) []Key {
	for _, ws := range s.owned(org, user) {
		keys = ownerNeeds(keys, s, org, ws, 1)
	}
	return keys
}

// mayLoseAll refuses to take a user from the workspaces in which nobody else is an active
// owner. The error names all of them.
func (s *State) mayLoseAll(org OrganizationID, user UserID) error {
	var lost []WorkspaceID
	for _, ws := range s.owned(org, user) {
		if !s.ownedWithout(org, ws, user) {
			lost = append(lost, ws)
		}
	}
	if len(lost) > 0 {
		return &LastOwnerError{lost}
	}
	return nil
}

// ownedWithout reports whether somebody else than the user is an active owner of the
// workspace: one who is not suspended in the organization.
func (s *State) ownedWithout(org OrganizationID, ws WorkspaceID, user UserID) bool {
	return slices.ContainsFunc(s.owners(ws), func(owner UserID) bool {
		return owner != user && !s.OrganizationMember(org, owner).suspended()
	})
}

// ownerNeeds appends what must be seen to tell whether a workspace keeps an active owner
// after it has lost that many of them. It looks at the owners in order until it has found
// one more who is not suspended, so the cost does not grow with the number of owners.
func ownerNeeds(keys []Key, s *State, org OrganizationID, ws WorkspaceID, lost int) []Key {
	keys = append(keys, OwnersKey(ws))
	var active, suspended, unseen int
	for _, owner := range s.owners(ws) {
		k := OrganizationMemberKey(org, owner)
		keys = append(keys, k)
		switch {
		case !s.Holds(k):
			unseen++
		case s.OrganizationMember(org, owner).suspended():
			suspended++
		default:
			active++
		}
		// The more of them are suspended, the more are loaded at a time.
		if active > lost || active+unseen > lost+suspended {
			break
		}
	}
	return keys
}
