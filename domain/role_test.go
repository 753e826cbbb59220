package domain

import "testing"

// The built-in roles are listed from the highest level down, and each has all permissions
// of those below it.
func TestBuiltInRoles(t *testing.T) {
	roles := BuiltInRoles()
	if len(roles) != 5 {
		t.Fatalf("%d roles", len(roles))
	}
	ids := map[RoleID]bool{}
	for i, role := range roles {
		if got, ok := BuiltInRole(role.Key); !ok || got.ID != role.ID {
			t.Errorf("%s is found as %+v", role.Key, got)
		}
		ids[role.ID] = true
		if role.Allows(PermissionMembersManage) != (role.Level >= LevelManage) {
			t.Errorf("%s at level %d manages members: %v", role.Key, role.Level, role.Allows(PermissionMembersManage))
		}
		if i == 0 {
			continue
		}
		above := roles[i-1]
		if above.Level <= role.Level || len(above.Permissions) <= len(role.Permissions) {
			t.Errorf("%s is not above %s", above.Key, role.Key)
		}
		for _, p := range role.Permissions {
			if !above.Allows(p) {
				t.Errorf("%s allows %s and %s above it does not", role.Key, p, above.Key)
			}
		}
	}
	if len(ids) != len(roles) {
		t.Error("two roles have one id")
	}
	roles[0].Key = "changed"
	if _, ok := BuiltInRole(RoleOwner); !ok {
		t.Error("whoever asks for the roles can change them")
	}
}

// An organization's own role counts as the next built-in one below it.
func TestNearestBuiltIn(t *testing.T) {
	for level, want := range map[Level]RoleKey{
		1: RoleClient, 9: RoleClient, 10: RoleClient, 19: RoleClient, 20: RoleViewer, 29: RoleViewer, 30: RoleEditor,
		39: RoleEditor, 40: RoleAdmin, 49: RoleAdmin, 50: RoleOwner,
	} {
		if got := NearestBuiltIn(level); got.Key != want {
			t.Errorf("%d is taken for %s, want %s", level, got.Key, want)
		}
	}
}
