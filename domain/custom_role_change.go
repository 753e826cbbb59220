package domain

import (
	"fmt"
	"slices"
	"time"
)

// CreateRole creates one of the organization's own roles.
type CreateRole struct {
	Meta
	Role Role
}

// CommandType is create_role.
func (CreateRole) CommandType() string { return "create_role" }

func (c CreateRole) target(*State) Key { return CustomRoleKey(c.Organization, c.Role.Key) }

func (c CreateRole) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c CreateRole) decide(s *State, at time.Time) ([]Event, error) {
	by, err := s.mayDefineRoles(c.Meta, at)
	if err != nil {
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
	if err := by.mayGive(c.Role, c.Role.Permissions); err != nil {
		return nil, err
	}
	return []Event{RoleCreated{
		About{Organization: c.Organization}, c.Role.ID, c.Role.Key, c.Role.Name, c.Role.Level, listed(c.Role.Permissions),
	}}, nil
}

// UpdateRole changes a role for everybody who has it.
type UpdateRole struct {
	Meta
	Key         RoleKey
	Name        *string       // nil: unchanged
	Level       *Level        // nil: unchanged
	Permissions *[]Permission // nil: unchanged
}

// CommandType is update_role.
func (UpdateRole) CommandType() string { return "update_role" }

func (c UpdateRole) target(*State) Key                { return CustomRoleKey(c.Organization, c.Key) }
func (c UpdateRole) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c UpdateRole) decide(s *State, at time.Time) ([]Event, error) {
	role, by, err := s.mayChangeRole(c.Meta, c.Key, at)
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
	gives := after.Level != role.Level || !slices.Equal(after.Permissions, role.Permissions)
	if after.Name == role.Name && !gives {
		return nil, nil
	}
	if gives { // to everybody who has the role
		if err := by.mayGive(after, after.Permissions); err != nil {
			return nil, err
		}
	}
	return []Event{RoleUpdated{
		About{Organization: c.Organization}, after.ID, after.Key, after.Name, after.Level, listed(after.Permissions),
	}}, nil
}

// ArchiveRole stops a role from being given to anybody. Members who have it keep it.
// The key stays taken.
type ArchiveRole struct {
	Meta
	Key RoleKey
}

// CommandType is archive_role.
func (ArchiveRole) CommandType() string { return "archive_role" }

func (c ArchiveRole) target(*State) Key                { return CustomRoleKey(c.Organization, c.Key) }
func (c ArchiveRole) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c ArchiveRole) decide(s *State, at time.Time) ([]Event, error) {
	role, _, err := s.mayChangeRole(c.Meta, c.Key, at)
	if err != nil || !role.ArchivedAt.IsZero() {
		return nil, err
	}
	return []Event{RoleArchived{About{Organization: c.Organization}, role.ID, role.Key}}, nil
}

// mayDefineRoles returns the actor's authority in all workspaces of the organization, whose
// members a role is for.
func (s *State) mayDefineRoles(m Meta, at time.Time) (authority, error) {
	if _, err := s.organization(m); err != nil {
		return authority{}, err
	}
	return s.everywhere(m, at)
}

func (s *State) mayChangeRole(m Meta, key RoleKey, at time.Time) (*CustomRole, authority, error) {
	by, err := s.mayDefineRoles(m, at)
	if err != nil {
		return nil, authority{}, err
	}
	if _, ok := BuiltInRole(key); ok {
		return nil, authority{}, fmt.Errorf("role %s: %w", key, ErrRoleBuiltIn)
	}
	if role := s.CustomRole(m.Organization, key); role != nil {
		return role, by, nil
	}
	return nil, authority{}, fmt.Errorf("role %s: %w", key, ErrUnknownRole)
}

// check checks what every one of an organization's own roles must satisfy.
func (r Role) check() error {
	if err := checkName("/name", r.Name); err != nil {
		return err
	}
	if r.Level < 1 || r.Level >= LevelTop {
		return &InvalidError{"/level", "out_of_range", "a level from 1 to 49 is expected"}
	}
	return checkPermissions("/permissions", r.Permissions)
}
