package domain

import "slices"

// Level orders roles. It decides who may give which role, and which of a user's several
// roles in a workspace is shown as their role there. The built-in roles have the levels 10, 20, 30, 40 and 50.
type Level int

// The levels that rules mention.
const (
	// LevelManage is the lowest level that may manage a workspace and its members.
	LevelManage Level = 40
	// LevelTop is the highest level. Workspace owners have it, and actors who act for
	// the organization itself.
	LevelTop Level = 50
)

// RoleKey names a role within its organization. Events and commands carry it. A key is
// never used again for another role.
type RoleKey string

// The built-in roles, which every workspace has.
const (
	RoleOwner  RoleKey = "owner"
	RoleAdmin  RoleKey = "admin"
	RoleEditor RoleKey = "editor"
	RoleViewer RoleKey = "viewer"
	RoleClient RoleKey = "client"
)

// Role is what a membership gives: a level and a list of permissions.
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

// BuiltInRoles returns the built-in roles, the highest level first. The caller may
// change the slice, but not the permissions in it, which are shared.
func BuiltInRoles() []Role { return slices.Clone(builtIn) }

// BuiltInRole returns the built-in role with that key and reports whether there is one.
func BuiltInRole(key RoleKey) (Role, bool) {
	for i := range builtIn {
		if builtIn[i].Key == key {
			return builtIn[i], true
		}
	}
	return Role{}, false
}

// NearestBuiltIn returns the highest built-in role that is not above the level, or the
// lowest role if the level is below all of them. Clients that know only the built-in
// roles are shown an organization's own role as this one.
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
	organizationNobody OrganizationRole = "" // not a member
)

// Valid reports whether the role exists.
func (r OrganizationRole) Valid() bool {
	return r == OrganizationOwner || r == OrganizationAdmin || r == OrganizationPlain
}

// Level orders the organization's roles among themselves. Nobody gives or takes a role
// above their own.
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

// Inherited returns the role that an organization role gives in every workspace of the
// organization, and reports whether it gives one. Owners are owners there, and admins
// are admins.
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
