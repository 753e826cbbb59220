package domain

import (
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

// Membership is the tie of one user to one workspace. Its id stays the same when
// the user is removed and added again.
type Membership struct {
	ID           MembershipID
	Organization OrganizationID
	Workspace    WorkspaceID
	User         UserID
	Role         RoleKey
	// State is as of the last event; see [Membership.StateAt].
	State MembershipState
	// Permissions replace the role's; nil leaves the role's. They are shared and
	// must not be changed.
	Permissions []Permission
	// ExpiresAt is when the membership ends by itself; zero for never.
	ExpiresAt time.Time
	// Accepted reports whether the user is, or was, more than invited since they were
	// added or invited last.
	Accepted bool
	// Joined reports whether the user ever was more than invited, however long ago.
	Joined bool
	// Invitation is the last one, of a user who was invited.
	Invitation Invitation
	// AddedBy is the id of the user or token that added the user last; empty when
	// it was the system.
	AddedBy string
	Stamp
}

// Invitation is how an invited user can accept. Of its secret only the hash is
// known.
type Invitation struct {
	Secret    Hash
	ExpiresAt time.Time
}

func (m *Membership) clone() Part            { c := *m; return &c }
func (m *Membership) gone(at time.Time) bool { return !m.present(at) }

// StateAt is the state at that time: what has expired is removed from the instant
// on, whether or not the event that says so has been written.
func (m *Membership) StateAt(at time.Time) MembershipState {
	switch {
	case m == nil,
		!m.ExpiresAt.IsZero() && !at.Before(m.ExpiresAt),
		m.State == MembershipInvited && !at.Before(m.Invitation.ExpiresAt):
		return MembershipRemoved
	}
	return m.State
}

// EndsAt is when the membership or its invitation expires; zero for never, and
// for what has ended already.
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

// owns reports whether the membership counts as one of an owner of the workspace:
// one that is active and does not end by itself.
func (m *Membership) owns() bool {
	return m != nil && m.State == MembershipActive && m.Role == RoleOwner && m.ExpiresAt.IsZero()
}

// UserMemberships says where in the organization a user is a member in any state
// but removed.
type UserMemberships struct {
	Workspaces []WorkspaceID // in no order
	// Version is the number of the last event that changed the list.
	Version uint64
}

func (u *UserMemberships) version() uint64     { return u.Version }
func (u *UserMemberships) gone(time.Time) bool { return false }

func (u *UserMemberships) clone() Part {
	return &UserMemberships{slices.Clone(u.Workspaces), u.Version}
}

// joined folds the beginning of a membership, new or anew.
func (s *State) joined(about About, r *Recorded, member *Membership) {
	former := s.Membership(about.Workspace, about.User)
	member.Organization, member.Workspace, member.User = about.Organization, about.Workspace, about.User
	member.AddedBy, member.Joined, member.Stamp = r.Adder(), member.Accepted, stamp(r)
	if former != nil {
		member.CreatedAt, member.Joined = former.CreatedAt, former.Joined || member.Joined
	}
	s.make(MembershipKey(about.Workspace, about.User), member)
	s.countOwner(about, former.owns(), member.owns())

	list := &UserMemberships{Version: r.Number}
	if former := s.UserMemberships(about.Organization, about.User); former != nil {
		list.Workspaces = former.Workspaces
	}
	if !slices.Contains(list.Workspaces, about.Workspace) {
		list.Workspaces = append(slices.Clip(list.Workspaces), about.Workspace)
	}
	s.make(UserMembershipsKey(about.Organization, about.User), list)
}

// changed folds a change of a membership.
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

func (s *State) countOwner(about About, before, after bool) {
	ws := s.Workspace(about.Workspace)
	if before && !after {
		ws.Owners--
	}
	if after && !before {
		ws.Owners++
	}
}

// Adder is the id by which an added member remembers who added them: the user's
// or the token's; empty for the system.
func (r *Recorded) Adder() string {
	switch {
	case !r.OnBehalfOf.IsZero():
		return r.OnBehalfOf.String()
	case r.Actor.Kind == ActorSystem:
		return ""
	default:
		return r.Actor.ID
	}
}
