package domain

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// MaxPermissions is how many permissions a role or a membership can list.
const MaxPermissions = 200

// CustomRole is a role of one organization.
type CustomRole struct {
	Role
	Organization OrganizationID
	ArchivedAt   time.Time // zero: not archived. Who has the role keeps it
	Stamp
}

func (r *CustomRole) clone() Part { c := *r; return &c }

// RoleCreated: the organization has a role of its own.
type RoleCreated struct {
	About       `json:"-"`
	RoleID      RoleID       `json:"role_id"`
	Key         RoleKey      `json:"key"`
	Name        string       `json:"name"`
	Level       Level        `json:"level"`
	Permissions []Permission `json:"permissions"`
}

// RoleUpdated: the role is this now, for all who have it.
type RoleUpdated struct {
	About       `json:"-"`
	RoleID      RoleID       `json:"role_id"`
	Key         RoleKey      `json:"key"`
	Name        string       `json:"name"`
	Level       Level        `json:"level"`
	Permissions []Permission `json:"permissions"`
}

// RoleArchived: nobody gets the role any more.
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

// CreateRole makes a role of the organization's own.
type CreateRole struct {
	Meta
	Role Role
}

// CommandType is create_role.
func (CreateRole) CommandType() string { return "create_role" }

func (c CreateRole) target(*State) Key { return CustomRoleKey(c.Organization, c.Role.Key) }
func (c CreateRole) needs(*State) []Key {
	return []Key{CustomRoleKey(c.Organization, c.Role.Key)}
}

func (c CreateRole) decide(s *State, _ time.Time) ([]Event, error) {
	if err := s.mayDefineRoles(c.Meta); err != nil {
		return nil, err
	}
	if !validRoleKey(c.Role.Key) {
		return nil, &InvalidError{"/key", "invalid_key", "1 to 50 characters of a-z, 0-9 and _ are expected, a letter first"}
	}
	if _, ok := BuiltInRole(c.Role.Key); ok || s.CustomRole(c.Organization, c.Role.Key) != nil {
		return nil, fmt.Errorf("role %s: %w", c.Role.Key, ErrRoleExists)
	}
	if err := c.Role.check(); err != nil {
		return nil, err
	}
	return []Event{RoleCreated{
		About{Organization: c.Organization}, c.Role.ID, c.Role.Key, c.Role.Name, c.Role.Level, listed(c.Role.Permissions),
	}}, nil
}

// UpdateRole changes a role, for all who have it at once.
type UpdateRole struct {
	Meta
	Key         RoleKey
	Name        *string       // nil: as it is
	Level       *Level        // nil: as it is
	Permissions *[]Permission // nil: as they are
}

// CommandType is update_role.
func (UpdateRole) CommandType() string { return "update_role" }

func (c UpdateRole) target(*State) Key  { return CustomRoleKey(c.Organization, c.Key) }
func (c UpdateRole) needs(*State) []Key { return []Key{CustomRoleKey(c.Organization, c.Key)} }

func (c UpdateRole) decide(s *State, _ time.Time) ([]Event, error) {
	role, err := s.mayChangeRole(c.Meta, c.Key)
	if err != nil {
		return nil, err
	}
	after := role.Role
	if c.Name != nil {
		after.Name = *c.Name
	}
	if c.Level != nil {
		after.Level = *c.Level
	}
	if c.Permissions != nil {
		after.Permissions = *c.Permissions
	}
	if err := after.check(); err != nil {
		return nil, err
	}
	if after.Name == role.Name && after.Level == role.Level && slices.Equal(after.Permissions, role.Permissions) {
		return nil, nil
	}
	return []Event{RoleUpdated{
		About{Organization: c.Organization}, after.ID, after.Key, after.Name, after.Level, listed(after.Permissions),
	}}, nil
}

// ArchiveRole makes sure that nobody gets the role any more. Who has it keeps it,
// and nobody ever gets another one by its key.
type ArchiveRole struct {
	Meta
	Key RoleKey
}

