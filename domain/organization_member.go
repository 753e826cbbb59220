package domain

import "time"

// OrganizationMember is a user's role in the organization as a whole.
type OrganizationMember struct {
	Organization OrganizationID
	User         UserID
	Role         OrganizationRole // empty: not a member
	// SuspendedAt is when the user was suspended, with or without a role; zero if they
	// are not suspended.
	SuspendedAt time.Time
	Stamp
}

func (m *OrganizationMember) key() Key            { return OrganizationMemberKey(m.Organization, m.User) }
func (m *OrganizationMember) clone() Part         { c := *m; return &c }
func (m *OrganizationMember) gone(time.Time) bool { return !m.Present() }

// Present reports whether the user is a member of the organization now.
func (m *OrganizationMember) Present() bool { return m.role() != organizationNobody }

// suspended reports whether the user is suspended in the organization: they have no
// access to any of it.
func (m *OrganizationMember) suspended() bool { return m != nil && !m.SuspendedAt.IsZero() }

// activeRole returns the role unless the user is suspended.
func (m *OrganizationMember) activeRole() OrganizationRole {
	if m.suspended() {
		return organizationNobody
	}
	return m.role()
}

// role returns the member's role. A nil member has none.
func (m *OrganizationMember) role() OrganizationRole {
	if m == nil {
		return organizationNobody
	}
	return m.Role
}

// OrganizationMember returns the user's role in the organization, or nil if the
// user never had one.
func (s *State) OrganizationMember(org OrganizationID, user UserID) *OrganizationMember {
	return PartOf[*OrganizationMember](s, OrganizationMemberKey(org, user))
}

// OrganizationMemberAdded: the user has a role in the organization.
type OrganizationMemberAdded struct {
	About `json:"-"`
	Role  OrganizationRole `json:"role"`
}

// OrganizationMemberRoleChanged: the user has another role in the organization.
type OrganizationMemberRoleChanged struct {
	About `json:"-"`
	Role  Change[OrganizationRole] `json:"role"`
}

// OrganizationMemberRemoved: the user no longer has a role in the organization.
type OrganizationMemberRemoved struct {
	About `json:"-"`
	Role  OrganizationRole `json:"role,omitzero"` // the one that was taken; empty if there was none
	// Ending says that the event also ends all of the user's memberships, which are too
	// many for one commit. Each of them gets a [MemberRemoved] later, which records the end.
	Ending bool `json:"ending,omitzero"`
}

// OrganizationMemberSuspended: the user has no access to the organization until they are
// reinstated. Their role and memberships stay.
type OrganizationMemberSuspended struct {
	About `json:"-"`
}

// OrganizationMemberReinstated: the user's role and memberships have their effect again.
type OrganizationMemberReinstated struct {
	About `json:"-"`
}

// EventType is muster.organization.member_suspended.
func (OrganizationMemberSuspended) EventType() string { return "muster.organization.member_suspended" }

// EventType is muster.organization.member_reinstated.
func (OrganizationMemberReinstated) EventType() string {
	return "muster.organization.member_reinstated"
}

// EventType is muster.organization.member_added.
func (OrganizationMemberAdded) EventType() string { return "muster.organization.member_added" }

// EventType is muster.organization.member_role_changed.
func (OrganizationMemberRoleChanged) EventType() string {
	return "muster.organization.member_role_changed"
}

// EventType is muster.organization.member_removed.
func (OrganizationMemberRemoved) EventType() string { return "muster.organization.member_removed" }

func (s *State) organizationMemberAdded(e OrganizationMemberAdded, r *Recorded) {
	s.changeOrganizationMember(e.About, r, func(m *OrganizationMember) { m.Role = e.Role })
}

func (s *State) organizationMemberRoleChanged(e OrganizationMemberRoleChanged, r *Recorded) {
	s.changeOrganizationMember(e.About, r, func(m *OrganizationMember) { m.Role = e.Role.To })
}

func (s *State) organizationMemberRemoved(e OrganizationMemberRemoved, r *Recorded) {
	s.changeOrganizationMember(e.About, r, func(m *OrganizationMember) { m.Role = organizationNobody })
	if e.Ending {
		s.endAll(e.About, r)
	}
}

func (s *State) organizationMemberSuspended(e OrganizationMemberSuspended, r *Recorded) {
	s.changeOrganizationMember(e.About, r, func(m *OrganizationMember) { m.SuspendedAt = r.Time })
}

func (s *State) organizationMemberReinstated(e OrganizationMemberReinstated, r *Recorded) {
	s.changeOrganizationMember(e.About, r, func(m *OrganizationMember) { m.SuspendedAt = time.Time{} })
}

// changeOrganizationMember folds a change of what a user is in the organization,
// including a user who never had a role there.
func (s *State) changeOrganizationMember(about About, r *Recorded, change func(*OrganizationMember)) {
	member := s.OrganizationMember(about.Organization, about.User)
	if member == nil {
		member = &OrganizationMember{Organization: about.Organization, User: about.User, Stamp: stamp(r)}
		s.make(OrganizationMemberKey(about.Organization, about.User), member)
	}
	owned := member.activeRole() == OrganizationOwner
	change(member)
	member.touch(r)
	org, owns := s.Organization(about.Organization), member.activeRole() == OrganizationOwner
	switch {
	case owned && !owns:
		org.Owners--
	case owns && !owned:
		org.Owners++
	}
}
