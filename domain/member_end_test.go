package domain

import "slices"

var endRows = slices.Concat(removeRows, leaveRows, expireRows)

var removeRows = []row{
	{name: "by its admin", given: stage, when: RemoveMember{by(adam), studio, edna}, then: []Event{removed(studio, edna, RoleEditor)}},
	{name: "an equal", given: after(stage, added(studio, cleo, RoleAdmin)), when: RemoveMember{by(adam), studio, cleo}, then: []Event{removed(studio, cleo, RoleAdmin)}},
	{name: "oneself", given: stage, when: RemoveMember{by(adam), studio, adam}, then: []Event{removed(studio, adam, RoleAdmin)}},
	{name: "an owner, by an admin", given: twoStudioOwners, when: RemoveMember{by(adam), studio, olga}, err: ErrRoleAboveOwn},
	{name: "the last owner", given: stage, when: RemoveMember{by(olga), studio, olga}, err: ErrLastOwner},
	{name: "the last owner, by the root token", given: stage, when: RemoveMember{byRoot, studio, olga}, err: ErrLastOwner},
	{name: "the last owner but one", given: twoStudioOwners, when: RemoveMember{by(olga), studio, olga}, then: []Event{removed(studio, olga, RoleOwner)}},
	{name: "twice", given: ednaGone, when: RemoveMember{by(adam), studio, edna}},
	{name: "a former owner twice, by an admin", given: after(twoStudioOwners, removed(studio, vera, RoleOwner)), when: RemoveMember{by(adam), studio, vera}},
	{name: "who never was", given: stage, when: RemoveMember{by(adam), studio, cleo}, err: ErrUnknownMember},
	{name: "by its editor", given: stage, when: RemoveMember{by(edna), studio, vera}, err: ErrNotAllowed},
	{name: "by its program", given: stage, when: RemoveMember{within(studio, byProgram), studio, edna}, then: []Event{removed(studio, edna, RoleEditor)}},
	{name: "by another's program", given: stage, when: RemoveMember{within(lab, byProgram), studio, edna}, err: ErrNotAllowed},
	{name: "archived", given: archived, when: RemoveMember{by(olga), studio, edna}, err: ErrWorkspaceArchived},
	{name: "archived, twice", given: after(ednaGone, WorkspaceArchived{inWorkspace(studio)}), when: RemoveMember{by(olga), studio, edna}, err: ErrWorkspaceArchived},
	{name: "from no workspace", given: stage, when: RemoveMember{by(ada), annex, edna}, err: ErrUnknownWorkspace},
	{name: "from another organization's workspace", given: stage, when: RemoveMember{byProgram, vault, edna}, err: ErrUnknownWorkspace},
}

var leaveRows = []row{
	{name: "oneself", given: stage, when: LeaveWorkspace{by(vera), studio, vera}, then: veraLeft},
	{name: "on behalf", given: stage, when: LeaveWorkspace{as(vera, byProgram), studio, vera}, then: veraLeft},
	{name: "on behalf, bound to the workspace", given: stage, when: LeaveWorkspace{as(vera, within(studio, byProgram)), studio, vera}, then: veraLeft},
	{name: "bound to another workspace", given: stage, when: LeaveWorkspace{within(lab, by(vera)), studio, vera}, err: ErrNotAllowed},
	{name: "another", given: stage, when: LeaveWorkspace{by(olga), studio, vera}, err: ErrNotAllowed},
	{name: "another, on behalf", given: stage, when: LeaveWorkspace{as(olga, byProgram), studio, vera}, err: ErrNotAllowed},
	{name: "by a program", given: stage, when: LeaveWorkspace{byProgram, studio, vera}, err: ErrNotAllowed},
	{name: "nobody, by a program", given: stage, when: LeaveWorkspace{byProgram, studio, UserID{}}, err: ErrNotAllowed},
	{name: "suspended", given: after(stage, suspended(studio, vera)), when: LeaveWorkspace{by(vera), studio, vera}, then: veraLeft},
	{name: "suspended in the organization", given: after(stage, barred(vera)), when: LeaveWorkspace{by(vera), studio, vera}, then: veraLeft},
	{name: "invited", given: after(stage, invited(studio, cleo, RoleViewer)), when: LeaveWorkspace{by(cleo), studio, cleo}, then: []Event{MemberLeft{member(studio, cleo), membership(studio, cleo), RoleViewer}}},
	{name: "twice", given: after(stage, veraLeft...), when: LeaveWorkspace{by(vera), studio, vera}},
	{name: "who never was", given: stage, when: LeaveWorkspace{by(cleo), studio, cleo}, err: ErrUnknownMember},
	{name: "the last owner", given: stage, when: LeaveWorkspace{by(olga), studio, olga}, err: ErrLastOwner},
	{name: "the last owner, the other being suspended", given: after(twoStudioOwners, suspended(studio, vera)), when: LeaveWorkspace{by(olga), studio, olga}, err: ErrLastOwner},
	{name: "the last owner, the other being there for a time", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: LeaveWorkspace{by(olga), studio, olga}, err: ErrLastOwner},
	{name: "an owner for a time", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: LeaveWorkspace{by(cleo), studio, cleo}, then: []Event{MemberLeft{member(studio, cleo), membership(studio, cleo), RoleOwner}}},
	{name: "whose time is over", given: lapsed, when: LeaveWorkspace{by(cleo), studio, cleo}},
	{name: "archived", given: archived, when: LeaveWorkspace{by(vera), studio, vera}, err: ErrWorkspaceArchived},
	{name: "no workspace", given: stage, when: LeaveWorkspace{by(vera), annex, vera}, err: ErrUnknownWorkspace},
	{name: "another organization's workspace", given: stage, when: LeaveWorkspace{by(edna), vault, edna}, err: ErrUnknownWorkspace},
}

