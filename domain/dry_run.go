package domain

import "time"

// HideUnread removes from the state whatever a dry run must not show: a real command
// leaves a trace of what its actor learns, and a dry run leaves none. So a dry run treats
// people whom the token could not read as unknown people: they have no entry in the
// directory, no address, and no earlier membership. Unless the actor acts for the
// organization, they have no role and no suspension in it either. The state must hold what
// the command needs, and afterwards the command can need more.
func HideUnread(s *State, c Command, at time.Time) {
	// The real command that removes somebody who was removed before leaves no trace either.
	_, ends := plain(c).(RemoveMember)
	m := c.Metadata()
	_, err := s.organizationAuthority(m)
	outside := err != nil
	var hidden []Key
	lists := make(map[Key]UserID) // of memberships
	members := make(map[UserID]bool)
	s.Each(func(k Key, p Part) {
		switch p := p.(type) { //nolint:gochecksumtype // no other part says who somebody is
		case *Profile:
			if !s.reads(m, p.User) {
				hidden = append(hidden, k)
			}
		case *EmailHolder:
			if !s.reads(m, p.User) {
				hidden = append(hidden, k)
			}
		case *OrganizationMember:
			if outside && !s.reads(m, p.User) {
				hidden = append(hidden, k)
			}
		case *UserMemberships:
			if outside && !s.reads(m, p.User) {
				lists[k] = p.User
			}
		case *Membership:
			switch {
			case ends || p.present(at):
				members[p.User] = true
			case !s.reads(m, p.User):
				hidden = append(hidden, k)
			}
		}
	})
	for k, user := range lists {
		if !members[user] { // the end of a membership that is shown changes the list
			hidden = append(hidden, k)
		}
	}
	for _, k := range hidden {
		s.Put(k, nil)
	}
}

// reads reports whether the actor's token could read who the user is: from the directory,
// or as a member of the organization or of a workspace that the token reaches.
func (s *State) reads(m Meta, user UserID) bool {
	own := m.Actor.Credential
	if user == m.person() && !user.IsZero() {
		return true
	}
	if own.Workspace.IsZero() {
		if own.Scopes.Allow("users:read") {
			return true
		}
		if own.Scopes.Allow("organization_members:read") && s.OrganizationMember(m.Organization, user).Present() {
			return true
		}
	}
	if !own.Scopes.Allow("workspace_members:read") {
		return false
	}
	if own.Workspace.IsZero() {
		return s.UserMemberships(m.Organization, user) != nil
	}
	return s.Membership(own.Workspace, user) != nil
}
