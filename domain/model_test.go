package domain

import (
	"slices"
	"time"
)

// model is a simple account of what events say and of who may do what. It shares no code
// with the rules of the package.
type model struct {
	ties     map[Key]tie              // all memberships there ever were
	ranks    map[Key]OrganizationRole // of present members of organizations
	barred   map[Key]bool             // suspended in the organization
	met      map[Key]bool             // there was an event of their role, suspension or membership in the organization
	roles    map[Key]Role             // of organizations' own
	retired  map[Key]bool             // roles that were archived
	homes    map[WorkspaceID]OrganizationID
	archived map[WorkspaceID]bool
	profiles map[Key]ProfileFacts
	erased   map[Key]bool // who had a profile, and has none; true: the end is recorded
	tokens   map[Key]TokenFacts
	revoked  map[Key]bool
}

// tie is a membership after its last event.
type tie struct {
	id     MembershipID
	org    OrganizationID
	role   RoleKey
	state  MembershipState
	list   []Permission
	ends   time.Time
	secret Hash
	until  time.Time // to accept
	by     EventID   // ended with all others by this event, and not said to
}

func newModel() model {
	return model{
		ties: map[Key]tie{}, ranks: map[Key]OrganizationRole{}, barred: map[Key]bool{}, met: map[Key]bool{}, roles: map[Key]Role{}, retired: map[Key]bool{},
		homes: map[WorkspaceID]OrganizationID{}, archived: map[WorkspaceID]bool{}, profiles: map[Key]ProfileFacts{}, erased: map[Key]bool{}, tokens: map[Key]TokenFacts{}, revoked: map[Key]bool{},
	}
}

func (m *model) learn(r *Recorded) {
	event := r.Event
	about := event.Concerns()
	key, rank := MembershipKey(about.Workspace, about.User), OrganizationMemberKey(about.Organization, about.User)
	change := func(f func(*tie)) {
		member := m.ties[key]
		f(&member)
		m.ties[key] = member
	}
	switch event.(type) { //nolint:gochecksumtype // all others are of their role, suspension or membership
	case UserProfileSet, UserErasureRequested, UserErased, ReviewRowDecided:
	default:
		m.met[rank] = m.met[rank] || !about.User.IsZero()
	}
	switch e := event.(type) {
	case MemberAdded:
		m.ties[key] = tie{id: e.Membership, org: e.Organization, role: e.Role, state: MembershipActive, list: e.Permissions, ends: e.ExpiresAt}
	case MemberInvited:
		m.ties[key] = tie{e.Membership, e.Organization, e.Role, MembershipInvited, e.Permissions, e.ExpiresAt, e.Invitation.Secret, e.Invitation.ExpiresAt, EventID{}}
	case MemberAccepted, MemberReinstated:
		change(func(t *tie) { t.state = MembershipActive })
	case MemberInvitationRenewed:
		change(func(t *tie) { t.secret, t.until = e.Invitation.Secret, e.Invitation.ExpiresAt })
	case MemberRoleChanged:
		change(func(t *tie) { t.role = e.Role.To })
	case MemberPermissionsChanged:
		change(func(t *tie) { t.list = e.Permissions.To })
	case MemberExpiryChanged:
		change(func(t *tie) { t.ends = orZero(e.ExpiresAt.To) })
	case MemberSuspended:
		change(func(t *tie) { t.state = MembershipSuspended })
	case MemberRemoved, MemberLeft, MemberExpired:
		change(func(t *tie) { t.state, t.by = MembershipRemoved, EventID{} })
	case OrganizationMemberAdded:
		m.ranks[rank] = e.Role
	case OrganizationMemberRoleChanged:
		m.ranks[rank] = e.Role.To
	case OrganizationMemberRemoved:
		delete(m.ranks, rank)
		for key, tie := range m.ties {
			if e.Ending && key.ID == e.User && tie.org == e.Organization && tie.here(r.Time) {
				tie.state, tie.by = MembershipRemoved, r.ID
				m.ties[key] = tie
			}
		}
	case OrganizationMemberSuspended, OrganizationMemberReinstated:
		_, m.barred[rank] = event.(OrganizationMemberSuspended)
	case UserProfileSet:
		m.profiles[ProfileKey(e.Organization, e.User)] = e.Profile
		delete(m.erased, ProfileKey(e.Organization, e.User))
	case UserErasureRequested, UserErased:
		delete(m.profiles, ProfileKey(about.Organization, about.User))
		_, m.erased[ProfileKey(about.Organization, about.User)] = event.(UserErased)
	case RoleCreated:
		m.roles[CustomRoleKey(e.Organization, e.Key)] = Role{ID: e.RoleID, Key: e.Key, Name: e.Name, Level: e.Level, Permissions: e.Permissions}
	case RoleUpdated:
		m.roles[CustomRoleKey(e.Organization, e.Key)] = Role{ID: e.RoleID, Key: e.Key, Name: e.Name, Level: e.Level, Permissions: e.Permissions}
	case RoleArchived:
		m.retired[CustomRoleKey(e.Organization, e.Key)] = true
	case WorkspaceCreated:
		m.homes[e.Workspace] = e.Organization
	case WorkspaceArchived, WorkspaceRestored:
		_, m.archived[about.Workspace] = event.(WorkspaceArchived)
	case TokenIssued:
		m.tokens[TokenKey(e.Organization, e.Token.ID)] = e.Token
	case TokenRevoked:
		m.revoked[TokenKey(e.Organization, e.TokenID)] = true
	}
}

