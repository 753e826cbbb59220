package domain

import (
	"regexp"
	"time"
)

// CustomRole is a role of one organization.
type CustomRole struct {
	Role
	Organization OrganizationID
	ArchivedAt   time.Time // zero: not archived. Members who have the role keep it
	Stamp
}

func (r *CustomRole) key() Key    { return CustomRoleKey(r.Organization, r.Key) }
func (r *CustomRole) clone() Part { c := *r; return &c }

// CustomRole returns the organization's own role with that key, or nil if there is
// none.
func (s *State) CustomRole(org OrganizationID, key RoleKey) *CustomRole {
	return PartOf[*CustomRole](s, CustomRoleKey(org, key))
}

// RoleCreated: the organization has a role of its own.
type RoleCreated struct {
	About       `json:"-"`
	RoleID      RoleID       `json:"role_id"`
	Key         RoleKey      `json:"key"`
	Name        string       `json:"name"`
	Level       Level        `json:"level"`
	Permissions []Permission `json:"permissions"`
}

// RoleUpdated: the role has changed, for all who have it.
type RoleUpdated struct {
	About       `json:"-"`
	RoleID      RoleID       `json:"role_id"`
	Key         RoleKey      `json:"key"`
	Name        string       `json:"name"`
	Level       Level        `json:"level"`
	Permissions []Permission `json:"permissions"`
}

// RoleArchived: the role can no longer be given to anybody.
type RoleArchived struct {
	About  `json:"-"`
	RoleID RoleID  `json:"role_id"`
	Key    RoleKey `json:"key"`
}

// EventType is muster.role.created.
func (RoleCreated) EventType() string { return "muster.role.created" }

// EventType is muster.role.updated.
func (RoleUpdated) EventType() string { return "muster.role.updated" }

// EventType is muster.role.archived.
func (RoleArchived) EventType() string { return "muster.role.archived" }

func (s *State) roleCreated(e RoleCreated, r *Recorded) {
	s.make(CustomRoleKey(e.Organization, e.Key), &CustomRole{
		Role:         Role{ID: e.RoleID, Key: e.Key, Name: e.Name, Level: e.Level, Permissions: e.Permissions},
		Organization: e.Organization, Stamp: stamp(r),
	})
}

func (s *State) roleUpdated(e RoleUpdated, r *Recorded) {
	role := s.CustomRole(e.Organization, e.Key)
	role.Name, role.Level, role.Permissions = e.Name, e.Level, e.Permissions
	role.touch(r)
}

func (s *State) roleArchived(e RoleArchived, r *Recorded) {
	role := s.CustomRole(e.Organization, e.Key)
	role.ArchivedAt = r.Time
	role.touch(r)
}

var rolePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)

// validRoleKey reports whether the key can be that of one of an organization's own roles.
func validRoleKey(key RoleKey) bool { return rolePattern.MatchString(string(key)) }

// Role returns the role with that key, built in or one of the organization's own,
// archived or not, and reports whether there is one. The state must hold the
// organization's own role.
func (s *State) Role(org OrganizationID, key RoleKey) (Role, bool) {
	if role, ok := BuiltInRole(key); ok {
		return role, true
	}
	if role := s.CustomRole(org, key); role != nil {
		return role.Role, true
	}
	return Role{}, false
}

// roleToGive returns the role that somebody is to get. It refuses an archived one.
func (s *State) roleToGive(org OrganizationID, key RoleKey) (Role, error) {
	role, ok := s.Role(org, key)
	if own := s.CustomRole(org, key); !ok || own != nil && !own.ArchivedAt.IsZero() {
		return Role{}, &InvalidError{"/role", "unknown_role", "a role of the organization is expected that is not archived: owner, admin, editor, viewer, client or one of its own"}
	}
	return role, nil
}

// appendRoleKey appends the role's key if the role can be one of the organization's
// own.
func appendRoleKey(keys []Key, org OrganizationID, role RoleKey) []Key {
	if _, ok := BuiltInRole(role); ok || !validRoleKey(role) {
		return keys
	}
	return append(keys, CustomRoleKey(org, role))
}
