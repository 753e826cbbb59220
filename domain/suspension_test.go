package domain

import "slices"

var suspensionRows = slices.Concat(suspendRows, reinstateRows, barRows, unbarRows)

var suspendRows = []row{
	{name: "by its admin", given: stage, when: SuspendMember{by(adam), studio, edna}, then: []Event{suspended(studio, edna)}},
	{name: "twice", given: ednaSuspended, when: SuspendMember{by(adam), studio, edna}},
	{name: "oneself", given: stage, when: SuspendMember{by(adam), studio, adam}, then: []Event{suspended(studio, adam)}},
	{name: "who is invited", given: cleoInvited, when: SuspendMember{by(adam), studio, cleo}, err: ErrNotActive},
	{name: "who never was", given: stage, when: SuspendMember{by(adam), studio, cleo}, err: ErrUnknownMember},
	{name: "who was", given: ednaGone, when: SuspendMember{by(adam), studio, edna}, err: ErrUnknownMember},
	{name: "whose time is over", given: lapsed, when: SuspendMember{by(adam), studio, cleo}, err: ErrUnknownMember},
	{name: "the last owner", given: stage, when: SuspendMember{by(olga), studio, olga}, err: ErrLastOwner},
	{name: "the last owner, by the root token", given: stage, when: SuspendMember{byRoot, studio, olga}, err: ErrLastOwner},
	{name: "the last owner, the other being suspended", given: after(twoStudioOwners, suspended(studio, vera)), when: SuspendMember{by(olga), studio, olga}, err: ErrLastOwner},
	{name: "the last owner but one", given: twoStudioOwners, when: SuspendMember{by(vera), studio, olga}, then: []Event{suspended(studio, olga)}},
	{name: "an owner for a time", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: SuspendMember{by(olga), studio, cleo}, then: []Event{suspended(studio, cleo)}},
	{name: "archived", given: archived, when: SuspendMember{by(olga), studio, edna}, err: ErrWorkspaceArchived},
	{name: "in another organization's workspace", given: stage, when: SuspendMember{byProgram, vault, edna}, err: ErrUnknownWorkspace},
	{name: "by who is suspended", given: after(stage, suspended(studio, adam)), when: SuspendMember{by(adam), studio, edna}, err: ErrNotAllowed},
	{name: "by who is suspended and an admin of the organization", given: after(stage, added(studio, ben, RoleViewer), suspended(studio, ben)), when: SuspendMember{by(ben), studio, edna}, then: []Event{suspended(studio, edna)}},
}

var reinstateRows = []row{
	{name: "by its admin", given: ednaSuspended, when: ReinstateMember{by(adam), studio, edna}, then: []Event{MemberReinstated{member(studio, edna), membership(studio, edna)}}},
	{name: "twice", given: stage, when: ReinstateMember{by(adam), studio, edna}},
	{name: "oneself", given: after(stage, suspended(studio, adam)), when: ReinstateMember{by(adam), studio, adam}, err: ErrNotAllowed},
	{name: "an owner, by an admin", given: after(twoStudioOwners, suspended(studio, vera)), when: ReinstateMember{by(adam), studio, vera}, err: ErrRoleAboveOwn},
	{name: "who is invited", given: cleoInvited, when: ReinstateMember{by(adam), studio, cleo}, err: ErrNotActive},
	{name: "who never was", given: stage, when: ReinstateMember{by(adam), studio, cleo}, err: ErrUnknownMember},
	{name: "whose time is over", given: after(lapsed, suspended(studio, cleo)), when: ReinstateMember{by(adam), studio, cleo}, err: ErrUnknownMember},
	{name: "archived", given: after(ednaSuspended, WorkspaceArchived{inWorkspace(studio)}), when: ReinstateMember{by(olga), studio, edna}, err: ErrWorkspaceArchived},
}