// knows reports whether the user is or was something in the organization.
func (m *model) knows(org OrganizationID, user UserID) bool {
	_, ranked := m.ranks[OrganizationMemberKey(org, user)]
	_, entered := m.profiles[ProfileKey(org, user)]
	for key, tie := range m.ties {
		if key.ID == user && tie.org == org {
			return true
		}
	}
	return ranked || entered
}

// here reports whether the membership has not ended at that time.
func (t tie) here(at time.Time) bool {
	return t.state != "" && t.state != MembershipRemoved && (t.ends.IsZero() || at.Before(t.ends)) && (t.state != MembershipInvited || at.Before(t.until))
}

// over returns when the membership or the invitation ends; zero for never.
func (t tie) over() time.Time {
	if t.state == MembershipInvited && (t.ends.IsZero() || t.until.Before(t.ends)) {
		return t.until
	}
	return t.ends
}

// here reports whether the user has a membership or an invitation in the organization.
func (m *model) here(user UserID, org OrganizationID, at time.Time) bool {
	for k, tie := range m.ties {
		if k.ID == user && tie.org == org && tie.here(at) {
			return true
		}
	}
	return false
}

// belongs reports whether the user has anything in the organization.
func (m *model) belongs(user UserID, org OrganizationID, at time.Time) bool {
	return m.ranks[OrganizationMemberKey(org, user)] != "" || m.here(user, org, at)
}

// lastingOwner reports whether the user is an owner who counts: every workspace has at
// least one.
func (t tie) lastingOwner() bool {
	return t.state == MembershipActive && t.role == RoleOwner && t.ends.IsZero()
}

// builtInRoles is one copy of what every call of BuiltInRoles copies.
var builtInRoles = BuiltInRoles()

// role returns the organization's role with that key; it has level 0 if there is none.
func (m *model) role(org OrganizationID, key RoleKey) Role {
	for _, r := range builtInRoles {
		if r.Key == key {
			return r
		}
	}
	return m.roles[CustomRoleKey(org, key)]
}

// mayGet reports whether the role can be given to somebody.
func (m *model) mayGet(org OrganizationID, key RoleKey) bool {
	return m.role(org, key).Level > 0 && !m.retired[CustomRoleKey(org, key)]
}

// suspended reports whether the person who acts is suspended in the organization.
func (m *model) suspended(by Meta) bool {
	return m.barred[OrganizationMemberKey(by.Organization, by.person())]
}

// rank returns the level at which the actor acts on the organization; 0 for none.
func (m *model) rank(by Meta) Level {
	switch person := by.person(); {
	case !by.Actor.Credential.Workspace.IsZero(), m.suspended(by):
		return 0
	case person.IsZero():
		return 50
	}
	switch m.ranks[OrganizationMemberKey(by.Organization, by.person())] {
	case OrganizationOwner:
		return 50
	case OrganizationAdmin:
		return 40
	default:
		return 0
	}
}

// power is what an actor may do as a manager of a workspace; level 0 for nothing.
type power struct {
	level Level
	all   bool // permissions
	some  []Permission
}

func (m *model) power(by Meta, ws WorkspaceID, at time.Time) power {
	if bound := by.Actor.Credential.Workspace; !bound.IsZero() && bound != ws || m.suspended(by) {
		return power{}
	}
	free := by
	free.Actor.Credential.Workspace = WorkspaceID{}
	var p power
	if m.rank(free) >= 40 {
		p.level = 50
	}
	if member := m.ties[MembershipKey(ws, by.person())]; member.here(at) && member.state == MembershipActive {
		p.level, p.some = max(p.level, m.role(member.org, member.role).Level), m.permits(member)
	}
	if p.level < max(40, by.Least) {
		return power{}
	}
	p.all = p.level == 50
	return p
}

// permits returns what the membership permits while it gives access.
func (m *model) permits(t tie) []Permission {
	if t.list != nil {
		return t.list
	}
	return m.role(t.org, t.role).Permissions
}

// covers reports whether the power includes all of the permissions.
func (p power) covers(permissions []Permission) bool {
	return p.all || !slices.ContainsFunc(permissions, func(one Permission) bool { return !slices.Contains(p.some, one) })
}
