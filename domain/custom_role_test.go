package domain

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var customRoleRows = slices.Concat(createRoleRows, updateRoleRows, archiveRoleRows, holderRows)

var createRoleRows = []row{
	{name: "by the organization's owner", given: stage, when: CreateRole{by(ada), analyst}, then: analystCreated},
	{name: "by the organization's admin", given: stage, when: CreateRole{by(ben), analyst}, then: analystCreated},
	{name: "by a program", given: stage, when: CreateRole{byProgram, analyst}, then: analystCreated},
	{name: "by a program of a workspace", given: stage, when: CreateRole{within(studio, byProgram), analyst}, err: ErrNotAllowed},
	{name: "by the organization's owner, bound to a workspace", given: stage, when: CreateRole{within(studio, by(ada)), analyst}, err: ErrNotAllowed},
	{name: "by the organization's owner, suspended", given: after(twoOwners, barred(ada)), when: CreateRole{by(ada), analyst}, err: ErrNotAllowed},
	{name: "by a workspace's owner", given: stage, when: CreateRole{by(olga), analyst}, err: ErrNotAllowed},
	{name: "by a member", given: stage, when: CreateRole{by(cleo), analyst}, err: ErrNotAllowed},
	{name: "on behalf of a workspace's owner", given: stage, when: CreateRole{as(olga, byProgram), analyst}, err: ErrNotAllowed},
	{name: "on behalf of a workspace's owner, by the root token", given: stage, when: CreateRole{as(olga, byRoot), analyst}, err: ErrNotAllowed},
	{name: "in no organization", when: CreateRole{byRoot, analyst}, err: ErrUnknownOrganization},
	{name: "twice", given: withRoles, when: CreateRole{by(ada), analyst}, err: ErrRoleExists},
	{name: "with the key of an archived one", given: withRoles, when: CreateRole{by(ada), intern}, err: ErrRoleExists},
	{name: "with the key of a built-in one", given: stage, when: CreateRole{by(ada), Role{Key: RoleEditor, Name: "Editor", Level: 30}}, err: ErrRoleExists},
	{name: "with another organization's key", given: withRoles, when: CreateRole{to(globex, byProgram), analyst}, then: []Event{
		RoleCreated{inOrganization(globex), analyst.ID, analyst.Key, analyst.Name, analyst.Level, analyst.Permissions},
	}},
	{name: "without permissions", given: stage, when: CreateRole{by(ada), Role{Key: "guest", Name: "Guest", Level: 1}}, then: []Event{
		RoleCreated{inOrganization(acme), RoleID{}, "guest", "Guest", 1, []Permission{}},
	}},
	{name: "at the highest level there is", given: stage, when: CreateRole{by(ben), Role{Key: "guest", Name: "Guest", Level: 49}}, then: []Event{
		RoleCreated{inOrganization(acme), RoleID{}, "guest", "Guest", 49, []Permission{}},
	}},
	{name: "at an owner's level", given: stage, when: CreateRole{by(ada), Role{Key: "guest", Name: "Guest", Level: 50}}, err: invalid("/level", "out_of_range")},
	{name: "at no level", given: stage, when: CreateRole{by(ada), Role{Key: "guest", Name: "Guest"}}, err: invalid("/level", "out_of_range")},
	{name: "without a name", given: stage, when: CreateRole{by(ada), Role{Key: "guest", Level: 1}}, err: invalid("/name", "required")},
	{name: "without a key", given: stage, when: CreateRole{by(ada), Role{Name: "Guest", Level: 1}}, err: invalid("/key", "invalid_key")},
	{name: "with too long a key", given: stage, when: CreateRole{by(ada), Role{Key: RoleKey(strings.Repeat("g", 51)), Name: "Guest", Level: 1}}, err: invalid("/key", "invalid_key")},
	{name: "with a key in capitals", given: stage, when: CreateRole{by(ada), Role{Key: "Guest", Name: "Guest", Level: 1}}, err: invalid("/key", "invalid_key")},
	{name: "with a permission of one word", given: stage, when: createWith("reports.view", "reports"), err: invalid("/permissions/1", "invalid_permission")},
	{name: "with a wildcard", given: stage, when: createWith("reports.*"), err: invalid("/permissions/0", "invalid_permission")},
	{name: "with too long a permission", given: stage, when: createWith(Permission("a." + strings.Repeat("b", 99))), err: invalid("/permissions/0", "invalid_permission")},
	{name: "with a permission twice", given: stage, when: createWith("reports.view", "reports.edit", "reports.view"), err: invalid("/permissions/2", "duplicate")},
	{name: "with too many permissions", given: stage, when: createWith(many(MaxPermissions + 1)...), err: invalid("/permissions", "too_many")},
	{name: "with many permissions", given: stage, when: createWith(many(MaxPermissions)...), then: []Event{
		RoleCreated{inOrganization(acme), RoleID{}, "guest", "Guest", 1, many(MaxPermissions)},
	}},
}

