package domain

import (
	"fmt"
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

// mayLose refuses to end the membership of the workspace's last owner.
func (w *Workspace) mayLose(member *Membership) error {
	if member.owns() && w.Owners == 1 {
		return fmt.Errorf("workspace %s: %w", w.ID, ErrLastOwner)
	}
	return nil
}

// permissions returns what the membership gives while it is active.
func (m *Membership) permissions(role Role) []Permission {
	return Terms{Permissions: m.Permissions}.permissions(role)
}

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
	Workspaces   []WorkspaceID // in no particular order
	// Version is the number of the last event that changed the list.
	Version uint64
}

func (u *UserMemberships) key() Key            { return UserMembershipsKey(u.Organization, u.User) }
func (u *UserMemberships) version() uint64     { return u.Version }
func (u *UserMemberships) gone(time.Time) bool { return false }

func (u *UserMemberships) clone() Part {
	return &UserMemberships{u.Organization, u.User, slices.Clone(u.Workspaces), u.Version}
}

// UserMemberships returns the list of the user's workspaces, or nil if the user
// was never a member of any.
func (s *State) UserMemberships(org OrganizationID, user UserID) *UserMemberships {
	return PartOf[*UserMemberships](s, UserMembershipsKey(org, user))
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
	s.countOwner(about, former.owns(), member.owns())

	list := &UserMemberships{Organization: about.Organization, User: about.User, Version: r.Number}
	if former := s.UserMemberships(about.Organization, about.User); former != nil {
		list.Workspaces = former.Workspaces
	}
	if !slices.Contains(list.Workspaces, about.Workspace) {
		list.Workspaces = append(slices.Clip(list.Workspaces), about.Workspace)
	}
	s.make(UserMembershipsKey(about.Organization, about.User), list)
}

// changed folds a change of a membership, and counts the workspace's owners again.
func (s *State) changed(about About, r *Recorded, change func(*Membership)) {
	member := s.Membership(about.Workspace, about.User)
	owned := member.owns()
	change(member)
	member.touch(r)
	s.countOwner(about, owned, member.owns())
}

// ended folds the end of a membership.
func (s *State) ended(about About, r *Recorded) {
	s.changed(about, r, func(m *Membership) { m.State = MembershipRemoved })
	if list := s.UserMemberships(about.Organization, about.User); list != nil {
		list.Workspaces = slices.DeleteFunc(slices.Clone(list.Workspaces), func(ws WorkspaceID) bool { return ws == about.Workspace })
		list.Version = r.Number
	}
}

// countOwner corrects the workspace's count of owners.
func (s *State) countOwner(about About, before, after bool) {
	ws := s.Workspace(about.Workspace)
	if before && !after {
		ws.Owners--
	}
	if after && !before {
		ws.Owners++
	}
}
