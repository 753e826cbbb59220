package domain

import (
	"slices"
	"testing"
)

var memberRows = slices.Concat(addRows, putRows, putRoleRows)

var addRows = []row{
	{name: "by its owner", given: stage, when: addCleo(by(olga), RoleEditor), then: []Event{added(studio, cleo, RoleEditor)}},
	{name: "by the organization's admin", given: stage, when: addCleo(by(ben), RoleOwner), then: []Event{added(studio, cleo, RoleOwner)}},
	{name: "by the organization's owner, bound to it", given: stage, when: addCleo(within(studio, by(ada)), RoleOwner), then: []Event{added(studio, cleo, RoleOwner)}},
	{name: "by the organization's owner, bound to another", given: stage, when: addCleo(within(lab, by(ada)), RoleClient), err: ErrNotAllowed},
	{name: "by its program", given: stage, when: addCleo(within(studio, byProgram), RoleEditor), then: []Event{added(studio, cleo, RoleEditor)}},
	{name: "by another's program", given: stage, when: addCleo(within(lab, byProgram), RoleEditor), err: ErrNotAllowed},
	{name: "by another's owner", given: stage, when: addCleo(by(zoe), RoleEditor), err: ErrNotAllowed},
	{name: "oneself", given: stage, when: addCleo(by(cleo), RoleClient), err: ErrNotAllowed},
	{name: "by a former owner", given: after(stage, added(studio, zoe, RoleOwner), removed(studio, olga, RoleOwner)), when: addCleo(by(olga), RoleClient), err: ErrNotAllowed},
	{name: "by a former admin of the organization", given: after(stage, OrganizationMemberRemoved{user(ben), OrganizationAdmin, false}), when: addCleo(by(ben), RoleClient), err: ErrNotAllowed},
	{name: "on behalf of its admin", given: stage, when: addCleo(as(adam, byProgram), RoleAdmin), then: []Event{added(studio, cleo, RoleAdmin)}},
	{name: "on behalf of its admin, above them", given: stage, when: addCleo(as(adam, byProgram), RoleOwner), err: ErrRoleAboveOwn},
	{name: "on behalf of its admin, above them, by the root token", given: stage, when: addCleo(as(adam, byRoot), RoleOwner), err: ErrRoleAboveOwn},
	{name: "on behalf of its editor", given: stage, when: addCleo(as(edna, byProgram), RoleClient), err: ErrNotAllowed},
	{name: "on behalf of oneself", given: stage, when: addCleo(as(adam, by(adam)), RoleEditor), then: []Event{added(studio, cleo, RoleEditor)}},
	{name: "on behalf of its owner, by its editor", given: stage, when: addCleo(as(olga, by(edna)), RoleClient), err: ErrNotAllowed},
	{name: "on behalf of its owner, by another's program", given: stage, when: addCleo(as(olga, within(lab, byProgram)), RoleClient), err: ErrNotAllowed},
	{name: "with an unknown role", given: stage, when: addCleo(by(olga), "boss"), err: invalid("/role", "unknown_role")},
	{name: "with no role", given: stage, when: addCleo(by(olga), ""), err: invalid("/role", "unknown_role")},
	{name: "nobody in particular", given: stage, when: AddMember{by(olga), studio, UserID{}, Terms{Role: RoleEditor}, MembershipID{1}, nil}, err: invalid("/user_id", "required")},
	{
		name: "who is one", given: stage, when: AddMember{by(olga), studio, edna, Terms{Role: RoleEditor}, MembershipID{1}, nil},
		err: &AlreadyMemberError{membership(studio, edna)},
	},
	{name: "who is one, as an error of its kind", given: stage, when: AddMember{by(olga), studio, edna, Terms{Role: RoleViewer}, MembershipID{1}, nil}, err: ErrAlreadyMember},
	{
		name: "who was one, under the old id", given: ednaGone, when: AddMember{by(olga), studio, edna, Terms{Role: RoleAdmin}, MembershipID{1}, nil},
		then: []Event{added(studio, edna, RoleAdmin)},
	},
	{name: "archived", given: archived, when: addCleo(by(olga), RoleEditor), err: ErrWorkspaceArchived},
	{name: "archived, even for the root token", given: archived, when: addCleo(byRoot, RoleEditor), err: ErrWorkspaceArchived},
	{name: "archived, who may not", given: archived, when: addCleo(by(vera), RoleEditor), err: ErrNotAllowed},
	{name: "to no workspace", given: stage, when: AddMember{by(ada), annex, cleo, Terms{Role: RoleEditor}, MembershipID{1}, nil}, err: ErrUnknownWorkspace},
	{name: "to another organization's workspace", given: stage, when: AddMember{byProgram, vault, cleo, Terms{Role: RoleEditor}, MembershipID{1}, nil}, err: ErrUnknownWorkspace},
	{name: "to another organization's workspace, by its owner", given: stage, when: AddMember{by(zoe), vault, cleo, Terms{Role: RoleEditor}, MembershipID{1}, nil}, err: ErrUnknownWorkspace},

	{name: "with a profile", given: stage, when: introduce(by(ben), cleo, profile("cleo@acme.test")), then: []Event{
		UserProfileSet{About: user(cleo), Profile: profile("cleo@acme.test")}, added(studio, cleo, RoleEditor),
	}},
	{name: "with a profile, by the organization's program", given: stage, when: introduce(byProgram, cleo, profile(" Cle\u0301o@acme.test")), then: []Event{
		UserProfileSet{About: user(cleo), Profile: profile("Cl\u00e9o@acme.test")}, added(studio, cleo, RoleEditor),
	}},
	{name: "with an address, by a manager", given: stage, when: introduce(by(adam), cleo, profile("cleo@acme.test")), err: ErrNotAllowed},
	{name: "with an address, by its owner", given: stage, when: introduce(by(olga), cleo, profile("cleo@acme.test")), err: ErrNotAllowed},
	{name: "with an address, by a manager for themself", given: stage, when: introduce(by(adam), adam, profile("adam@acme.test")), err: &AlreadyMemberError{membership(studio, adam)}},
	{name: "with an address, on behalf of a manager", given: stage, when: introduce(as(adam, byProgram), cleo, profile("cleo@acme.test")), err: ErrNotAllowed},
	{name: "with an address, by its program", given: stage, when: introduce(within(studio, byProgram), cleo, profile("cleo@acme.test")), err: ErrNotAllowed},
	{name: "with an address, to somebody new", given: stage, when: introduce(by(adam), named[userKind]("new"), profile("new@acme.test")), err: ErrNotAllowed},
	{name: "with an address that is unfit, by a manager", given: stage, when: introduce(by(adam), cleo, profile("cleo")), err: ErrNotAllowed},
	{name: "with the profile that is known", given: stage, when: introduce(by(adam), ada, profile("ada@acme.test")), then: []Event{added(studio, ada, RoleEditor)}},
	{name: "with another profile than is known", given: stage, when: introduce(by(olga), ada, profile("a@acme.test")), err: ErrNotAllowed},
	{name: "with another profile, by its program", given: stage, when: introduce(within(studio, byProgram), ada, profile("a@acme.test")), err: ErrNotAllowed},
	{name: "with another profile, by the organization's owner, bound to it", given: stage, when: introduce(within(studio, by(ada)), ada, profile("a@acme.test")), err: ErrNotAllowed},
	{name: "with another profile, by the organization's admin", given: stage, when: introduce(by(ben), ada, profile("a@acme.test")), then: []Event{
		UserProfileSet{About: user(ada), Profile: profile("a@acme.test")}, added(studio, ada, RoleEditor),
	}},
	{name: "who is suspended from the beginning", given: stage, when: AddSuspendedMember{addCleo(by(adam), RoleEditor).(AddMember)}, then: []Event{added(studio, cleo, RoleEditor), suspended(studio, cleo)}},
	{name: "who was a member, suspended", given: ednaGone, when: AddSuspendedMember{AddMember{by(olga), studio, edna, Terms{Role: RoleOwner}, MembershipID{1}, nil}}, then: []Event{added(studio, edna, RoleOwner), suspended(studio, edna)}},
	{name: "who is one, suspended", given: stage, when: AddSuspendedMember{AddMember{by(olga), studio, edna, Terms{Role: RoleEditor}, MembershipID{1}, nil}}, err: ErrAlreadyMember},
	{name: "who is suspended from the beginning, above one's own", given: stage, when: AddSuspendedMember{addCleo(by(adam), RoleOwner).(AddMember)}, err: ErrRoleAboveOwn},
	{name: "who is suspended from the beginning, by its editor", given: stage, when: AddSuspendedMember{addCleo(by(edna), RoleClient).(AddMember)}, err: ErrNotAllowed},
	{name: "with the known address alone", given: stage, when: say(by(adam), ada, ProfilePatch{Email: new("ADA@acme.test")}), then: []Event{added(studio, ada, RoleEditor)}},
	{name: "with the known name alone", given: stage, when: say(by(adam), ada, ProfilePatch{First: new("First")}), then: []Event{added(studio, ada, RoleEditor)}},
	{name: "with another name than is known", given: stage, when: say(by(adam), ada, ProfilePatch{Email: new("ada@acme.test"), First: new("Other")}), err: ErrNotAllowed},
	{name: "with no picture where there is one", given: stage, when: say(by(adam), ada, ProfilePatch{AvatarURL: new("")}), err: ErrNotAllowed},
	{name: "with another's address, by a manager", given: stage, when: introduce(by(adam), cleo, profile("ADA@acme.test")), err: ErrNotAllowed},
	{name: "with another's address", given: stage, when: introduce(by(ben), cleo, profile("ADA@acme.test")), err: ErrEmailTaken},
	{name: "with an empty address", given: stage, when: introduce(by(ben), cleo, ProfileFacts{}), err: invalid("/email", "required")},
	{name: "with a name and no address", given: stage, when: say(by(ben), cleo, ProfilePatch{First: new("Cleo")}), err: invalid("/email", "required")},
	{name: "with an address alone, of somebody with a name", given: stage, when: say(by(ben), ada, ProfilePatch{Email: new("a@acme.test")}), then: []Event{
		UserProfileSet{About: user(ada), Profile: ProfileFacts{"a@acme.test", PersonName{"First", "Last"}, "https://acme.test/a.png"}}, added(studio, ada, RoleEditor),
	}},
	{name: "with the same address alone, of somebody with a name", given: stage, when: say(by(ben), ada, ProfilePatch{Email: new("ada@acme.test")}), then: []Event{added(studio, ada, RoleEditor)}},
	{name: "with a last name alone", given: stage, when: say(by(ben), ada, ProfilePatch{Last: new("Other")}), then: []Event{
		UserProfileSet{About: user(ada), Profile: ProfileFacts{"ada@acme.test", PersonName{"First", "Other"}, "https://acme.test/a.png"}}, added(studio, ada, RoleEditor),
	}},
	{name: "with no picture any more", given: stage, when: say(by(ben), ada, ProfilePatch{AvatarURL: new("")}), then: []Event{
		UserProfileSet{About: user(ada), Profile: ProfileFacts{"ada@acme.test", PersonName{"First", "Last"}, ""}}, added(studio, ada, RoleEditor),
	}},
}