var updateRoleRows = []row{
	{name: "its name", given: withRoles, when: UpdateRole{Meta: by(ben), Key: "analyst", Name: new("Auditor")}, then: updated("Auditor", 15, "reports.view")},
	{name: "its level", given: withRoles, when: UpdateRole{Meta: by(ben), Key: "analyst", Level: new(Level(49))}, then: updated("Analyst", 49, "reports.view")},
	{name: "its permissions", given: withRoles, when: UpdateRole{Meta: byProgram, Key: "analyst", Permissions: &[]Permission{"a.b"}}, then: updated("Analyst", 15, "a.b")},
	{name: "its permissions to none", given: withRoles, when: UpdateRole{Meta: byProgram, Key: "analyst", Permissions: new([]Permission)}, then: updated("Analyst", 15)},
	{name: "to the same", given: withRoles, when: UpdateRole{by(ada), "analyst", new("Analyst"), new(Level(15)), &[]Permission{"reports.view"}}},
	{name: "nothing of it", given: withRoles, when: UpdateRole{Meta: by(ada), Key: "analyst"}},
	{name: "to an owner's level", given: withRoles, when: UpdateRole{Meta: by(ada), Key: "analyst", Level: new(LevelTop)}, err: invalid("/level", "out_of_range")},
	{name: "to no name", given: withRoles, when: UpdateRole{Meta: by(ada), Key: "analyst", Name: new("")}, err: invalid("/name", "required")},
	{name: "to a permission of one word", given: withRoles, when: UpdateRole{Meta: by(ada), Key: "analyst", Permissions: &[]Permission{"a"}}, err: invalid("/permissions/0", "invalid_permission")},
	{name: "archived, for those who have it", given: withRoles, when: UpdateRole{Meta: by(ada), Key: "intern", Name: new("Trainee")}, then: []Event{
		RoleUpdated{inOrganization(acme), intern.ID, intern.Key, "Trainee", intern.Level, intern.Permissions},
	}},
	{name: "built in", given: withRoles, when: UpdateRole{Meta: by(ada), Key: RoleEditor, Level: new(Level(49))}, err: ErrRoleBuiltIn},
	{name: "unknown", given: withRoles, when: UpdateRole{Meta: by(ada), Key: "boss", Level: new(Level(49))}, err: ErrUnknownRole},
	{name: "another organization's", given: withRoles, when: UpdateRole{Meta: to(globex, byProgram), Key: "analyst", Level: new(Level(49))}, err: ErrUnknownRole},
	{name: "one's own, up", given: withRoles, when: UpdateRole{Meta: by(dana), Key: "deputy", Level: new(Level(49))}, err: ErrNotAllowed},
	{name: "by a workspace's owner", given: withRoles, when: UpdateRole{Meta: by(olga), Key: "analyst", Level: new(Level(49))}, err: ErrNotAllowed},
	{name: "by a program of a workspace", given: withRoles, when: UpdateRole{Meta: within(studio, byProgram), Key: "analyst", Level: new(Level(49))}, err: ErrNotAllowed},
	{name: "by the organization's owner, bound to a workspace", given: withRoles, when: UpdateRole{Meta: within(studio, by(ada)), Key: "analyst", Level: new(Level(49))}, err: ErrNotAllowed},
	{name: "unknown, by who may not", given: withRoles, when: UpdateRole{Meta: by(olga), Key: "boss"}, err: ErrNotAllowed},
	{name: "in the version that it has not", given: withRoles, when: UpdateRole{Meta: given(Precondition{Versions: []uint64{1}}, by(ada)), Key: "analyst", Level: new(Level(1))}, err: ErrPrecondition},
}

