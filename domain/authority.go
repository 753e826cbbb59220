package domain

import (
	"fmt"
	"slices"
	"time"
)

// authority is as what somebody acts in a workspace.
type authority struct {
	level Level
	// all says that the actor has every permission; otherwise they are listed.
	all         bool
	permissions []Permission
}

// top is the authority of whoever acts for the organization.
var top = authority{level: LevelTop, all: true}

// mayGive refuses what is more than the actor has.
func (a authority) mayGive(role Role, permissions []Permission) error {
	if role.Level > a.level {
		return fmt.Errorf("giving %s at level %d: %w", role.Key, a.level, ErrRoleAboveOwn)
	}
	if a.all {
		return nil
	}
	for _, p := range permissions {
		if !slices.Contains(a.permissions, p) {
			return fmt.Errorf("giving %s without having it: %w", p, ErrRoleAboveOwn)
		}
	}
	return nil
}

// mayTouch refuses to change a membership whose role is above the actor's own.
func (a authority) mayTouch(role Role) error {
	if role.Level > a.level {
		return fmt.Errorf("changing a member who is %s at level %d: %w", role.Key, a.level, ErrRoleAboveOwn)
	}
	return nil
}

// mayActFor refuses who acts for a person without the right to. A token that is
// bound to a person is never more than that person, whatever its scopes; so only
// a program acts on behalf of others.
func (m Meta) mayActFor() error {
	if m.OnBehalfOf.IsZero() || m.Actor.User.IsZero() || m.OnBehalfOf == m.Actor.User {
		return nil
	}
	return fmt.Errorf("the token is bound to user %s: %w", m.Actor.User, ErrNotAllowed)
}

// mayGain refuses a person who is suspended in the organization, or does not belong
// to it any more: they may give up what is theirs, and get nothing.
func (s *State) mayGain(m Meta) error {
	person := m.person()
	if person.IsZero() {
		return nil
	}
	member := s.OrganizationMember(m.Organization, person)
	if member.suspended() {
		return fmt.Errorf("user %s is suspended in the organization: %w", person, ErrNotAllowed)
	}
	if list := s.UserMemberships(m.Organization, person); member.role() == organizationNobody && (list == nil || len(list.Workspaces) == 0) {
		return fmt.Errorf("user %s does not belong to the organization: %w", person, ErrNotAllowed)
	}
	return nil
}

// gainNeeds names what [State.mayGain] must see, beside what every command must
// see.
func gainNeeds(m Meta, more ...Key) []Key {
	if person := m.person(); !person.IsZero() {
		more = append(more, UserMembershipsKey(m.Organization, person))
	}
	return more
}

// organizationAuthority answers the level at which the command's actor acts on
// the organization itself: its owners at the top, its admins below them, and a
// program as far as its scopes reach. What is bound to a workspace never acts on
// the organization.
func (s *State) organizationAuthority(m Meta) (Level, error) {
	if bound := m.Actor.Credential.Workspace; !bound.IsZero() {
		return 0, fmt.Errorf("the token is bound to workspace %s: %w", bound, ErrNotAllowed)
	}
	person := m.person()
	if person.IsZero() {
		return LevelTop, nil
	}
	if role := s.OrganizationMember(m.Organization, person).activeRole(); role.Level() >= LevelManage {
		return role.Level(), nil
	}
	return 0, fmt.Errorf("an owner or admin of the organization is needed: %w", ErrNotAllowed)
}

// workspaceAuthority answers as what the command's actor manages the workspace.
// Whoever acts for the organization acts at the top.
func (s *State) workspaceAuthority(m Meta, ws WorkspaceID, at time.Time) (authority, error) {
	bound, person := m.Actor.Credential.Workspace, m.person()
	if !bound.IsZero() && bound != ws {
		return authority{}, fmt.Errorf("the token is bound to workspace %s: %w", bound, ErrNotAllowed)
	}
	if person.IsZero() {
		return top, nil
	}
	inOrganization := s.OrganizationMember(m.Organization, person)
	if inOrganization.activeRole().Level() >= LevelManage {
		return top, nil
	}
	member := s.Membership(ws, person)
	role := s.roleOf(member)
	if !member.active(at) || inOrganization.suspended() || role.Level < LevelManage {
		return authority{}, fmt.Errorf("an owner or admin of the workspace or of its organization is needed: %w", ErrNotAllowed)
	}
	if role.Level < m.Least {
		return authority{}, fmt.Errorf("level %d in the workspace, or an owner or admin of its organization, is needed: %w", m.Least, ErrNotAllowed)
	}
	return authority{level: role.Level, permissions: member.permissions(role)}, nil
}

// workspaceNeeds names what [State.workspaceAuthority] must see, beside what
// every command must see.
func workspaceNeeds(s *State, m Meta, ws WorkspaceID, more ...Key) []Key {
	more = append(more, WorkspaceKey(ws))
	if person := m.person(); !person.IsZero() {
		more = append(more, MembershipKey(ws, person))
		more = appendRole(more, m.Organization, s.Membership(ws, person))
	}
	return more
}

// memberNeeds names what a command must see that changes a member.
func memberNeeds(s *State, m Meta, ws WorkspaceID, user UserID, more ...Key) []Key {
	more = append(more, MembershipKey(ws, user), ProfileKey(m.Organization, user), UserMembershipsKey(m.Organization, user))
	more = appendRole(more, m.Organization, s.Membership(ws, user))
	return workspaceNeeds(s, m, ws, more...)
}

// appendRole adds the role of the membership, when it is one of the
// organization's own.
func appendRole(keys []Key, org OrganizationID, member *Membership) []Key {
	if member == nil {
		return keys
	}
	return appendRoleKey(keys, org, member.Role)
}

func appendRoleKey(keys []Key, org OrganizationID, role RoleKey) []Key {
	if _, ok := BuiltInRole(role); ok || !validRoleKey(role) {
		return keys
	}
	return append(keys, CustomRoleKey(org, role))
}
