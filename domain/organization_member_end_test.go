package domain

import (
	"slices"
	"testing"
	"time"
)

var offboardingRows = []row{
	{name: "with memberships", given: everywhere, when: RemoveOrganizationMember{by(ben), cleo, 0}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "with memberships, by a program", given: everywhere, when: RemoveOrganizationMember{byProgram, cleo, 0}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "oneself, with memberships", given: after(stage, added(studio, ben, RoleViewer)), when: RemoveOrganizationMember{by(ben), ben, 0}, then: []Event{
		OrganizationMemberRemoved{user(ben), OrganizationAdmin, false}, removed(studio, ben, RoleViewer),
	}},
	{name: "of workspaces only", given: stage, when: RemoveOrganizationMember{by(ben), edna, 0}, then: []Event{removed(studio, edna, RoleEditor)}},
	{name: "of workspaces only, twice", given: ednaGone, when: RemoveOrganizationMember{by(ben), edna, 0}},
	{name: "of workspaces only, by a workspace's owner", given: stage, when: RemoveOrganizationMember{by(olga), edna, 0}, err: ErrNotAllowed},
	{name: "who is invited and suspended", given: after(stage, invited(lab, edna, RoleViewer), suspended(studio, edna)), when: RemoveOrganizationMember{by(ben), edna, 0}, then: []Event{
		removed(lab, edna, RoleViewer), removed(studio, edna, RoleEditor),
	}},
	{name: "who is suspended in it", given: after(everywhere, barred(cleo)), when: RemoveOrganizationMember{by(ben), cleo, 0}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "of an archived workspace", given: after(everywhere, WorkspaceArchived{inWorkspace(studio)}), when: RemoveOrganizationMember{by(ben), cleo, 0}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "whose time in a workspace is over", given: lapsed, when: RemoveOrganizationMember{by(ben), cleo, 0}, then: []Event{OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}}},
	{name: "the last owner of a workspace", given: stage, when: RemoveOrganizationMember{by(ada), olga, 0}, err: ErrLastOwner},
	{name: "the last owner of a workspace, the other being suspended", given: after(twoStudioOwners, suspended(studio, vera)), when: RemoveOrganizationMember{byRoot, olga, 0}, err: ErrLastOwner},
	{name: "the last owner of a workspace but one", given: twoStudioOwners, when: RemoveOrganizationMember{by(ben), olga, 0}, then: []Event{removed(studio, olga, RoleOwner)}},
	{name: "an owner of a workspace, who is suspended", given: after(twoStudioOwners, suspended(studio, vera)), when: RemoveOrganizationMember{by(ben), vera, 0}, then: []Event{removed(studio, vera, RoleOwner)}},
	{name: "another organization's", given: stage, when: RemoveOrganizationMember{to(globex, byProgram), edna, 0}, then: []Event{removed(vault, edna, RoleEditor)}},
	{name: "with more memberships than fit", given: everywhere, when: RemoveOrganizationMember{by(ben), cleo, 1}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain, true}, removed(lab, cleo, RoleAdmin),
	}},
	{name: "with as many memberships as fit", given: everywhere, when: RemoveOrganizationMember{by(ben), cleo, 2}, then: []Event{
		OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor),
	}},
	{name: "of workspaces only, more than fit", given: after(stage, added(lab, edna, RoleViewer)), when: RemoveOrganizationMember{by(ben), edna, 1}, then: []Event{
		OrganizationMemberRemoved{user(edna), "", true}, removed(lab, edna, RoleViewer),
	}},
	{name: "the last owner of several workspaces", given: after(stage, changed(studio, olga, RoleOwner, RoleEditor), added(studio, zoe, RoleOwner)), when: RemoveOrganizationMember{by(ada), zoe, 1}, err: ErrLastOwner},
	{name: "again, before all ends are recorded", given: cleoEnding, when: RemoveOrganizationMember{by(ben), cleo, 1}},
	{name: "the last owner, the other's end being recorded", given: after(twoStudioOwners, added(lab, vera, RoleViewer), OrganizationMemberRemoved{user(vera), "", true}), when: RemoveOrganizationMember{by(ben), olga, 1}, err: ErrLastOwner},
	{name: "the first ends", given: cleoEnding, when: EndMemberships{causedBy(endingEvent, byMuster), cleo, 1}, then: []Event{removed(studio, cleo, RoleEditor)}},
	{name: "all ends", given: cleoEnding, when: EndMemberships{causedBy(endingEvent, byMuster), cleo, 0}, then: []Event{removed(studio, cleo, RoleEditor), removed(lab, cleo, RoleAdmin)}},
	{name: "the last end", given: after(cleoEnding, removed(lab, cleo, RoleAdmin)), when: EndMemberships{causedBy(endingEvent, byMuster), cleo, 1}, then: []Event{removed(studio, cleo, RoleEditor)}},
	{name: "no end", given: after(cleoEnding, removed(lab, cleo, RoleAdmin), removed(studio, cleo, RoleEditor)), when: EndMemberships{causedBy(endingEvent, byMuster), cleo, 1}},
	{name: "ends of another cause", given: cleoEnding, when: EndMemberships{causedBy(1, byMuster), cleo, 1}},
	{name: "ends of nobody", given: stage, when: EndMemberships{causedBy(1, byMuster), nora, 1}},
	{name: "ends, by a person", given: cleoEnding, when: EndMemberships{causedBy(endingEvent, by(ada)), cleo, 1}, err: ErrNotAllowed},
	{name: "ends, in no organization", when: EndMemberships{causedBy(1, byMuster), cleo, 1}, err: ErrUnknownOrganization},
	{name: "whose end is not recorded", given: cleoEnding, when: AddMember{Meta: by(ben), Workspace: studio, User: cleo, Terms: Terms{Role: RoleViewer}}, err: ErrMemberEnding},
	{name: "whose end is not recorded", given: cleoEnding, when: PutMember{Meta: by(ben), Workspace: studio, User: cleo, Terms: Terms{Role: RoleViewer}}, err: ErrMemberEnding},
	{name: "whose end is not recorded", given: cleoEnding, when: PutMemberRole{Meta: by(ben), Workspace: studio, User: cleo, Role: RoleViewer}, err: ErrMemberEnding},
	{name: "whose end is not recorded", given: after(cleoEnding, UserProfileSet{About: user(cleo), Profile: profile("cleo@acme.test")}), when: InviteMember{
		Meta: by(ben), Workspace: studio, Profile: profile("cleo@acme.test"), Terms: Terms{Role: RoleViewer}, User: nora, Secret: Hash{1},
	}, err: ErrMemberEnding},
	{name: "whose end is not recorded", given: cleoEnding, when: ChangeMember{Meta: by(ben), Workspace: studio, User: cleo}, err: ErrUnknownMember},
	{name: "whose end is not recorded", given: cleoEnding, when: SuspendMember{by(ben), studio, cleo}, err: ErrUnknownMember},
	{name: "whose end is not recorded", given: cleoEnding, when: RemoveMember{by(ben), studio, cleo}},
	{name: "whose end is not recorded", given: cleoEnding, when: LeaveWorkspace{by(cleo), studio, cleo}},
	{name: "whose end is not recorded", given: cleoEnding, when: ExpireMember{byMuster, studio, cleo}},
	{name: "whose end is not recorded, as an admin", given: cleoEnding, when: RenameWorkspace{by(cleo), lab, "Loft"}, err: ErrNotAllowed},
	{name: "whose end is not recorded, for themselves", given: cleoEnding, when: IssueToken{by(cleo), TokenFacts{ID: other, Name: "Key", Scopes: Scopes{ScopeAll}, User: cleo}}, err: ErrNotAllowed},
	{name: "to somebody whose end is not recorded", given: after(cleoEnding, added(lab, ada, RoleOwner)), when: TransferOwnership{byRoot, lab, ada, cleo}, err: ErrUnknownMember},
	{name: "whose end is not recorded, with the invitation's secret", given: after(stage, invited(studio, cleo, RoleEditor), OrganizationMemberRemoved{user(cleo), OrganizationPlain, true}), when: AcceptInvitation{byProgram, studio, cleo, Hash{5}}, err: ErrNotInvited},
	{name: "with an invitation whose end is not recorded", given: after(stage, invited(studio, cleo, RoleEditor), OrganizationMemberRemoved{user(cleo), OrganizationPlain, true}), when: RenewInvitation{by(ben), studio, cleo, Hash{5}, 0}, err: ErrUnknownMember},
	{name: "whose ends are not recorded, to the organization", given: cleoEnding, when: PutOrganizationMember{by(ben), cleo, OrganizationPlain}, then: []Event{
		OrganizationMemberAdded{user(cleo), OrganizationPlain},
	}},
	{name: "by another organization's owner", given: stage, when: RemoveOrganizationMember{by(zoe), edna, 0}, err: ErrNotAllowed},
}

// cleoEnding removes cleo from the organization, and none of the ends is recorded yet.
var (
	cleoEnding  = after(everywhere, OrganizationMemberRemoved{user(cleo), OrganizationPlain, true})
	endingEvent = len(cleoEnding)
)

// causedBy names the n-th event as the cause of the command.
func causedBy(n int, m Meta) Meta {
	m.Cause = eventID(n)
	return m
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
		{"all ending", cleoEnding, []WorkspaceID{}},
		{"all ending but one whose time is over", after(stage, addedUntil(studio, cleo, RoleAdmin, now.Add(-time.Minute)), added(lab, cleo, RoleAdmin), OrganizationMemberRemoved{user(cleo), "", true}), []WorkspaceID{studio}},
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
