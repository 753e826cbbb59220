package domain

import (
	"maps"
	"slices"
	"time"
)

// MembershipState says whether a membership gives access.
type MembershipState string

// The states of a membership.
const (
	MembershipInvited   MembershipState = "invited"   // no access until it is accepted
	MembershipActive    MembershipState = "active"    // access, until it expires
	MembershipSuspended MembershipState = "suspended" // no access until it is reinstated
	MembershipRemoved   MembershipState = "removed"
)

// Membership is a user's membership in a workspace. Its id stays the same if the user is
// removed and added again.
type Membership struct {
	ID           MembershipID
	Organization OrganizationID
	Workspace    WorkspaceID
	User         UserID
	Role         RoleKey
	// State is the state after the last event; see [Membership.StateAt].
	State MembershipState
	// Permissions replace those of the role; nil keeps those of the role. The slice is
	// shared and must not be changed.
	Permissions []Permission
	// ExpiresAt is when the membership ends by itself; zero for never.
	ExpiresAt time.Time
	// Accepted reports whether the user was added directly or has accepted, since they
	// were last added or invited.
	Accepted bool
	// Joined reports whether the user was ever added directly or has ever accepted.
	Joined bool
	// Invitation is the last invitation; the zero value if the user was never invited.
	Invitation Invitation
	// AddedBy is the id of the user or token that last added or invited the user; empty
	// for the system.
	AddedBy string
	// EndedBy is the event that ended this membership together with all others of the user
	// ([OrganizationMemberRemoved.Ending]), as long as the membership has no event of its
	// own that records the end. Otherwise it is zero.
	EndedBy EventID `json:",omitzero"`
	Stamp
}

// Invitation is what an invited user accepts with, and until when. Only the hash of the
// secret is stored.
type Invitation struct {
	Secret    Hash
	ExpiresAt time.Time
}

func (m *Membership) key() Key               { return MembershipKey(m.Workspace, m.User) }
func (m *Membership) clone() Part            { c := *m; return &c }
func (m *Membership) gone(at time.Time) bool { return !m.present(at) }

// Membership returns the user's membership in the workspace, or nil if there
// never was one.
func (s *State) Membership(ws WorkspaceID, user UserID) *Membership {
	return PartOf[*Membership](s, MembershipKey(ws, user))
}

// StateAt returns the state at that time. A membership that has expired is removed from
// that instant on, even if no event says so yet.
func (m *Membership) StateAt(at time.Time) MembershipState {
	switch {
	case m == nil,
		!m.ExpiresAt.IsZero() && !at.Before(m.ExpiresAt),
		m.State == MembershipInvited && !at.Before(m.Invitation.ExpiresAt):
		return MembershipRemoved
	}
	return m.State
}

// EndsAt returns when the membership or its invitation expires. It returns the zero time
// for never, and for a membership that was removed.
func (m *Membership) EndsAt() time.Time {
	end := m.ExpiresAt
	if m.State == MembershipRemoved {
		return time.Time{}
	}
	if invited := m.Invitation.ExpiresAt; m.State == MembershipInvited && (end.IsZero() || invited.Before(end)) {
		end = invited
	}
	return end
}

func (m *Membership) active(at time.Time) bool  { return m.StateAt(at) == MembershipActive }
func (m *Membership) present(at time.Time) bool { return m.StateAt(at) != MembershipRemoved }

// owns reports whether the membership makes the user an owner of the workspace who
// counts: one who is active and whose membership does not end by itself.
func (m *Membership) owns() bool {
	return m != nil && m.State == MembershipActive && m.Role == RoleOwner && m.ExpiresAt.IsZero()
}

// permissions returns what the membership gives while it is active.
func (m *Membership) permissions(role Role) []Permission { return effective(role, m.Permissions) }

// roleOf returns the role of the membership, whatever the membership's state.
func (s *State) roleOf(m *Membership) Role {
	if m == nil {
		return Role{}
	}
	role, _ := s.Role(m.Organization, m.Role)
	return role
}

// appendRole appends the key of the membership's role if the role is one of the
// organization's own.
func appendRole(keys []Key, org OrganizationID, member *Membership) []Key {
	if member == nil {
		return keys
	}
	return appendRoleKey(keys, org, member.Role)
}

// UserMemberships lists the organization's workspaces in which a user is a member, in any
// state but removed.
type UserMemberships struct {
	Organization OrganizationID
	User         UserID
	Workspaces   []WorkspaceID // in the order of their ids
	// Ends holds when the memberships and invitations end that end by themselves; nil if
	// there are none.
	Ends map[WorkspaceID]time.Time
	// Owned lists the workspaces that have the user in their list of [Owners], in the
	// order of their ids.
	Owned []WorkspaceID
	// Ending lists the memberships that have ended without an event of their own, in the
	// order of the workspaces' ids.
	Ending []Ending
	// Version is the number of the last event that changed the list.
	Version uint64
}

