package domain

import "time"

// InvitationFacts is what an event says about an invitation.
type InvitationFacts struct {
	Secret    Hash      `json:"secret_sha256"`
	ExpiresAt time.Time `json:"expires_at"`
}

// MemberInvited: the user is invited to the workspace.
type MemberInvited struct {
	About       `json:"-"`
	Membership  MembershipID    `json:"membership_id"`
	Role        RoleKey         `json:"role"`
	Permissions []Permission    `json:"permissions,omitzero"`
	ExpiresAt   time.Time       `json:"expires_at,omitzero"`
	Invitation  InvitationFacts `json:"invitation"`
}

// MemberAdded: the user is a member of the workspace.
type MemberAdded struct {
	About       `json:"-"`
	Membership  MembershipID `json:"membership_id"`
	Role        RoleKey      `json:"role"`
	Permissions []Permission `json:"permissions,omitzero"` // that replace the role's
	ExpiresAt   time.Time    `json:"expires_at,omitzero"`
}

// MemberAccepted: the invited user is a member of the workspace.
type MemberAccepted struct {
	About      `json:"-"`
	Membership MembershipID `json:"membership_id"`
}

// MemberInvitationRenewed: the invitation has a new secret and a new end.
type MemberInvitationRenewed struct {
	About      `json:"-"`
	Membership MembershipID    `json:"membership_id"`
	Invitation InvitationFacts `json:"invitation"`
}

// MemberRoleChanged: the member has another role.
type MemberRoleChanged struct {
	About      `json:"-"`
	Membership MembershipID    `json:"membership_id"`
	Role       Change[RoleKey] `json:"role"`
}

// MemberPermissionsChanged: the member has other permissions; null means those of the
// role.
type MemberPermissionsChanged struct {
	About       `json:"-"`
	Membership  MembershipID         `json:"membership_id"`
	Permissions Change[[]Permission] `json:"permissions"`
}

// MemberExpiryChanged: the membership ends at another time; null means never.
type MemberExpiryChanged struct {
	About      `json:"-"`
	Membership MembershipID       `json:"membership_id"`
	ExpiresAt  Change[*time.Time] `json:"expires_at"`
}

// MemberSuspended: the membership gives no access until it is reinstated.
type MemberSuspended struct {
	About      `json:"-"`
	Membership MembershipID `json:"membership_id"`
}

// MemberReinstated: the membership gives access again.
type MemberReinstated struct {
	About      `json:"-"`
	Membership MembershipID `json:"membership_id"`
}

// MemberRemoved: the user is no longer a member of the workspace.
type MemberRemoved struct {
	About      `json:"-"`
	Membership MembershipID `json:"membership_id"`
	Role       RoleKey      `json:"role"` // the one that was taken
}

// MemberLeft: the user has ended the membership.
type MemberLeft struct {
	About      `json:"-"`
	Membership MembershipID `json:"membership_id"`
	Role       RoleKey      `json:"role"` // the one that was given up
}

// MemberExpired: the membership or the invitation has expired.
type MemberExpired struct {
	About      `json:"-"`
	Membership MembershipID `json:"membership_id"`
	Role       RoleKey      `json:"role"` // the one that ended
}

// EventType is muster.member.invited.
func (MemberInvited) EventType() string { return "muster.member.invited" }

// EventType is muster.member.added.
func (MemberAdded) EventType() string { return "muster.member.added" }

// EventType is muster.member.accepted.
func (MemberAccepted) EventType() string { return "muster.member.accepted" }

// EventType is muster.member.invitation_renewed.
func (MemberInvitationRenewed) EventType() string { return "muster.member.invitation_renewed" }

// EventType is muster.member.role_changed.
func (MemberRoleChanged) EventType() string { return "muster.member.role_changed" }

// EventType is muster.member.permissions_changed.
func (MemberPermissionsChanged) EventType() string { return "muster.member.permissions_changed" }

// EventType is muster.member.expiry_changed.
func (MemberExpiryChanged) EventType() string { return "muster.member.expiry_changed" }

// EventType is muster.member.suspended.
func (MemberSuspended) EventType() string { return "muster.member.suspended" }

// EventType is muster.member.reinstated.
func (MemberReinstated) EventType() string { return "muster.member.reinstated" }

// EventType is muster.member.removed.
func (MemberRemoved) EventType() string { return "muster.member.removed" }

// EventType is muster.member.left.
func (MemberLeft) EventType() string { return "muster.member.left" }

// EventType is muster.member.expired.
func (MemberExpired) EventType() string { return "muster.member.expired" }

func (s *State) memberInvited(e MemberInvited, r *Recorded) {
	s.joined(e.About, r, &Membership{
		ID: e.Membership, Role: e.Role, State: MembershipInvited, Permissions: e.Permissions, ExpiresAt: e.ExpiresAt,
		Invitation: Invitation(e.Invitation),
	})
}

func (s *State) memberAdded(e MemberAdded, r *Recorded) {
	s.joined(e.About, r, &Membership{
		ID: e.Membership, Role: e.Role, State: MembershipActive, Permissions: e.Permissions, ExpiresAt: e.ExpiresAt, Accepted: true,
	})
}

func (s *State) memberAccepted(e MemberAccepted, r *Recorded) {
	s.changed(e.About, r, func(m *Membership) { m.State, m.Accepted, m.Joined = MembershipActive, true, true })
}

func (s *State) memberInvitationRenewed(e MemberInvitationRenewed, r *Recorded) {
	s.changed(e.About, r, func(m *Membership) { m.Invitation = Invitation(e.Invitation) })
}

func (s *State) memberRoleChanged(e MemberRoleChanged, r *Recorded) {
	s.changed(e.About, r, func(m *Membership) { m.Role = e.Role.To })
}

func (s *State) memberPermissionsChanged(e MemberPermissionsChanged, r *Recorded) {
	s.changed(e.About, r, func(m *Membership) { m.Permissions = e.Permissions.To })
}

func (s *State) memberExpiryChanged(e MemberExpiryChanged, r *Recorded) {
	s.changed(e.About, r, func(m *Membership) { m.ExpiresAt = orZero(e.ExpiresAt.To) })
}

func (s *State) memberSuspended(e MemberSuspended, r *Recorded) {
	s.changed(e.About, r, func(m *Membership) { m.State = MembershipSuspended })
}

func (s *State) memberReinstated(e MemberReinstated, r *Recorded) {
	s.changed(e.About, r, func(m *Membership) { m.State = MembershipActive })
}