var putRows = []row{
	{name: "new", given: stage, when: PutMember{by(olga), studio, cleo, Terms{Role: RoleEditor}, membership(studio, cleo)}, then: []Event{added(studio, cleo, RoleEditor)}},
	{name: "who is one", given: stage, when: PutMember{by(olga), studio, edna, Terms{Role: RoleViewer}, MembershipID{1}}, then: []Event{changed(studio, edna, RoleEditor, RoleViewer)}},
	{name: "who is the same", given: stage, when: PutMember{by(olga), studio, edna, Terms{Role: RoleEditor}, MembershipID{1}}},
	{name: "who was one", given: ednaGone, when: PutMember{by(olga), studio, edna, Terms{Role: RoleViewer}, MembershipID{1}}, then: []Event{added(studio, edna, RoleViewer)}},
	{name: "above one's own", given: stage, when: PutMember{by(adam), studio, cleo, Terms{Role: RoleOwner}, MembershipID{1}}, err: ErrRoleAboveOwn},
	{name: "who is above", given: stage, when: PutMember{by(adam), studio, olga, Terms{Role: RoleAdmin}, MembershipID{1}}, err: ErrRoleAboveOwn},
	{name: "the last owner", given: stage, when: PutMember{by(ada), studio, olga, Terms{Role: RoleAdmin}, MembershipID{1}}, err: ErrLastOwner},
	{name: "by its editor", given: stage, when: PutMember{by(edna), studio, edna, Terms{Role: RoleOwner}, MembershipID{1}}, err: ErrNotAllowed},
	{name: "with an unknown role", given: stage, when: PutMember{by(olga), studio, edna, Terms{Role: "boss"}, MembershipID{1}}, err: invalid("/role", "unknown_role")},
	{name: "nobody in particular", given: stage, when: PutMember{by(olga), studio, UserID{}, Terms{Role: RoleEditor}, MembershipID{1}}, err: invalid("/user_id", "required")},
	{name: "archived, and the same", given: archived, when: PutMember{by(olga), studio, edna, Terms{Role: RoleEditor}, MembershipID{1}}, err: ErrWorkspaceArchived},
	{name: "to another organization's workspace", given: stage, when: PutMember{byProgram, vault, edna, Terms{Role: RoleViewer}, MembershipID{1}}, err: ErrUnknownWorkspace},
}

