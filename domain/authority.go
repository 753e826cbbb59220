package domain

import (
	"fmt"
	"slices"
	"time"
)

// authority is what somebody may do in a workspace as one of its managers.
type authority struct {
	level Level
	// permissions are those that the actor has. At the top level they do not matter,
	// because there the actor may give every permission.
	permissions []Permission
}

// top is the authority of an actor who acts for the organization.
var top = authority{level: LevelTop}

// and returns the union of the two authorities: the higher level, and the permissions of
// both.
func (a authority) and(b authority) authority {
	return authority{max(a.level, b.level), UnitePermissions(a.permissions, b.permissions)}
}

// mayGive refuses to give a role that is above the actor's level, or permissions that the
// actor does not have. The permissions are all those that the receiver then has through
// the role: those of the role itself, or the list that replaces them. At the top level
// every permission may be given.
//
// Kubernetes has the same rule for its roles, as its check against privilege escalation.
func (a authority) mayGive(role Role, permissions []Permission) error {
	if role.Level > a.level {
		return fmt.Errorf("giving %s at level %d: %w", role.Key, a.level, ErrRoleAboveOwn)
	}
	if a.level >= LevelTop {
		return nil
	}
	for _, p := range permissions {
		if !slices.Contains(a.permissions, p) {
			return fmt.Errorf("giving %s, which the actor does not have: %w", p, ErrRoleAboveOwn)
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

// grant says who may have authority where: a person in a workspace of an
// organization.
type grant struct {
	org       OrganizationID
	workspace WorkspaceID
	person    UserID
}

// source is one way in which a person can have authority in a workspace.
type source struct {
	// needs appends the keys of the parts that the authority follows from, as far as
	// the state knows them. The person's role in the organization need not be among
	// them: every command sees it (see [Needs]).
	needs func(keys []Key, s *State, g grant) []Key
	// authority returns what the source gives at that time; the zero value for
	// nothing. It is not asked about a person who is suspended in the organization.
	authority func(s *State, g grant, at time.Time) authority
}

// sources are all ways in which a person can have authority in a workspace. Their
// authority is the union of what all of them give.
var sources = [...]source{
	{needs: nothingMore, authority: fromOrganizationRole},
	{needs: needMembership, authority: fromMembership},
}

func nothingMore(keys []Key, _ *State, _ grant) []Key { return keys }

// fromOrganizationRole gives owners and admins of the organization everything.
func fromOrganizationRole(s *State, g grant, _ time.Time) authority {
	if s.OrganizationMember(g.org, g.person).activeRole().Level() >= LevelManage {
		return top
	}
	return authority{}
}

func needMembership(keys []Key, s *State, g grant) []Key {
	keys = append(keys, MembershipKey(g.workspace, g.person))
	return appendRole(keys, g.org, s.Membership(g.workspace, g.person))
}

// fromMembership gives an active member the level of their role and the permissions
// of their membership.
func fromMembership(s *State, g grant, at time.Time) authority {
	member := s.Membership(g.workspace, g.person)
	if !member.active(at) {
		return authority{}
	}
	role := s.roleOf(member)
	return authority{role.Level, member.permissions(role)}
}

// organizationAuthority returns the level at which the command's actor acts on the
// organization itself. Its owners act at the top and its admins below them. A program
// acts at the top; its scopes bound it elsewhere. A token that is bound to a workspace
// never acts on the organization.
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

// everywhere returns the authority that the command's actor has in all workspaces of the
// organization because they act for the organization. Today that is always the top level.
// Those who define roles are held against it all the same, so that the rule still holds
// when others may define roles.
func (s *State) everywhere(m Meta, at time.Time) (authority, error) {
	if _, err := s.organizationAuthority(m); err != nil {
		return authority{}, err
	}
	if person := m.person(); !person.IsZero() {
		return fromOrganizationRole(s, grant{org: m.Organization, person: person}, at), nil
	}
	return top, nil
}

// workspaceAuthority returns the authority with which the command's actor manages the
// workspace: the union of what all sources give.
func (s *State) workspaceAuthority(m Meta, ws WorkspaceID, at time.Time) (authority, error) {
	bound, person := m.Actor.Credential.Workspace, m.person()
	if !bound.IsZero() && bound != ws {
		return authority{}, fmt.Errorf("the token is bound to workspace %s: %w", bound, ErrNotAllowed)
	}
	if person.IsZero() {
		return top, nil
	}
	var sum authority
	if !s.OrganizationMember(m.Organization, person).suspended() {
		g := grant{m.Organization, ws, person}
		for i := range sources {
			sum = sum.and(sources[i].authority(s, g, at))
		}
	}
	if sum.level < LevelManage {
		return authority{}, fmt.Errorf("an owner or admin of the workspace or of its organization is needed: %w", ErrNotAllowed)
	}
	if sum.level < m.Least {
		return authority{}, fmt.Errorf("level %d in the workspace, or an owner or admin of its organization, is needed: %w", m.Least, ErrNotAllowed)
	}
	return sum, nil
}

// mayManageWorkspace returns the workspace. It refuses an actor who may not manage it.
func (s *State) mayManageWorkspace(m Meta, id WorkspaceID, at time.Time) (*Workspace, error) {
	ws, err := s.workspace(m, id)
	if err != nil {
		return nil, err
	}
	if _, err := s.workspaceAuthority(m, id, at); err != nil {
		return nil, err
	}
	return ws, nil
}

// mayChangeWorkspace returns the workspace and the actor's authority in it. It refuses an
// actor who may not manage it, and a workspace that is archived.
func (s *State) mayChangeWorkspace(m Meta, id WorkspaceID, at time.Time) (*Workspace, authority, error) {
	ws, err := s.workspace(m, id)
	if err != nil {
		return nil, authority{}, err
	}
	by, err := s.workspaceAuthority(m, id, at)
	if err != nil {
		return nil, authority{}, err
	}
	if !ws.ArchivedAt.IsZero() {
		return nil, authority{}, fmt.Errorf("workspace %s: %w", id, ErrWorkspaceArchived)
	}
	return ws, by, nil
}

// workspaceNeeds appends what [State.workspaceAuthority] must see, in addition to
// what every command must see.
func workspaceNeeds(keys []Key, s *State, m Meta, ws WorkspaceID) []Key {
	keys = append(keys, WorkspaceKey(ws))
	if person := m.person(); !person.IsZero() {
		g := grant{m.Organization, ws, person}
		for i := range sources {
			keys = sources[i].needs(keys, s, g)
		}
	}
	return keys
}

// memberNeeds appends what a command must see that changes a member. A command that can
// give the role of an owner must see [givenNeeds] too.
func memberNeeds(keys []Key, s *State, m Meta, ws WorkspaceID, user UserID) []Key {
	keys = organizationMemberNeeds(append(keys, MembershipKey(ws, user)), m, user)
	member := s.Membership(ws, user)
	keys = appendRole(keys, m.Organization, member)
	switch {
	case member.owns():
		keys = ownerNeeds(keys, s, m.Organization, ws, 1)
	case member != nil && member.Role == RoleOwner:
		keys = append(keys, OwnersKey(ws)) // the member can become one
	}
	return workspaceNeeds(keys, s, m, ws)
}

// givenNeeds appends what a command must see that gives the role in the workspace.
func givenNeeds(keys []Key, org OrganizationID, ws WorkspaceID, role RoleKey) []Key {
	if role == RoleOwner {
		return append(keys, OwnersKey(ws))
	}
	return appendRoleKey(keys, org, role)
}