var archiveRoleRows = []row{
	{name: "by the organization's admin", given: withRoles, when: ArchiveRole{by(ben), "analyst"}, then: []Event{RoleArchived{inOrganization(acme), analyst.ID, "analyst"}}},
	{name: "twice", given: withRoles, when: ArchiveRole{by(ben), "intern"}},
	{name: "built in", given: withRoles, when: ArchiveRole{by(ben), RoleClient}, err: ErrRoleBuiltIn},
	{name: "unknown", given: withRoles, when: ArchiveRole{by(ben), "boss"}, err: ErrUnknownRole},
	{name: "by a workspace's owner", given: withRoles, when: ArchiveRole{by(olga), "analyst"}, err: ErrNotAllowed},
	{name: "of no organization", when: ArchiveRole{byRoot, "analyst"}, err: ErrUnknownOrganization},
}

// The members who have a role.
var holderRows = []row{
	{name: "an archived role", given: withRoles, when: addCleo(by(olga), "intern"), err: invalid("/role", "unknown_role")},
	{name: "an archived role, by a program", given: withRoles, when: addCleo(byProgram, "intern"), err: invalid("/role", "unknown_role")},
	{name: "an archived role, had before", given: after(withRoles, removed(studio, ina, "intern")), when: PutMember{by(olga), studio, ina, Terms{Role: "intern"}, MembershipID{1}}, err: invalid("/role", "unknown_role")},
	{name: "an archived role", given: withRoles, when: changeRole(by(olga), studio, edna, "intern"), err: invalid("/role", "unknown_role")},
	{name: "an archived role", given: withRoles, when: invite(by(olga), "new@x", Terms{Role: "intern"}), err: invalid("/role", "unknown_role")},
	{name: "an archived role, kept", given: withRoles, when: PutMember{by(olga), studio, ina, Terms{Role: "intern", Permissions: []Permission{}}, MembershipID{1}}, then: []Event{
		permissionsChanged(ina, nil, []Permission{}),
	}},
	{name: "an archived role, reinstated", given: after(withRoles, suspended(studio, ina)), when: ReinstateMember{by(olga), studio, ina}, then: []Event{
		MemberReinstated{member(studio, ina), membership(studio, ina)},
	}},
	{name: "an archived role, promised before", given: promised, when: AcceptInvitation{Meta: by(zoe), Workspace: studio, User: zoe}, err: invalid("/role", "unknown_role")},
	{name: "an archived role, promised before, with the secret", given: promised, when: AcceptInvitation{by(zoe), studio, zoe, Hash{5}}, err: invalid("/role", "unknown_role")},
	{name: "an archived role, promised before", given: promised, when: RenewInvitation{by(olga), studio, zoe, Hash{6}, 0}, err: invalid("/role", "unknown_role")},
	{name: "another role than the archived one promised before", given: promised, when: changeRole(by(olga), studio, zoe, RoleViewer), then: []Event{changed(studio, zoe, "analyst", RoleViewer)}},
	{name: "an archived role, accepted before", given: after(withRoles, invited(studio, zoe, "analyst"), MemberAccepted{member(studio, zoe), membership(studio, zoe)}, RoleArchived{inOrganization(acme), analyst.ID, analyst.Key}), when: AcceptInvitation{Meta: by(zoe), Workspace: studio, User: zoe}},
	{name: "another organization's role", given: after(withRoles, added(vault, cleo, RoleViewer)), when: changeRole(to(globex, byProgram), vault, cleo, "analyst"), err: invalid("/role", "unknown_role")},
	{name: "a role with more permissions than one has, at a lower level", given: withRoles, when: addCleo(by(adam), "analyst"), err: ErrRoleAboveOwn},
	{name: "a role with the permissions that one has, at a lower level", given: withRoles, when: addCleo(by(dana), "analyst"), then: []Event{added(studio, cleo, "analyst")}},
	{name: "a role with more permissions than one has, by its owner", given: withRoles, when: addCleo(by(olga), "analyst"), then: []Event{added(studio, cleo, "analyst")}},
	{name: "a role raised above one's own", given: after(withRoles, updated("Analyst", 45)...), when: changeRole(by(adam), studio, anna, RoleClient), err: ErrRoleAboveOwn},
	{name: "a role raised to one's own", given: after(withRoles, updated("Analyst", 40)...), when: addCleo(by(anna), "analyst"), then: []Event{added(studio, cleo, "analyst")}},
	{name: "a role raised to another's level, without its permissions", given: after(withRoles, updated("Analyst", 40)...), when: addCleo(by(anna), RoleAdmin), err: ErrRoleAboveOwn},
	{name: "a role lowered beneath managing", given: after(withRoles, RoleUpdated{inOrganization(acme), deputy.ID, deputy.Key, deputy.Name, 39, deputy.Permissions}), when: addCleo(by(dana), RoleClient), err: ErrNotAllowed},
}

