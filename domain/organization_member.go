package domain

import (
	"fmt"
	"time"
)

// OrganizationMember is a user's role in the organization as a whole.
type OrganizationMember struct {
	Organization OrganizationID
	User         UserID
	Role         OrganizationRole // empty: was a member once, or never
	// SuspendedAt is when the user lost all access to the organization for a while,
	// with or without a role; zero for not.
	SuspendedAt time.Time
	Stamp
}

func (m *OrganizationMember) clone() Part         { c := *m; return &c }
func (m *OrganizationMember) gone(time.Time) bool { return !m.Present() }

// Present reports whether the user is a member of the organization now.
func (m *OrganizationMember) Present() bool { return m.role() != organizationNobody }

// suspended reports whether the user has no access to anything of the
// organization for now.
func (m *OrganizationMember) suspended() bool { return m != nil && !m.SuspendedAt.IsZero() }

// activeRole is the role that gives something now.
func (m *OrganizationMember) activeRole() OrganizationRole {
	if m.suspended() {
		return organizationNobody
	}
	return m.role()
}

// role is the member's role; that of nobody when there is no such member.
func (m *OrganizationMember) role() OrganizationRole {
	if m == nil {
		return organizationNobody
	}
	return m.Role
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

// OrganizationMemberRemoved: the user has no role in the organization any more.
type OrganizationMemberRemoved struct {
	About `json:"-"`
	Role  OrganizationRole `json:"role"` // the one that was taken
}

// OrganizationMemberSuspended: the user has no access to anything of the
// organization for now; their role and memberships stay.
type OrganizationMemberSuspended struct {
	About `json:"-"`
}

// OrganizationMemberReinstated: the user's role and memberships count again.
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
}

func (s *State) organizationMemberSuspended(e OrganizationMemberSuspended, r *Recorded) {
	s.changeOrganizationMember(e.About, r, func(m *OrganizationMember) { m.SuspendedAt = r.Time })
}

func (s *State) organizationMemberReinstated(e OrganizationMemberReinstated, r *Recorded) {
	s.changeOrganizationMember(e.About, r, func(m *OrganizationMember) { m.SuspendedAt = time.Time{} })
}

// changeOrganizationMember folds a change of what a user is in the organization,
// of one who was nothing there before, too.
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

// PutOrganizationMember gives a user a role in the organization, whether or not
// they have one.
type PutOrganizationMember struct {
	Meta
	User UserID
	Role OrganizationRole
}

// CommandType is put_organization_member.
func (PutOrganizationMember) CommandType() string { return "put_organization_member" }

func (c PutOrganizationMember) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c PutOrganizationMember) needs(*State) []Key {
	return []Key{OrganizationMemberKey(c.Organization, c.User), ProfileKey(c.Organization, c.User)}
}

func (c PutOrganizationMember) decide(s *State, _ time.Time) ([]Event, error) {
	member, err := s.mayChangeOrganizationMember(c.Meta, c.User, c.Role)
	if err != nil {
		return nil, err
	}
	if err := checkUser("/user_id", c.User); err != nil {
		return nil, err
	}
	if !c.Role.Valid() {
		return nil, &InvalidError{"/role", "unknown_role", "the organization's roles are owner, admin and member"}
	}
	about := About{Organization: c.Organization, User: c.User}
	switch from := member.role(); from {
	case c.Role:
		return nil, nil
	case organizationNobody:
		return []Event{OrganizationMemberAdded{about, c.Role}}, nil
	default:
		return []Event{OrganizationMemberRoleChanged{about, Change[OrganizationRole]{from, c.Role}}}, nil
	}
}

// mayChangeOrganizationMember answers what the user is now, nil when nothing ever,
// when the actor may turn their role into the other. The last owner who is not
// suspended stays one.
func (s *State) mayChangeOrganizationMember(m Meta, user UserID, to OrganizationRole) (*OrganizationMember, error) {
	org, err := s.organization(m)
	if err != nil {
		return nil, err
	}
	level, err := s.organizationAuthority(m)
	if err != nil {
		return nil, err
	}
	member := s.OrganizationMember(m.Organization, user)
	from := member.role()
	if from.Level() > level || to.Level() > level {
		return nil, fmt.Errorf("from %q to %q at level %d: %w", from, to, level, ErrRoleAboveOwn)
	}
	if member.activeRole() == OrganizationOwner && to != OrganizationOwner && org.Owners == 1 {
		return nil, fmt.Errorf("organization %s: %w", m.Organization, ErrLastOwner)
	}
	return member, nil
}