// PutMemberRole does the same as PutMember, except that a member's other terms stay.
var putRoleRows = []row{
	{name: "new", given: stage, when: PutMemberRole{by(olga), studio, cleo, RoleEditor, membership(studio, cleo)}, then: []Event{added(studio, cleo, RoleEditor)}},
	{name: "who is one", given: stage, when: PutMemberRole{by(olga), studio, edna, RoleViewer, MembershipID{1}}, then: []Event{changed(studio, edna, RoleEditor, RoleViewer)}},
	{name: "who is the same", given: stage, when: PutMemberRole{by(olga), studio, edna, RoleEditor, MembershipID{1}}},
	{name: "who has permissions of their own", given: bounded, when: PutMemberRole{by(olga), studio, vera, RoleEditor, MembershipID{1}}, then: []Event{changed(studio, vera, RoleViewer, RoleEditor)}},
	{name: "who has permissions of their own, that the giver has not", given: bounded, when: PutMemberRole{by(adam), studio, vera, RoleEditor, MembershipID{1}}, err: ErrRoleAboveOwn},
	{name: "whose membership ends", given: limited, when: PutMemberRole{by(adam), studio, cleo, RoleViewer, MembershipID{1}}, then: []Event{changed(studio, cleo, RoleAdmin, RoleViewer)}},
	{name: "whose membership has ended", given: lapsed, when: PutMemberRole{by(olga), studio, cleo, RoleViewer, MembershipID{1}}, then: []Event{expired(studio, cleo, RoleAdmin), added(studio, cleo, RoleViewer)}},
	{name: "who was one", given: ednaGone, when: PutMemberRole{by(olga), studio, edna, RoleViewer, MembershipID{1}}, then: []Event{added(studio, edna, RoleViewer)}},
	{name: "who is invited", given: after(stage, invited(studio, cleo, RoleViewer)), when: PutMemberRole{by(adam), studio, cleo, RoleEditor, MembershipID{1}}, then: []Event{changed(studio, cleo, RoleViewer, RoleEditor)}},
	{name: "who is suspended", given: after(stage, suspended(studio, edna)), when: PutMemberRole{by(adam), studio, edna, RoleViewer, MembershipID{1}}, then: []Event{changed(studio, edna, RoleEditor, RoleViewer)}},
	{name: "if it is absent, and it is not", given: stage, when: PutMemberRole{given(Precondition{Absent: true}, by(olga)), studio, edna, RoleViewer, MembershipID{1}}, err: ErrPrecondition},
	{name: "above one's own", given: stage, when: PutMemberRole{by(adam), studio, cleo, RoleOwner, MembershipID{1}}, err: ErrRoleAboveOwn},
	{name: "who is above", given: stage, when: PutMemberRole{by(adam), studio, olga, RoleAdmin, MembershipID{1}}, err: ErrRoleAboveOwn},
	{name: "the last owner", given: stage, when: PutMemberRole{by(ada), studio, olga, RoleAdmin, MembershipID{1}}, err: ErrLastOwner},
	{name: "by its editor", given: stage, when: PutMemberRole{by(edna), studio, cleo, RoleClient, MembershipID{1}}, err: ErrNotAllowed},
	{name: "with an archived role", given: withRoles, when: PutMemberRole{by(olga), studio, edna, "intern", MembershipID{1}}, err: invalid("/role", "unknown_role")},
	{name: "nobody in particular", given: stage, when: PutMemberRole{by(olga), studio, UserID{}, RoleEditor, MembershipID{1}}, err: invalid("/user_id", "required")},
	{name: "archived, and the same", given: archived, when: PutMemberRole{by(olga), studio, edna, RoleEditor, MembershipID{1}}, err: ErrWorkspaceArchived},
	{name: "to another organization's workspace", given: stage, when: PutMemberRole{byProgram, vault, edna, RoleViewer, MembershipID{1}}, err: ErrUnknownWorkspace},
}