var expireRows = []row{
	{name: "at its instant", given: lapsed, when: ExpireMember{byMuster, studio, cleo}, then: []Event{expired(studio, cleo, RoleAdmin)}},
	{name: "before its instant", given: limited, when: ExpireMember{byMuster, studio, cleo}},
	{name: "that never does", given: stage, when: ExpireMember{byMuster, studio, edna}},
	{name: "twice", given: after(lapsed, expired(studio, cleo, RoleAdmin)), when: ExpireMember{byMuster, studio, cleo}},
	{name: "removed before", given: after(lapsed, removed(studio, cleo, RoleAdmin)), when: ExpireMember{byMuster, studio, cleo}},
	{name: "who never was", given: stage, when: ExpireMember{byMuster, studio, cleo}},
	{name: "suspended", given: after(lapsed, suspended(studio, cleo)), when: ExpireMember{byMuster, studio, cleo}, then: []Event{expired(studio, cleo, RoleAdmin)}},
	{name: "an owner", given: after(stage, addedUntil(studio, cleo, RoleOwner, now)), when: ExpireMember{byMuster, studio, cleo}, then: []Event{expired(studio, cleo, RoleOwner)}},
	{name: "an invitation", given: after(stage, invitedUntil(studio, cleo, RoleEditor, now)), when: ExpireMember{byMuster, studio, cleo}, then: []Event{expired(studio, cleo, RoleEditor)}},
	{name: "an invitation before its instant", given: after(stage, invited(studio, cleo, RoleEditor)), when: ExpireMember{byMuster, studio, cleo}},
	{name: "an invitation that was accepted", given: after(stage, invitedUntil(studio, cleo, RoleEditor, now), MemberAccepted{member(studio, cleo), membership(studio, cleo)}), when: ExpireMember{byMuster, studio, cleo}},
	{name: "archived", given: after(lapsed, WorkspaceArchived{inWorkspace(studio)}), when: ExpireMember{byMuster, studio, cleo}, then: []Event{expired(studio, cleo, RoleAdmin)}},
	{name: "by its owner", given: lapsed, when: ExpireMember{by(olga), studio, cleo}, err: ErrNotAllowed},
	{name: "by a program", given: lapsed, when: ExpireMember{byProgram, studio, cleo}, err: ErrNotAllowed},
	{name: "in no workspace", given: lapsed, when: ExpireMember{byMuster, annex, cleo}, err: ErrUnknownWorkspace},
	{name: "in another organization's workspace", given: lapsed, when: ExpireMember{byMuster, vault, edna}, err: ErrUnknownWorkspace},

	{name: "whose time is over", given: lapsed, when: RemoveMember{by(olga), studio, cleo}},
	{name: "whose time is over", given: lapsed, when: AddMember{by(olga), studio, cleo, Terms{Role: RoleViewer}, MembershipID{1}, nil}, then: []Event{expired(studio, cleo, RoleAdmin), added(studio, cleo, RoleViewer)}},
	{name: "whose time is over, with a profile", given: lapsed, when: introduce(by(ben), cleo, profile("cleo@x")), then: []Event{
		expired(studio, cleo, RoleAdmin), UserProfileSet{About: user(cleo), Profile: profile("cleo@x")}, added(studio, cleo, RoleEditor),
	}},
	{name: "whose time is over", given: lapsed, when: PutMember{by(olga), studio, cleo, Terms{Role: RoleViewer}, MembershipID{1}}, then: []Event{expired(studio, cleo, RoleAdmin), added(studio, cleo, RoleViewer)}},
	{name: "whose time is over, as said", given: after(lapsed, expired(studio, cleo, RoleAdmin)), when: addCleo(by(olga), RoleViewer), then: []Event{added(studio, cleo, RoleViewer)}},
	{name: "if it is absent, its time being over", given: lapsed, when: PutMember{given(Precondition{Absent: true}, by(olga)), studio, cleo, Terms{Role: RoleViewer}, MembershipID{1}}, then: []Event{expired(studio, cleo, RoleAdmin), added(studio, cleo, RoleViewer)}},
	{name: "if it exists, its time being over", given: lapsed, when: RemoveMember{given(Precondition{Exists: true}, by(olga)), studio, cleo}, err: ErrPrecondition},
}

var (
	veraLeft        = []Event{MemberLeft{member(studio, vera), membership(studio, vera), RoleViewer}}
	ednaGone        = after(stage, removed(studio, edna, RoleEditor))
	twoStudioOwners = after(stage, changed(studio, vera, RoleViewer, RoleOwner))
)