func (u *UserMemberships) key() Key            { return UserMembershipsKey(u.Organization, u.User) }
func (u *UserMemberships) version() uint64     { return u.Version }
func (u *UserMemberships) gone(time.Time) bool { return false }

func (u *UserMemberships) clone() Part {
	return &UserMemberships{u.Organization, u.User, slices.Clone(u.Workspaces), maps.Clone(u.Ends), slices.Clone(u.Owned), slices.Clone(u.Ending), u.Version}
}

// UserMemberships returns the list of the user's workspaces, or nil if the user
// was never a member of any.
func (s *State) UserMemberships(org OrganizationID, user UserID) *UserMemberships {
	return PartOf[*UserMemberships](s, UserMembershipsKey(org, user))
}

// here reports whether the user has a membership or an invitation at that time.
func (u *UserMemberships) here(at time.Time) bool {
	return u != nil && slices.ContainsFunc(u.Workspaces, func(ws WorkspaceID) bool {
		end := u.Ends[ws]
		return end.IsZero() || at.Before(end)
	})
}

// owned returns the workspaces that have the user in their list of owners.
func (s *State) owned(org OrganizationID, user UserID) []WorkspaceID {
	if list := s.UserMemberships(org, user); list != nil {
		return list.Owned
	}
	return nil
}

// joined folds the beginning of a membership, of a new member or of one who was removed.
func (s *State) joined(about About, r *Recorded, member *Membership) {
	former := s.Membership(about.Workspace, about.User)
	member.Organization, member.Workspace, member.User = about.Organization, about.Workspace, about.User
	member.AddedBy, member.Joined, member.Stamp = r.Adder(), member.Accepted, stamp(r)
	if former != nil {
		member.CreatedAt, member.Joined = former.CreatedAt, former.Joined || member.Joined
	}
	s.make(MembershipKey(about.Workspace, about.User), member)
	s.setOwner(about, member.owns())

	list := s.UserMemberships(about.Organization, about.User)
	if list == nil {
		list = &UserMemberships{Organization: about.Organization, User: about.User}
		s.make(UserMembershipsKey(about.Organization, about.User), list)
	}
	list.Version = r.Number
	list.note(member)
}

// changed folds a change of a membership.
func (s *State) changed(about About, r *Recorded, change func(*Membership)) {
	member := s.Membership(about.Workspace, about.User)
	owned, end, present := member.owns(), member.EndsAt(), member.State != MembershipRemoved
	change(member)
	member.touch(r)
	if owns := member.owns(); owns != owned {
		s.setOwner(about, owns)
	} else if end.Equal(member.EndsAt()) && present == (member.State != MembershipRemoved) {
		return // the list stays as it is, and need not be held
	}
	s.UserMemberships(about.Organization, about.User).note(member)
}

// ended folds the end of a membership.
func (s *State) ended(about About, r *Recorded) {
	s.changed(about, r, func(m *Membership) { m.State, m.EndedBy = MembershipRemoved, EventID{} })
	list := s.UserMemberships(about.Organization, about.User)
	if i, found := slices.BinarySearchFunc(list.Ending, about.Workspace, func(e Ending, ws WorkspaceID) int { return e.Workspace.Compare(ws) }); found {
		list.Ending = slices.Delete(list.Ending, i, i+1)
	}
	list.Version = r.Number
}

// note brings the list up to date with what the membership is after an event.
func (u *UserMemberships) note(member *Membership) {
	ws := member.Workspace
	u.Workspaces = include(u.Workspaces, ws, member.State != MembershipRemoved)
	u.Owned = include(u.Owned, ws, member.owns())
	delete(u.Ends, ws)
	if end := member.EndsAt(); !end.IsZero() {
		if u.Ends == nil {
			u.Ends = make(map[WorkspaceID]time.Time)
		}
		u.Ends[ws] = end
	}
	if len(u.Ends) == 0 {
		u.Ends = nil
	}
}

// include returns the list with the id or without it. The list is in the order of the ids.
// It may be changed in place.
func include[T any](list []ID[T], id ID[T], in bool) []ID[T] {
	at, found := slices.BinarySearchFunc(list, id, ID[T].Compare)
	switch {
	case in && !found:
		return slices.Insert(list, at, id)
	case !in && found:
		return slices.Delete(list, at, at+1)
	}
	return list
}