// Suspension in the organization.
var barRows = []row{
	{name: "a member", given: stage, when: SuspendOrganizationMember{by(ben), cleo, false}, then: []Event{barred(cleo)}},
	{name: "who has no role in it", given: stage, when: SuspendOrganizationMember{by(ben), vera, false}, then: []Event{barred(vera)}},
	{name: "whom only the directory knows", given: after(stage, UserProfileSet{About: user(nora), Profile: profile("nora@x")}), when: SuspendOrganizationMember{by(ben), nora, false}, then: []Event{barred(nora)}},
	{name: "whom nobody knows", given: stage, when: SuspendOrganizationMember{by(ben), nora, false}, err: ErrUnknownMember},
	{name: "twice", given: after(stage, barred(cleo)), when: SuspendOrganizationMember{by(ben), cleo, false}},
	{name: "an owner", given: twoOwners, when: SuspendOrganizationMember{by(ada), ben, false}, then: []Event{barred(ben)}},
	{name: "an owner, by an admin", given: after(twoOwners, OrganizationMemberRoleChanged{user(cleo), Change[OrganizationRole]{OrganizationPlain, OrganizationAdmin}}), when: SuspendOrganizationMember{by(cleo), ben, false}, err: ErrRoleAboveOwn},
	{name: "the last owner", given: stage, when: SuspendOrganizationMember{by(ada), ada, false}, err: ErrLastOwner},
	{name: "the last owner, the other being suspended", given: after(twoOwners, barred(ben)), when: SuspendOrganizationMember{byRoot, ada, false}, err: ErrLastOwner},
	{name: "by a member", given: stage, when: SuspendOrganizationMember{by(cleo), zoe, false}, err: ErrNotAllowed},
	{name: "by a workspace's owner", given: stage, when: SuspendOrganizationMember{by(olga), edna, false}, err: ErrNotAllowed},
	{name: "by a program of a workspace", given: stage, when: SuspendOrganizationMember{within(studio, byProgram), edna, false}, err: ErrNotAllowed},
	{name: "of no organization", when: SuspendOrganizationMember{byRoot, ada, false}, err: ErrUnknownOrganization},

	{name: "by a suspended owner", given: after(twoOwners, barred(ben)), when: RenameOrganization{by(ben), "Apex"}, err: ErrNotAllowed},
	{name: "by a suspended owner of its organization", given: after(twoOwners, barred(ben)), when: RenameWorkspace{by(ben), studio, "Loft"}, err: ErrNotAllowed},
	{name: "by its owner, suspended in the organization", given: after(stage, barred(olga)), when: RenameWorkspace{by(olga), studio, "Loft"}, err: ErrNotAllowed},
	{name: "on behalf of its owner, suspended in the organization", given: after(stage, barred(olga)), when: RenameWorkspace{as(olga, byProgram), studio, "Loft"}, err: ErrNotAllowed},
	{name: "one's own, suspended", given: after(stage, barred(vera)), when: SetProfile{by(vera), vera, profile("vera@x").Patch()}, err: ErrNotAllowed},
	{name: "for oneself, suspended", given: after(stage, barred(vera)), when: IssueToken{by(vera), facts(Scopes{ScopeAll}, WorkspaceID{}, vera)}, err: ErrNotAllowed},
	{name: "one's own, suspended", given: after(withVerasKey, barred(vera)), when: RevokeToken{by(vera), key}, then: keyRevoked},
	{name: "a suspended owner", given: after(twoOwners, barred(ben)), when: PutOrganizationMember{by(ada), ben, OrganizationPlain}, then: []Event{
		OrganizationMemberRoleChanged{user(ben), Change[OrganizationRole]{OrganizationOwner, OrganizationPlain}},
	}},
	{name: "the last owner, the other being suspended", given: after(twoOwners, barred(ben)), when: PutOrganizationMember{by(ada), ada, OrganizationAdmin}, err: ErrLastOwner},
	{name: "the last owner, the other being suspended", given: after(twoOwners, barred(ben)), when: RemoveOrganizationMember{by(ada), ada, 0}, err: ErrLastOwner},
	{name: "who is suspended and was removed", given: after(stage, barred(cleo), OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}), when: PutOrganizationMember{by(ada), cleo, OrganizationPlain}, err: ErrUserSuspended},
	{name: "who was suspended and removed, and is reinstated", given: after(stage, barred(cleo), OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}, unbarred(cleo)[0]), when: PutOrganizationMember{by(ada), cleo, OrganizationPlain}, then: []Event{
		OrganizationMemberAdded{user(cleo), OrganizationPlain},
	}},
	{name: "removed and made an owner, and suspended all the time", given: after(stage, barred(cleo), OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}, OrganizationMemberAdded{user(cleo), OrganizationOwner}), when: RenameOrganization{by(cleo), "Apex"}, err: ErrNotAllowed},
}

var unbarRows = []row{
	{name: "a member", given: after(stage, barred(cleo)), when: ReinstateOrganizationMember{by(ben), cleo}, then: unbarred(cleo)},
	{name: "who has no role in it", given: after(stage, barred(olga)), when: ReinstateOrganizationMember{by(ben), olga}, then: unbarred(olga)},
	{name: "twice", given: stage, when: ReinstateOrganizationMember{by(ben), cleo}},
	{name: "whom nobody knows", given: stage, when: ReinstateOrganizationMember{by(ben), nora}, err: ErrUnknownMember},
	{name: "an owner", given: after(twoOwners, barred(ben)), when: ReinstateOrganizationMember{by(ada), ben}, then: unbarred(ben)},
	{name: "an owner, by an admin", given: after(twoOwners, OrganizationMemberRoleChanged{user(cleo), Change[OrganizationRole]{OrganizationPlain, OrganizationAdmin}}, barred(ben)), when: ReinstateOrganizationMember{by(cleo), ben}, err: ErrRoleAboveOwn},
	{name: "oneself", given: after(twoOwners, barred(ben)), when: ReinstateOrganizationMember{by(ben), ben}, err: ErrNotAllowed},
	{name: "oneself, on behalf", given: after(twoOwners, barred(ben)), when: ReinstateOrganizationMember{as(ben, byRoot), ben}, err: ErrNotAllowed},
	{name: "the last owner who is not suspended", given: stage, when: ReinstateOrganizationMember{by(ada), ada}},
	{name: "an owner, who acts again", given: after(after(twoOwners, barred(ben)), unbarred(ben)...), when: PutOrganizationMember{by(ben), ada, OrganizationAdmin}, then: []Event{
		OrganizationMemberRoleChanged{user(ada), Change[OrganizationRole]{OrganizationOwner, OrganizationAdmin}},
	}},
}

var ednaSuspended = after(stage, suspended(studio, edna))

func unbarred(u UserID) []Event { return []Event{OrganizationMemberReinstated{user(u)}} }
