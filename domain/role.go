package domain

import "slices"

// Level orders roles: who may give what, and which of several grants is the
// strongest. Built-in roles stand at 10, 20, 30, 40 and 50.
type Level int

// The levels that rules speak of.
const (
	// LevelManage is the lowest level that may manage a workspace and its members.
	LevelManage Level = 40
	// LevelTop is the highest: workspace owners, and whoever acts for the
	// organization itself.
	LevelTop Level = 50
)

// RoleKey names a role within its organization. It is what events and commands
// carry; a key is never used again for another role.
type RoleKey string

// The built-in roles, which every workspace has.
const (
	RoleOwner  RoleKey = "owner"
	RoleAdmin  RoleKey = "admin"
	RoleEditor RoleKey = "editor"
	RoleViewer RoleKey = "viewer"
	RoleClient RoleKey = "client"
)

// Permission is one thing that a product lets people do in a workspace, as
// "noun.verb". Muster knows the ones of its built-in roles; products add theirs.
type Permission string

// The permissions of the built-in roles.
const (
	PermissionWorkspaceView   Permission = "workspace.view"
	PermissionMembersView     Permission = "members.view"
	PermissionContentEdit     Permission = "content.edit"
	PermissionMembersManage   Permission = "members.manage"
	PermissionWorkspaceManage Permission = "workspace.manage"
	PermissionWorkspaceOwn    Permission = "workspace.own"
)

// Role is what a membership gives: a level and permissions.
type Role struct {
	ID          RoleID
	Key         RoleKey
	Name        string
	Level       Level
	Permissions []Permission
	BuiltIn     bool
}

// Allows reports whether the role holds the permission.
func (r Role) Allows(p Permission) bool { return slices.Contains(r.Permissions, p) }

// builtIn holds the built-in roles from the highest level to the lowest. Each
// has all the permissions of those below it.
var builtIn = []Role{
	{MustParseID[roleKind]("00000000-0000-8000-8000-000000000050"), RoleOwner, "Owner", LevelTop, []Permission{
		PermissionWorkspaceView, PermissionMembersView, PermissionContentEdit,
		PermissionMembersManage, PermissionWorkspaceManage, PermissionWorkspaceOwn,
	}, true},
	{MustParseID[roleKind]("00000000-0000-8000-8000-000000000040"), RoleAdmin, "Admin", LevelManage, []Permission{
		PermissionWorkspaceView, PermissionMembersView, PermissionContentEdit,
		PermissionMembersManage, PermissionWorkspaceManage,
	}, true},
	{MustParseID[roleKind]("00000000-0000-8000-8000-000000000030"), RoleEditor, "Editor", 30, []Permission{
		PermissionWorkspaceView, PermissionMembersView, PermissionContentEdit,
	}, true},
	{MustParseID[roleKind]("00000000-0000-8000-8000-000000000020"), RoleViewer, "Viewer", 20, []Permission{
		PermissionWorkspaceView, PermissionMembersView,
	}, true},
	{MustParseID[roleKind]("00000000-0000-8000-8000-000000000010"), RoleClient, "Client", 10, []Permission{
		PermissionWorkspaceView,
	}, true},
}

// BuiltInRoles answers the built-in roles, the highest level first. The slice is
// the caller's; the permissions within are shared and must not be changed.
func BuiltInRoles() []Role { return slices.Clone(builtIn) }

// BuiltInRole answers the built-in role with that key, and whether there is one.
func BuiltInRole(key RoleKey) (Role, bool) {
	for i := range builtIn {
		if builtIn[i].Key == key {
			return builtIn[i], true
		}
	}
	return Role{}, false
}

// NearestBuiltIn answers the highest built-in role that is not above the level, and
// the lowest role for a level below all of them. By it a role of an organization's
// own is shown to those who know the built-in ones only.
func NearestBuiltIn(level Level) Role {
	for _, role := range builtIn {
		if role.Level <= level {
			return role
		}
	}
	return builtIn[len(builtIn)-1]
}

// OrganizationRole is a user's role in the organization as a whole.
type OrganizationRole string

// The organization's roles. Owners and admins inherit access to every workspace.
const (
	OrganizationOwner  OrganizationRole = "owner"
	OrganizationAdmin  OrganizationRole = "admin"
	OrganizationPlain  OrganizationRole = "member"
	organizationNobody OrganizationRole = "" // was a member once
)

// Valid reports whether there is such a role.
func (r OrganizationRole) Valid() bool {
	return r == OrganizationOwner || r == OrganizationAdmin || r == OrganizationPlain
}

// Level orders the organization's roles among themselves: nobody gives or takes
// one above their own.
func (r OrganizationRole) Level() Level {
	switch r {
	case OrganizationOwner:
		return LevelTop
	case OrganizationAdmin:
		return LevelManage
	case OrganizationPlain, organizationNobody:
	}
	return 0
}

// Inherited answers the role that an organization role gives in every workspace
// of the organization, and whether it gives one: owners are owners there and
// admins are admins.
func (r OrganizationRole) Inherited() (RoleKey, bool) {
	switch r {
	case OrganizationOwner:
		return RoleOwner, true
	case OrganizationAdmin:
		return RoleAdmin, true
	case OrganizationPlain, organizationNobody:
	}
	return "", false
}
