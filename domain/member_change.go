package domain

import (
	"fmt"
	"slices"
	"time"
)

// ChangeMember changes the terms of a membership, all that are given at once.
type ChangeMember struct {
	Meta
	Workspace   WorkspaceID
	User        UserID
	Role        *RoleKey      // nil: as it is
	Permissions *[]Permission // nil: as they are; a nil list: the role's
	ExpiresAt   *time.Time    // nil: as it is; zero: never
}

// CommandType is change_member.
func (ChangeMember) CommandType() string { return "change_member" }

func (c ChangeMember) target(*State) Key { return MembershipKey(c.Workspace, c.User) }

func (c ChangeMember) needs(s *State) []Key {
	keys := memberNeeds(s, c.Meta, c.Workspace, c.User)
	if c.Role != nil {
		keys = appendRoleKey(keys, c.Organization, *c.Role)
	}
	return keys
}

func (c ChangeMember) decide(s *State, at time.Time) ([]Event, error) {
	ws, by, member, err := s.mayChangeMember(c.Meta, c.Workspace, c.User, at)
	if err != nil {
		return nil, err
	}
	after := *member
	if err := c.apply(s, by, &after, at); err != nil {
		return nil, err
	}
	if member.owns() && !after.owns() && ws.Owners == 1 {
		return nil, fmt.Errorf("workspace %s: %w", ws.ID, ErrLastOwner)
	}
	var events []Event
	about := About{c.Organization, c.Workspace, c.User}
	if after.Role != member.Role {
		events = append(events, MemberRoleChanged{about, member.ID, Change[RoleKey]{member.Role, after.Role}})
	}
	if !samePermissions(after.Permissions, member.Permissions) {
		events = append(events, MemberPermissionsChanged{about, member.ID, Change[[]Permission]{member.Permissions, after.Permissions}})
	}
	if !after.ExpiresAt.Equal(member.ExpiresAt) {
		events = append(events, MemberExpiryChanged{about, member.ID, Change[*time.Time]{orNil(member.ExpiresAt), orNil(after.ExpiresAt)}})
	}
	return events, nil
}

// apply changes the terms of a copy of the membership, as far as the actor may.
func (c ChangeMember) apply(s *State, by authority, after *Membership, at time.Time) error {
	if c.Role != nil && *c.Role != after.Role {
		role, err := s.roleToGive(c.Organization, *c.Role)
		if err != nil {
			return err
		}
		if err := by.mayGive(role, nil); err != nil {
			return err
		}
		after.Role = role.Key
	}
	if c.Permissions != nil && !samePermissions(*c.Permissions, after.Permissions) {
		if err := checkPermissions("/permissions", *c.Permissions); err != nil {
			return err
		}
		if err := c.mayPermit(by, s.roleOf(after)); err != nil {
			return err
		}
		after.Permissions = *c.Permissions
	}
	if c.ExpiresAt != nil && !c.ExpiresAt.Equal(after.ExpiresAt) {
		if err := checkExpiry(*c.ExpiresAt, at); err != nil {
			return err
		}
		if c.oneself(by) && endsLater(*c.ExpiresAt, after.ExpiresAt) {
			return fmt.Errorf("nobody prolongs their own membership: %w", ErrNotAllowed)
		}
		after.ExpiresAt = *c.ExpiresAt
	}
	return nil
}

// mayPermit refuses permissions that the actor does not have. Those of the role go
// with the role, whoever gives it; but nobody takes back a list that bounds them.
func (c ChangeMember) mayPermit(by authority, role Role) error {
	permissions := *c.Permissions
	if permissions == nil && c.oneself(by) {
		permissions = role.Permissions
	}
	return by.mayGive(role, permissions)
}

// oneself reports whether the actor manages the workspace by the very membership
// that is to change.
func (c ChangeMember) oneself(by authority) bool { return !by.all && c.User == c.person() }

func endsLater(a, b time.Time) bool { return !b.IsZero() && (a.IsZero() || a.After(b)) }

// samePermissions tells no list, which means the role's, from an empty one.
func samePermissions(a, b []Permission) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

// mayChangeMember answers the membership, in any state but removed, that the actor
// may change, and as what they act.
func (s *State) mayChangeMember(m Meta, id WorkspaceID, user UserID, at time.Time) (*Workspace, authority, *Membership, error) {
	ws, by, err := s.mayChangeWorkspace(m, id, at)
	if err != nil {
		return nil, by, nil, err
	}
	member := s.Membership(id, user)
	if !member.present(at) {
		return nil, by, nil, fmt.Errorf("user %s in workspace %s: %w", user, id, ErrUnknownMember)
	}
	return ws, by, member, by.mayTouch(s.roleOf(member))
}
