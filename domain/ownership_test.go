package domain

var ownershipRows = []row{
	{name: "by its owner", given: stage, when: TransferOwnership{by(olga), studio, UserID{}, edna}, then: transferred(edna, RoleEditor)},
	{name: "on behalf of its owner", given: stage, when: TransferOwnership{as(olga, byProgram), studio, UserID{}, edna}, then: transferred(edna, RoleEditor)},
	{name: "by a program", given: stage, when: TransferOwnership{byProgram, studio, olga, edna}, then: transferred(edna, RoleEditor)},
	{name: "by its program", given: stage, when: TransferOwnership{within(studio, byProgram), studio, olga, edna}, then: transferred(edna, RoleEditor)},
	{name: "by a program, without saying from whom", given: stage, when: TransferOwnership{byProgram, studio, UserID{}, edna}, err: invalid("/from_user_id", "required")},
	{name: "by the organization's admin", given: stage, when: TransferOwnership{by(ben), studio, olga, edna}, then: transferred(edna, RoleEditor)},
	{name: "by the organization's admin, who is none", given: stage, when: TransferOwnership{by(ben), studio, UserID{}, edna}, err: ErrUnknownMember},
	{name: "by another owner", given: twoStudioOwners, when: TransferOwnership{by(vera), studio, olga, edna}, then: transferred(edna, RoleEditor)},
	{name: "to an owner", given: twoStudioOwners, when: TransferOwnership{by(olga), studio, UserID{}, vera}, then: transferred(vera, RoleOwner)},
	{name: "to oneself", given: stage, when: TransferOwnership{by(olga), studio, UserID{}, olga}},
	{name: "to who has a role of the organization's own", given: withRoles, when: TransferOwnership{by(olga), studio, UserID{}, anna}, then: transferred(anna, "analyst")},
	{name: "by its admin, to themself", given: stage, when: TransferOwnership{by(adam), studio, olga, adam}, err: ErrRoleAboveOwn},
	{name: "by who is just beneath", given: withRoles, when: TransferOwnership{by(dana), studio, olga, dana}, err: ErrRoleAboveOwn},
	{name: "by its editor, to themself", given: stage, when: TransferOwnership{by(edna), studio, olga, edna}, err: ErrNotAllowed},
	{name: "by a suspended owner", given: after(twoStudioOwners, suspended(studio, vera)), when: TransferOwnership{by(vera), studio, UserID{}, edna}, err: ErrNotAllowed},
	{name: "from a suspended owner", given: after(twoStudioOwners, suspended(studio, vera)), when: TransferOwnership{by(olga), studio, vera, edna}, err: ErrUnknownMember},
	{name: "from who is no owner", given: stage, when: TransferOwnership{by(olga), studio, adam, edna}, err: ErrUnknownMember},
	{name: "to nobody", given: stage, when: TransferOwnership{by(olga), studio, UserID{}, UserID{}}, err: invalid("/to_user_id", "required")},
	{name: "to who is no member", given: stage, when: TransferOwnership{by(olga), studio, UserID{}, cleo}, err: ErrUnknownMember},
	{name: "to who is invited", given: cleoInvited, when: TransferOwnership{by(olga), studio, UserID{}, cleo}, err: ErrUnknownMember},
	{name: "to who is suspended", given: ednaSuspended, when: TransferOwnership{by(olga), studio, UserID{}, edna}, err: ErrUnknownMember},
	{name: "to who was one", given: ednaGone, when: TransferOwnership{by(olga), studio, UserID{}, edna}, err: ErrUnknownMember},
	{name: "to whose time is over", given: lapsed, when: TransferOwnership{by(olga), studio, UserID{}, cleo}, err: ErrUnknownMember},
	{name: "to who is there for a time", given: limited, when: TransferOwnership{by(olga), studio, UserID{}, cleo}, err: ErrLastOwner},
	{name: "from who is there for a time", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: TransferOwnership{by(cleo), studio, UserID{}, edna}, then: []Event{
		changed(studio, edna, RoleEditor, RoleOwner), changed(studio, cleo, RoleOwner, RoleAdmin),
		WorkspaceOwnershipTransferred{inWorkspace(studio), Change[UserID]{cleo, edna}},
	}},
	{name: "archived", given: archived, when: TransferOwnership{by(olga), studio, UserID{}, edna}, err: ErrWorkspaceArchived},
	{name: "of no workspace", given: stage, when: TransferOwnership{by(ada), annex, olga, edna}, err: ErrUnknownWorkspace},
	{name: "of another organization's workspace", given: stage, when: TransferOwnership{byProgram, vault, zoe, edna}, err: ErrUnknownWorkspace},
	{name: "in the version that it has not", given: stage, when: TransferOwnership{given(Precondition{Versions: []uint64{1}}, by(olga)), studio, UserID{}, edna}, err: ErrPrecondition},
}

// transferred returns the events by which the studio goes from its owner to another user.
func transferred(heir UserID, was RoleKey) (events []Event) {
	if was != RoleOwner {
		events = append(events, changed(studio, heir, was, RoleOwner))
	}
	return append(events, changed(studio, olga, RoleOwner, RoleAdmin),
		WorkspaceOwnershipTransferred{inWorkspace(studio), Change[UserID]{olga, heir}})
}
