package domain

import (
	"fmt"
	"regexp"
	"slices"
)

// MaxPermissions is how many permissions a role or a membership can list.
const MaxPermissions = 200

// Permission is one thing that a product lets people do in a workspace, such as
// "members.view". Muster defines those of its built-in roles, and products add theirs.
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

var permissionPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`)

// checkPermissions checks that each permission is words with dots between them, and
// that none is listed twice.
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
			return &InvalidError{at, "duplicate", "the permission appears more than once"}
		}
	}
	return nil
}

// listed returns the list, or an empty one for nil: the events of a role always have
// one.
func listed(permissions []Permission) []Permission {
	if permissions == nil {
		return []Permission{}
	}
	return permissions
}

// UnitePermissions returns the permissions of both lists, each once: those of the first
// list, followed by those that only the second one has. The result may share memory with
// the lists.
func UnitePermissions(a, b []Permission) []Permission {
	if len(a) == 0 {
		return b
	}
	united := slices.Clip(a)
	for _, p := range b {
		if !slices.Contains(a, p) {
			united = append(united, p)
		}
	}
	return united
}

// samePermissions reports whether the lists are equal. A nil list means the permissions
// of the role and is not equal to an empty one.
func samePermissions(a, b []Permission) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }
