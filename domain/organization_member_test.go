package domain

import "testing"

var organizationMemberRows = []row{
	{name: "new", given: stage, when: PutOrganizationMember{by(ada), zoe, OrganizationAdmin}, then: []Event{
		OrganizationMemberAdded{user(zoe), OrganizationAdmin},
	}},
	{name: "with another role", given: stage, when: PutOrganizationMember{by(ada), cleo, OrganizationOwner}, then: []Event{
		OrganizationMemberRoleChanged{user(cleo), Change[OrganizationRole]{OrganizationPlain, OrganizationOwner}},
	}},
	{name: "with the same role", given: stage, when: PutOrganizationMember{by(ada), cleo, OrganizationPlain}},
	{name: "again", given: withoutCleo, when: PutOrganizationMember{by(ada), cleo, OrganizationAdmin}, then: []Event{
		OrganizationMemberAdded{user(cleo), OrganizationAdmin},
	}},
	{name: "an admin makes an admin", given: stage, when: PutOrganizationMember{by(ben), cleo, OrganizationAdmin}, then: []Event{
		OrganizationMemberRoleChanged{user(cleo), Change[OrganizationRole]{OrganizationPlain, OrganizationAdmin}},
	}},
	{name: "an admin makes no owner", given: stage, when: PutOrganizationMember{by(ben), cleo, OrganizationOwner}, err: ErrRoleAboveOwn},
	{name: "an admin does not make themselves an owner", given: stage, when: PutOrganizationMember{by(ben), ben, OrganizationOwner}, err: ErrRoleAboveOwn},
	{name: "an admin demotes no owner", given: after(stage, OrganizationMemberAdded{user(zoe), OrganizationOwner}), when: PutOrganizationMember{by(ben), ada, OrganizationPlain}, err: ErrRoleAboveOwn},
	{name: "a program makes an owner", given: stage, when: PutOrganizationMember{byProgram, zoe, OrganizationOwner}, then: []Event{
		OrganizationMemberAdded{user(zoe), OrganizationOwner},
	}},
	{name: "a program on behalf of an admin makes no owner", given: stage, when: PutOrganizationMember{as(ben, byProgram), zoe, OrganizationOwner}, err: ErrRoleAboveOwn},
	{name: "an admin on behalf of an owner makes none either", given: stage, when: PutOrganizationMember{as(ada, by(ben)), ben, OrganizationOwner}, err: ErrNotAllowed},
	{name: "by a member", given: stage, when: PutOrganizationMember{by(cleo), zoe, OrganizationPlain}, err: ErrNotAllowed},
	{name: "by a workspace's owner", given: stage, when: PutOrganizationMember{by(olga), olga, OrganizationPlain}, err: ErrNotAllowed},
	{name: "by a former owner", given: adaGone, when: PutOrganizationMember{by(ada), ada, OrganizationOwner}, err: ErrNotAllowed},
	{name: "by a program of a workspace", given: stage, when: PutOrganizationMember{within(studio, byProgram), zoe, OrganizationPlain}, err: ErrNotAllowed},
	{name: "by the owner, bound to a workspace", given: stage, when: PutOrganizationMember{within(studio, by(ada)), zoe, OrganizationPlain}, err: ErrNotAllowed},
	{name: "the last owner stays one", given: stage, when: PutOrganizationMember{by(ada), ada, OrganizationAdmin}, err: ErrLastOwner},
	{name: "the last owner, made an owner", given: stage, when: PutOrganizationMember{by(ada), ada, OrganizationOwner}},
	{name: "even for the root token", given: stage, when: PutOrganizationMember{byRoot, ada, OrganizationAdmin}, err: ErrLastOwner},
	{name: "the last but one does not", given: twoOwners, when: PutOrganizationMember{by(ada), ada, OrganizationAdmin}, then: []Event{
		OrganizationMemberRoleChanged{user(ada), Change[OrganizationRole]{OrganizationOwner, OrganizationAdmin}},
	}},
	{name: "with no role", given: stage, when: PutOrganizationMember{by(ada), cleo, ""}, err: invalid("/role", "unknown_role")},
	{name: "with a workspace's role", given: stage, when: PutOrganizationMember{by(ada), cleo, "editor"}, err: invalid("/role", "unknown_role")},
	{name: "who may not is told nothing else", given: stage, when: PutOrganizationMember{by(cleo), cleo, "editor"}, err: ErrNotAllowed},
	{name: "nobody in particular", given: stage, when: PutOrganizationMember{by(ada), UserID{}, OrganizationPlain}, err: invalid("/user_id", "required")},
	{name: "of no organization", when: PutOrganizationMember{byRoot, ada, OrganizationOwner}, err: ErrUnknownOrganization},

	{name: "a member", given: stage, when: RemoveOrganizationMember{by(ben), cleo, 0}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain, false},
	}},
	{name: "an owner", given: twoOwners, when: RemoveOrganizationMember{by(ada), ben, 0}, then: []Event{
		OrganizationMemberRemoved{user(ben), OrganizationOwner, false},
	}},
	{name: "oneself", given: stage, when: RemoveOrganizationMember{by(ben), ben, 0}, then: []Event{
		OrganizationMemberRemoved{user(ben), OrganizationAdmin, false},
	}},
	{name: "the last owner", given: stage, when: RemoveOrganizationMember{by(ada), ada, 0}, err: ErrLastOwner},
	{name: "the last owner, the other having been removed", given: adaGone, when: RemoveOrganizationMember{by(ben), ben, 0}, err: ErrLastOwner},
	{name: "the last owner, by a program", given: stage, when: RemoveOrganizationMember{byProgram, ada, 0}, err: ErrLastOwner},
	{name: "the last owner, by an admin", given: stage, when: RemoveOrganizationMember{by(ben), ada, 0}, err: ErrRoleAboveOwn},
	{name: "twice", given: withoutCleo, when: RemoveOrganizationMember{by(ada), cleo, 0}},
	{name: "who never was", given: stage, when: RemoveOrganizationMember{by(ada), nora, 0}, err: ErrUnknownMember},
	{name: "by a member", given: stage, when: RemoveOrganizationMember{by(cleo), ben, 0}, err: ErrNotAllowed},
	{name: "by a program of a workspace", given: stage, when: RemoveOrganizationMember{within(studio, byProgram), cleo, 0}, err: ErrNotAllowed},
	{name: "of no organization", when: RemoveOrganizationMember{byRoot, ada, 0}, err: ErrUnknownOrganization},
}

var (
	twoOwners   = after(stage, OrganizationMemberRoleChanged{user(ben), Change[OrganizationRole]{OrganizationAdmin, OrganizationOwner}})
	adaGone     = after(twoOwners, OrganizationMemberRemoved{user(ada), OrganizationOwner, false})
	withoutCleo = after(stage, OrganizationMemberRemoved{user(cleo), OrganizationPlain, false})
)

func TestPresent(t *testing.T) {
	s := fold(withoutCleo...)
	for _, c := range []struct {
		user UserID
		want bool
	}{{ada, true}, {cleo, false}, {zoe, false}} {
		if got := s.OrganizationMember(acme, c.user).Present(); got != c.want {
			t.Errorf("%s is present: %v, want %v", c.user, got, c.want)
		}
	}
}

// An organization's role is inherited in every workspace, or not at all.
func TestInherited(t *testing.T) {
	for role, want := range map[OrganizationRole]RoleKey{
		OrganizationOwner: RoleOwner, OrganizationAdmin: RoleAdmin, OrganizationPlain: "", organizationNobody: "",
	} {
		if got, ok := role.Inherited(); got != want || ok != (want != "") {
			t.Errorf("%q inherits %q, %v; want %q", role, got, ok, want)
		}
	}
}

// A member who is removed and added again keeps the time when they were first added.
func TestOrganizationMemberAgain(t *testing.T) {
	joined := fold(stage...).OrganizationMember(acme, cleo).Version
	s := fold(after(withoutCleo, OrganizationMemberAdded{user(cleo), OrganizationAdmin})...)
	got := s.OrganizationMember(acme, cleo)
	if got.Role != OrganizationAdmin || got.Version == joined || !got.CreatedAt.Before(got.UpdatedAt) {
		t.Errorf("added again: %+v", got)
	}
}
