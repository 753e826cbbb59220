package domain

import "time"

var changeRows = []row{
	{name: "up", given: stage, when: changeRole(by(adam), studio, edna, RoleAdmin), then: []Event{changed(studio, edna, RoleEditor, RoleAdmin)}},
	{name: "down", given: stage, when: changeRole(by(adam), studio, edna, RoleClient), then: []Event{changed(studio, edna, RoleEditor, RoleClient)}},
	{name: "to the same", given: stage, when: changeRole(by(adam), studio, edna, RoleEditor)},
	{name: "of oneself, down", given: stage, when: changeRole(by(adam), studio, adam, RoleViewer), then: []Event{changed(studio, adam, RoleAdmin, RoleViewer)}},
	{name: "of oneself, up", given: stage, when: changeRole(by(adam), studio, adam, RoleOwner), err: ErrRoleAboveOwn},
	{name: "of an owner, by an admin", given: twoStudioOwners, when: changeRole(by(adam), studio, olga, RoleEditor), err: ErrRoleAboveOwn},
	{name: "of an owner to the same, by an admin", given: stage, when: changeRole(by(adam), studio, olga, RoleOwner), err: ErrRoleAboveOwn},
	{name: "of the last owner", given: stage, when: changeRole(by(olga), studio, olga, RoleAdmin), err: ErrLastOwner},
	{name: "of the last owner, by the organization's owner", given: stage, when: changeRole(by(ada), studio, olga, RoleAdmin), err: ErrLastOwner},
	{name: "of the last owner, the other having been removed", given: after(twoStudioOwners, removed(studio, vera, RoleOwner)), when: changeRole(by(olga), studio, olga, RoleAdmin), err: ErrLastOwner},
	{name: "of the last owner to the same", given: stage, when: changeRole(by(olga), studio, olga, RoleOwner)},
	{name: "of the last owner but one", given: twoStudioOwners, when: changeRole(by(vera), studio, olga, RoleEditor), then: []Event{changed(studio, olga, RoleOwner, RoleEditor)}},
	{name: "by its editor", given: stage, when: changeRole(by(edna), studio, vera, RoleClient), err: ErrNotAllowed},
	{name: "by its program", given: stage, when: changeRole(within(studio, byProgram), studio, edna, RoleOwner), then: []Event{changed(studio, edna, RoleEditor, RoleOwner)}},
	{name: "by another's program", given: stage, when: changeRole(within(lab, byProgram), studio, edna, RoleViewer), err: ErrNotAllowed},
	{name: "of nobody", given: stage, when: changeRole(by(olga), studio, cleo, RoleViewer), err: ErrUnknownMember},
	{name: "of who was one", given: ednaGone, when: changeRole(by(olga), studio, edna, RoleViewer), err: ErrUnknownMember},
	{name: "to an unknown one", given: stage, when: changeRole(by(olga), studio, edna, "boss"), err: invalid("/role", "unknown_role")},
	{name: "archived", given: archived, when: changeRole(by(olga), studio, edna, RoleViewer), err: ErrWorkspaceArchived},
	{name: "in no workspace", given: stage, when: changeRole(byProgram, annex, edna, RoleViewer), err: ErrUnknownWorkspace},
	{name: "in another organization's workspace", given: stage, when: changeRole(byProgram, vault, edna, RoleViewer), err: ErrUnknownWorkspace},

	{name: "permissions of one's own having", given: stage, when: permit(by(adam), edna, "members.manage", "content.edit"), then: []Event{
		permissionsChanged(edna, nil, []Permission{"members.manage", "content.edit"}),
	}},
	{name: "no permissions", given: stage, when: permit(by(adam), edna), then: []Event{permissionsChanged(edna, nil, []Permission{})}},
	{name: "a permission that one has not", given: stage, when: permit(by(adam), edna, "content.edit", "workspace.own"), err: ErrRoleAboveOwn},
	{name: "a permission that one has not, on behalf", given: stage, when: permit(as(adam, byProgram), edna, "workspace.own"), err: ErrRoleAboveOwn},
	{name: "a permission that no role has, by its owner", given: stage, when: permit(by(olga), edna, "reports.view"), then: []Event{permissionsChanged(edna, nil, []Permission{"reports.view"})}},
	{name: "a permission that no role has, by its program", given: stage, when: permit(within(studio, byProgram), edna, "reports.view"), then: []Event{permissionsChanged(edna, nil, []Permission{"reports.view"})}},
	{name: "a permission that no role has, by the organization's admin", given: stage, when: permit(by(ben), edna, "reports.view"), then: []Event{permissionsChanged(edna, nil, []Permission{"reports.view"})}},
	{name: "a permission of one's own role", given: withRoles, when: permit(by(dana), edna, "reports.view"), then: []Event{permissionsChanged(edna, nil, []Permission{"reports.view"})}},
	{name: "a permission of the role that one's own list has not", given: bounded, when: permit(by(cleo), edna, "content.edit"), err: ErrRoleAboveOwn},
	{name: "a permission of one's own list", given: bounded, when: permit(by(cleo), edna, "reports.view"), then: []Event{permissionsChanged(edna, nil, []Permission{"reports.view"})}},
	{name: "the list that there is, which one has not", given: bounded, when: permit(by(adam), vera, "reports.view", "content.edit")},
	{name: "a role beside a list that one has not", given: bounded, when: changeRole(by(adam), studio, vera, RoleEditor), err: ErrRoleAboveOwn},
	{name: "a role beside a list that one has", given: after(stage, addedWith(studio, cleo, RoleViewer, "content.edit")), when: changeRole(by(adam), studio, cleo, RoleEditor), then: []Event{changed(studio, cleo, RoleViewer, RoleEditor)}},
	{name: "an end beside a list that one has not", given: bounded, when: endAt(by(adam), vera, soon), then: []Event{expiryChanged(vera, time.Time{}, soon)}},
	{name: "a role that one has not, and a list that one has", given: withRoles, when: ChangeMember{Meta: by(adam), Workspace: studio, User: edna, Role: new(RoleKey("analyst")), Permissions: &[]Permission{"content.edit"}}, then: []Event{
		changed(studio, edna, RoleEditor, "analyst"), permissionsChanged(edna, nil, []Permission{"content.edit"}),
	}},
	{name: "the end of an owner, by themself", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: endAt(by(cleo), cleo, time.Time{}), err: ErrNotAllowed},
	{name: "a peer's permissions back to the role's, that one has not", given: after(bounded, addedWith(studio, zoe, RoleAdmin, "members.manage")), when: unbind(by(zoe), cleo), err: ErrRoleAboveOwn},
	{name: "a peer's permissions back to the role's, that one has", given: bounded, when: unbind(by(adam), cleo), then: []Event{permissionsChanged(cleo, []Permission{"reports.view"}, nil)}},
	{name: "permissions back to the role's", given: bounded, when: unbind(by(adam), vera), then: []Event{permissionsChanged(vera, []Permission{"reports.view", "content.edit"}, nil)}},
	{name: "one's own permissions to more", given: bounded, when: permit(by(cleo), cleo, "reports.view", "content.edit"), err: ErrRoleAboveOwn},
	{name: "one's own permissions back to the role's", given: bounded, when: unbind(by(cleo), cleo), err: ErrRoleAboveOwn},
	{name: "one's own permissions back to the role's, by putting", given: bounded, when: PutMember{by(cleo), studio, cleo, Terms{Role: RoleAdmin}, MembershipID{1}}, err: ErrRoleAboveOwn},
	{name: "one's own permissions to less", given: bounded, when: permit(by(cleo), cleo), then: []Event{permissionsChanged(cleo, []Permission{"reports.view"}, []Permission{})}},
	{name: "one's own permissions, acting for the organization", given: after(bounded, OrganizationMemberAdded{user(cleo), OrganizationAdmin}), when: unbind(by(cleo), cleo), then: []Event{permissionsChanged(cleo, []Permission{"reports.view"}, nil)}},
	{name: "permissions of one word", given: stage, when: permit(by(olga), edna, "content"), err: invalid("/permissions/0", "invalid_permission")},
	{name: "permissions of a member above", given: twoStudioOwners, when: permit(by(adam), olga), err: ErrRoleAboveOwn},
	{name: "permissions of the last owner", given: stage, when: permit(by(olga), olga), then: []Event{permissionsChanged(olga, nil, []Permission{})}},
	{name: "permissions with which one is added", given: stage, when: AddMember{by(adam), studio, cleo, Terms{Role: RoleViewer, Permissions: []Permission{"content.edit"}}, membership(studio, cleo), nil}, then: []Event{
		addedWith(studio, cleo, RoleViewer, "content.edit"),
	}},
	{name: "permissions that one has not", given: stage, when: AddMember{by(adam), studio, cleo, Terms{Role: RoleViewer, Permissions: []Permission{"reports.view"}}, membership(studio, cleo), nil}, err: ErrRoleAboveOwn},
	{name: "permissions of one word", given: stage, when: AddMember{by(adam), studio, cleo, Terms{Role: RoleViewer, Permissions: []Permission{"view"}}, membership(studio, cleo), nil}, err: invalid("/permissions/0", "invalid_permission")},

	{name: "an end", given: stage, when: endAt(by(adam), edna, soon), then: []Event{expiryChanged(edna, time.Time{}, soon)}},
	{name: "an end that is now", given: stage, when: endAt(by(adam), edna, now), err: invalid("/expires_at", "in_the_past")},
	{name: "an end beyond the calendar", given: stage, when: endAt(by(adam), edna, time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)), err: invalid("/expires_at", "out_of_range")},
	{name: "another end", given: limited, when: endAt(by(adam), cleo, soon.Add(1)), then: []Event{expiryChanged(cleo, soon, soon.Add(1))}},
	{name: "the same end", given: limited, when: endAt(by(adam), cleo, soon)},
	{name: "the same end in another zone", given: limited, when: endAt(by(adam), cleo, soon.In(time.FixedZone("", 3600)))},
	{name: "no end", given: limited, when: endAt(by(adam), cleo, time.Time{}), then: []Event{expiryChanged(cleo, soon, time.Time{})}},
	{name: "one's own end to later", given: limited, when: endAt(by(cleo), cleo, soon.Add(1)), err: ErrNotAllowed},
	{name: "one's own end to never", given: limited, when: endAt(by(cleo), cleo, time.Time{}), err: ErrNotAllowed},
	{name: "one's own end to sooner", given: limited, when: endAt(by(cleo), cleo, now.Add(1)), then: []Event{expiryChanged(cleo, soon, now.Add(1))}},
	{name: "one's own end, acting for the organization", given: after(limited, OrganizationMemberAdded{user(cleo), OrganizationAdmin}), when: endAt(by(cleo), cleo, time.Time{}), then: []Event{expiryChanged(cleo, soon, time.Time{})}},
	{name: "an end for the last owner", given: stage, when: endAt(by(olga), olga, soon), err: ErrLastOwner},
	{name: "an end for the last owner but one whose membership ends", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: endAt(by(olga), olga, soon), err: ErrLastOwner},
	{name: "an end for the last owner but one", given: twoStudioOwners, when: endAt(by(olga), olga, soon), then: []Event{expiryChanged(olga, time.Time{}, soon)}},
	{name: "an owner whose membership ends", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: changeRole(by(olga), studio, cleo, RoleViewer), then: []Event{changed(studio, cleo, RoleOwner, RoleViewer)}},
	{name: "an end with which one is added", given: stage, when: AddMember{by(adam), studio, cleo, Terms{Role: RoleViewer, ExpiresAt: soon}, membership(studio, cleo), nil}, then: []Event{addedUntil(studio, cleo, RoleViewer, soon)}},
	{name: "an end that is now", given: stage, when: PutMember{by(adam), studio, cleo, Terms{Role: RoleViewer, ExpiresAt: now}, membership(studio, cleo)}, err: invalid("/expires_at", "in_the_past")},
	{name: "who has come to an end", given: lapsed, when: changeRole(by(adam), studio, cleo, RoleViewer), err: ErrUnknownMember},
	{name: "by who has come to an end", given: lapsed, when: changeRole(by(cleo), studio, edna, RoleViewer), err: ErrNotAllowed},
	{name: "by who has not yet come to an end", given: after(stage, addedUntil(studio, cleo, RoleAdmin, now.Add(1))), when: changeRole(by(cleo), studio, edna, RoleViewer), then: []Event{changed(studio, edna, RoleEditor, RoleViewer)}},

	{name: "all terms at once", given: stage, when: PutMember{by(adam), studio, edna, Terms{RoleViewer, []Permission{"content.edit"}, soon}, MembershipID{1}}, then: []Event{
		changed(studio, edna, RoleEditor, RoleViewer), permissionsChanged(edna, nil, []Permission{"content.edit"}), expiryChanged(edna, time.Time{}, soon),
	}},
	{name: "all terms at once, one of them not allowed", given: stage, when: PutMember{by(adam), studio, edna, Terms{RoleViewer, []Permission{"reports.view"}, soon}, MembershipID{1}}, err: ErrRoleAboveOwn},
	{name: "who is invited", given: after(stage, invited(studio, cleo, RoleViewer)), when: changeRole(by(adam), studio, cleo, RoleEditor), then: []Event{changed(studio, cleo, RoleViewer, RoleEditor)}},
	{name: "who is invited to own", given: after(stage, invited(studio, cleo, RoleOwner)), when: changeRole(by(adam), studio, cleo, RoleEditor), err: ErrRoleAboveOwn},
	{name: "who is suspended", given: after(stage, suspended(studio, edna)), when: PutMember{by(adam), studio, edna, Terms{Role: RoleViewer}, MembershipID{1}}, then: []Event{changed(studio, edna, RoleEditor, RoleViewer)}},
	{name: "the last owner, the other being suspended", given: after(twoStudioOwners, suspended(studio, vera)), when: changeRole(by(olga), studio, olga, RoleAdmin), err: ErrLastOwner},
	{name: "the last owner, the other being invited", given: after(stage, invited(studio, cleo, RoleOwner)), when: changeRole(by(olga), studio, olga, RoleAdmin), err: ErrLastOwner},
	{name: "a suspended owner, by the only other", given: after(twoStudioOwners, suspended(studio, vera)), when: changeRole(by(olga), studio, vera, RoleAdmin), then: []Event{changed(studio, vera, RoleOwner, RoleAdmin)}},
}