func addCleo(m Meta, role RoleKey) Command {
	return AddMember{m, studio, cleo, Terms{Role: role}, membership(studio, cleo), nil}
}

func introduce(m Meta, u UserID, p ProfileFacts) Command { return say(m, u, p.Patch()) }

// say adds the user and says this of them.
func say(m Meta, u UserID, p ProfilePatch) Command {
	return AddMember{m, studio, u, Terms{Role: RoleEditor}, membership(studio, u), &p}
}

// A membership that has ended gives nothing. It keeps its id if the user is added again.
func TestMemberAgain(t *testing.T) {
	was := *fold(stage...).Membership(studio, edna)
	gone := fold(ednaGone...).Membership(studio, edna)
	if gone.active(now) || gone.State != MembershipRemoved || gone.Role != RoleEditor || !gone.gone(now) {
		t.Errorf("removed: %+v", gone)
	}
	again := fold(after(ednaGone, added(studio, edna, RoleAdmin))...).Membership(studio, edna)
	if again.ID != was.ID || again.Role != RoleAdmin || !again.active(now) || again.gone(now) || !again.CreatedAt.Before(again.UpdatedAt) {
		t.Errorf("added again: %+v", again)
	}
}

func TestAdder(t *testing.T) {
	for _, c := range []struct {
		name string
		meta Meta
		want string
	}{
		{"a person", by(olga), olga.String()},
		{"a program", byProgram, "program"},
		{"the root token", byRoot, ""},
		{"a program for a person", as(olga, byProgram), olga.String()},
		{"the root token for a person", as(olga, byRoot), olga.String()},
	} {
		s := fold(stage...)
		Evolve(s, &Recorded{Event: added(studio, cleo, RoleEditor), Number: 100, Time: now, Actor: c.meta.Actor, OnBehalfOf: c.meta.OnBehalfOf})
		if got := s.Membership(studio, cleo).AddedBy; got != c.want {
			t.Errorf("added by %s: %q, want %q", c.name, got, c.want)
		}
	}
}
