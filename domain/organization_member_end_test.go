package domain

import (
	"slices"
	"testing"
)

var offboardingRows = []row{
	{name: "with memberships", given: everywhere, when: RemoveOrganizationMember{by(ben), cleo}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "with memberships, by a program", given: everywhere, when: RemoveOrganizationMember{byProgram, cleo}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "oneself, with memberships", given: after(stage, added(studio, ben, RoleViewer)), when: RemoveOrganizationMember{by(ben), ben}, then: []Event{
		OrganizationMemberRemoved{user(ben), OrganizationAdmin}, removed(studio, ben, RoleViewer),
	}},
	{name: "of workspaces only", given: stage, when: RemoveOrganizationMember{by(ben), edna}, then: []Event{removed(studio, edna, RoleEditor)}},
	{name: "of workspaces only, twice", given: ednaGone, when: RemoveOrganizationMember{by(ben), edna}},
	{name: "of workspaces only, by a workspace's owner", given: stage, when: RemoveOrganizationMember{by(olga), edna}, err: ErrNotAllowed},
	{name: "who is invited and suspended", given: after(stage, invited(lab, edna, RoleViewer), suspended(studio, edna)), when: RemoveOrganizationMember{by(ben), edna}, then: []Event{
		removed(lab, edna, RoleViewer), removed(studio, edna, RoleEditor),
	}},
	{name: "who is suspended in it", given: after(everywhere, barred(cleo)), when: RemoveOrganizationMember{by(ben), cleo}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "of an archived workspace", given: after(everywhere, WorkspaceArchived{inWorkspace(studio)}), when: RemoveOrganizationMember{by(ben), cleo}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "whose time in a workspace is over", given: lapsed, when: RemoveOrganizationMember{by(ben), cleo}, then: []Event{OrganizationMemberRemoved{user(cleo), OrganizationPlain}}},
	{name: "the last owner of a workspace", given: stage, when: RemoveOrganizationMember{by(ada), olga}, err: ErrLastOwner},
	{name: "the last owner of a workspace, the other being suspended", given: after(twoStudioOwners, suspended(studio, vera)), when: RemoveOrganizationMember{byRoot, olga}, err: ErrLastOwner},
	{name: "the last owner of a workspace but one", given: twoStudioOwners, when: RemoveOrganizationMember{by(ben), olga}, then: []Event{removed(studio, olga, RoleOwner)}},
	{name: "an owner of a workspace, who is suspended", given: after(twoStudioOwners, suspended(studio, vera)), when: RemoveOrganizationMember{by(ben), vera}, then: []Event{removed(studio, vera, RoleOwner)}},
	{name: "another organization's", given: stage, when: RemoveOrganizationMember{to(globex, byProgram), edna}, then: []Event{removed(vault, edna, RoleEditor)}},
	{name: "by another organization's owner", given: stage, when: RemoveOrganizationMember{by(zoe), edna}, err: ErrNotAllowed},
}

var everywhere = after(stage, added(studio, cleo, RoleEditor), added(lab, cleo, RoleAdmin))

// The list of a user's workspaces is right after every kind of event.
func TestUserMemberships(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []Event
		want  []WorkspaceID
	}{
		{"nowhere", stage, nil},
		{"two", everywhere, []WorkspaceID{lab, studio}},
		{"invited", cleoInvited, []WorkspaceID{studio}},
		{"suspended", after(everywhere, suspended(studio, cleo)), []WorkspaceID{lab, studio}},
		{"removed", after(everywhere, removed(studio, cleo, RoleEditor)), []WorkspaceID{lab}},
		{"left", after(everywhere, MemberLeft{member(lab, cleo), membership(lab, cleo), RoleAdmin}), []WorkspaceID{studio}},
		{"ended", lapsed, []WorkspaceID{studio}},
		{"ended, as said", after(lapsed, expired(studio, cleo, RoleAdmin)), []WorkspaceID{}},
		{"again", after(everywhere, removed(studio, cleo, RoleEditor), added(studio, cleo, RoleViewer)), []WorkspaceID{lab, studio}},
	} {
		list := fold(c.given...).UserMemberships(acme, cleo)
		if list == nil {
			list = &UserMemberships{}
		}
		if !slices.Equal(list.Workspaces, c.want) {
			t.Errorf("%s: %v, want %v", c.name, list.Workspaces, c.want)
		}
	}
	if got := fold(stage...).UserMemberships(globex, edna).Workspaces; !slices.Equal(got, []WorkspaceID{vault}) {
		t.Errorf("in another organization: %v", got)
	}
}