var (
	soon    = now.Add(time.Hour)
	limited = after(stage, addedUntil(studio, cleo, RoleAdmin, soon))
	lapsed  = after(stage, addedUntil(studio, cleo, RoleAdmin, now)) // and no event says so

	// An admin whose list restricts them, and a viewer with permissions that nobody else
	// has.
	bounded = after(stage, addedWith(studio, cleo, RoleAdmin, "reports.view"), permissionsChanged(vera, nil, []Permission{"reports.view", "content.edit"}))
)

func changeRole(m Meta, ws WorkspaceID, u UserID, role RoleKey) Command {
	return ChangeMember{Meta: m, Workspace: ws, User: u, Role: &role}
}

func permit(m Meta, u UserID, permissions ...Permission) Command {
	permissions = listed(permissions)
	return ChangeMember{Meta: m, Workspace: studio, User: u, Permissions: &permissions}
}

// unbind removes a member's own list.
func unbind(m Meta, u UserID) Command {
	return ChangeMember{Meta: m, Workspace: studio, User: u, Permissions: new([]Permission)}
}

func endAt(m Meta, u UserID, end time.Time) Command {
	return ChangeMember{Meta: m, Workspace: studio, User: u, ExpiresAt: &end}
}

func permissionsChanged(u UserID, from, to []Permission) Event {
	return MemberPermissionsChanged{member(studio, u), membership(studio, u), Change[[]Permission]{from, to}}
}

func expiryChanged(u UserID, from, to time.Time) Event {
	return MemberExpiryChanged{member(studio, u), membership(studio, u), Change[*time.Time]{orNil(from), orNil(to)}}
}