// The roles of acme and the members of the studio who have them. After them come users
// who look like managers of the studio and are not.
var (
	analyst = Role{ID: named[roleKind]("analyst"), Key: "analyst", Name: "Analyst", Level: 15, Permissions: []Permission{"reports.view"}}
	deputy  = Role{ID: named[roleKind]("deputy"), Key: "deputy", Name: "Deputy", Level: 45, Permissions: []Permission{"members.manage", "reports.view"}}
	intern  = Role{ID: named[roleKind]("intern"), Key: "intern", Name: "Intern", Level: 5, Permissions: []Permission{}} // archived

	anna = named[userKind]("anna") // analyst
	dana = named[userKind]("dana") // deputy
	ina  = named[userKind]("ina")  // intern
	sue  = named[userKind]("sue")  // suspended owner
	bart = named[userKind]("bart") // owner, suspended in acme
	exa  = named[userKind]("exa")  // owner until now
	ivy  = named[userKind]("ivy")  // invited owner

	analystCreated = []Event{roleCreated(analyst)}

	withRoles = after(stage,
		roleCreated(analyst), roleCreated(deputy), roleCreated(intern),
		added(studio, anna, "analyst"), added(studio, dana, "deputy"), added(studio, ina, "intern"),
		RoleArchived{inOrganization(acme), intern.ID, intern.Key},
		added(studio, sue, RoleOwner), suspended(studio, sue),
		added(studio, bart, RoleOwner), barred(bart),
		addedUntil(studio, exa, RoleOwner, now),
		invited(studio, ivy, RoleOwner),
	)
)

func roleCreated(r Role) Event {
	return RoleCreated{inOrganization(acme), r.ID, r.Key, r.Name, r.Level, r.Permissions}
}

func updated(name string, level Level, permissions ...Permission) []Event {
	return []Event{RoleUpdated{inOrganization(acme), analyst.ID, analyst.Key, name, level, listed(permissions)}}
}

func createWith(permissions ...Permission) Command {
	return CreateRole{by(ada), Role{Key: "guest", Name: "Guest", Level: 1, Permissions: permissions}}
}

func many(n int) (permissions []Permission) {
	for i := range n {
		permissions = append(permissions, Permission(fmt.Sprintf("things.do_%d", i)))
	}
	return permissions
}

func TestCustomRoleEvolves(t *testing.T) {
	role := fold(withRoles...).CustomRole(acme, "intern")
	if role.ArchivedAt.IsZero() || role.Organization != acme || role.BuiltIn || !role.CreatedAt.Before(role.UpdatedAt) {
		t.Errorf("archived: %+v", role)
	}
	events := after(withRoles, updated("Auditor", 20, "a.b")...)
	role = fold(events...).CustomRole(acme, "analyst")
	if role.Name != "Auditor" || role.Level != 20 || !slices.Equal(role.Permissions, []Permission{"a.b"}) ||
		role.ID != analyst.ID || role.Version != uint64(len(events)) || role.ArchivedAt != (time.Time{}) {
		t.Errorf("updated: %+v", role)
	}
}

// State.Role finds the organization's own roles as well as the built-in ones, archived or
// not. An own role never hides a built-in one.
func TestRole(t *testing.T) {
	s := fold(withRoles...)
	for _, c := range []struct {
		org  OrganizationID
		key  RoleKey
		want Level
	}{
		{acme, RoleEditor, 30},
		{acme, "analyst", 15},
		{acme, "intern", 5},
		{acme, "boss", 0},
		{globex, "analyst", 0},
		{globex, RoleOwner, 50},
	} {
		if role, ok := s.Role(c.org, c.key); role.Level != c.want || ok != (c.want > 0) {
			t.Errorf("%s: %+v, %v", c.key, role, ok)
		}
	}
}

// promised invites somebody to a role that is archived afterwards.
var promised = after(withRoles, invited(studio, zoe, "analyst"), RoleArchived{inOrganization(acme), analyst.ID, analyst.Key})