// CommandType is archive_role.
func (ArchiveRole) CommandType() string { return "archive_role" }

func (c ArchiveRole) target(*State) Key  { return CustomRoleKey(c.Organization, c.Key) }
func (c ArchiveRole) needs(*State) []Key { return []Key{CustomRoleKey(c.Organization, c.Key)} }

func (c ArchiveRole) decide(s *State, _ time.Time) ([]Event, error) {
	role, err := s.mayChangeRole(c.Meta, c.Key)
	if err != nil || !role.ArchivedAt.IsZero() {
		return nil, err
	}
	return []Event{RoleArchived{About{Organization: c.Organization}, role.ID, role.Key}}, nil
}

func (s *State) mayDefineRoles(m Meta) error {
	if _, err := s.organization(m); err != nil {
		return err
	}
	_, err := s.organizationAuthority(m)
	return err
}

func (s *State) mayChangeRole(m Meta, key RoleKey) (*CustomRole, error) {
	if err := s.mayDefineRoles(m); err != nil {
		return nil, err
	}
	if _, ok := BuiltInRole(key); ok {
		return nil, fmt.Errorf("role %s: %w", key, ErrRoleBuiltIn)
	}
	if role := s.CustomRole(m.Organization, key); role != nil {
		return role, nil
	}
	return nil, fmt.Errorf("role %s: %w", key, ErrUnknownRole)
}

// check demands what every role of an organization's own must be.
func (r Role) check() error {
	if err := checkName("/name", r.Name); err != nil {
		return err
	}
	if r.Level < 1 || r.Level >= LevelTop {
		return &InvalidError{"/level", "out_of_range", "a level from 1 to 49 is expected"}
	}
	return checkPermissions("/permissions", r.Permissions)
}

var (
	rolePattern       = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)
	permissionPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`)
)

func validRoleKey(key RoleKey) bool { return rolePattern.MatchString(string(key)) }

// checkPermissions demands words with dots between them, none twice.
func checkPermissions(pointer string, permissions []Permission) error {
	if len(permissions) > MaxPermissions {
		return &InvalidError{pointer, "too_many", fmt.Sprintf("at most %d permissions are expected", MaxPermissions)}
	}
	for i, p := range permissions {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if len(p) > 100 || !permissionPattern.MatchString(string(p)) {
			return &InvalidError{at, "invalid_permission", "words with dots between them are expected, like reports.view"}
		}
		if slices.Contains(permissions[:i], p) {
			return &InvalidError{at, "duplicate", "the permission stands more than once"}
		}
	}
	return nil
}

// listed is the list, which is never missing in an event that must have one.
func listed(permissions []Permission) []Permission {
	if permissions == nil {
		return []Permission{}
	}
	return permissions
}

// Role answers the role that the organization knows by the key, built in or its
// own, archived or not. A role of its own must be held.
func (s *State) Role(org OrganizationID, key RoleKey) (Role, bool) {
	if role, ok := BuiltInRole(key); ok {
		return role, true
	}
	if role := s.CustomRole(org, key); role != nil {
		return role.Role, true
	}
	return Role{}, false
}

// roleOf is the role of the membership, in whatever state.
func (s *State) roleOf(m *Membership) Role {
	if m == nil {
		return Role{}
	}
	role, _ := s.Role(m.Organization, m.Role)
	return role
}

// permissions are what the membership gives while it is active.
func (m *Membership) permissions(role Role) []Permission {
	if m.Permissions != nil {
		return m.Permissions
	}
	return role.Permissions
}

// roleToGive answers the role that somebody is to get.
func (s *State) roleToGive(org OrganizationID, key RoleKey) (Role, error) {
	role, ok := s.Role(org, key)
	if own := s.CustomRole(org, key); !ok || own != nil && !own.ArchivedAt.IsZero() {
		return Role{}, &InvalidError{"/role", "unknown_role", "a role of the organization is expected that is not archived: owner, admin, editor, viewer, client or one of its own"}
	}
	return role, nil
}
