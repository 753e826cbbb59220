package domain

import (
	"slices"
	"testing"
	"time"
)

var invitationRows = slices.Concat(inviteRows, renewRows, acceptRows)

var inviteRows = []row{
	{name: "whom the directory does not know", given: stage, when: invite(by(adam), "new@x", Terms{Role: RoleEditor}), then: []Event{
		UserProfileSet{About: user(nora), Profile: profile("new@x")}, welcome(nora, Terms{Role: RoleEditor}),
	}},
	{name: "whom the directory knows", given: stage, when: invite(by(adam), "ADA@acme.test", Terms{Role: RoleEditor}), then: []Event{
		invitedWith(ada, membership(studio, nora), Terms{Role: RoleEditor}),
	}},
	{name: "by its program", given: stage, when: invite(within(studio, byProgram), "new@x", Terms{Role: RoleOwner}), then: []Event{
		UserProfileSet{About: user(nora), Profile: profile("new@x")}, welcome(nora, Terms{Role: RoleOwner}),
	}},
	{name: "by its editor", given: stage, when: invite(by(edna), "new@x", Terms{Role: RoleClient}), err: ErrNotAllowed},
	{name: "by who is invited", given: after(stage, invited(studio, cleo, RoleOwner)), when: invite(by(cleo), "new@x", Terms{Role: RoleClient}), err: ErrNotAllowed},
	{name: "oneself", given: stage, when: invite(by(ada), "ada@acme.test", Terms{Role: RoleOwner}), then: []Event{
		invitedWith(ada, membership(studio, nora), Terms{Role: RoleOwner}),
	}},
	{name: "above one's own", given: stage, when: invite(by(adam), "new@x", Terms{Role: RoleOwner}), err: ErrRoleAboveOwn},
	{name: "with permissions that one has not", given: stage, when: invite(by(adam), "new@x", Terms{Role: RoleViewer, Permissions: []Permission{"reports.view"}}), err: ErrRoleAboveOwn},
	{name: "on all terms", given: stage, when: invite(by(adam), "new@x", Terms{RoleViewer, []Permission{"content.edit"}, soon}), then: []Event{
		UserProfileSet{About: user(nora), Profile: profile("new@x")}, welcome(nora, Terms{RoleViewer, []Permission{"content.edit"}, soon}),
	}},
	{name: "to what has ended", given: stage, when: invite(by(adam), "new@x", Terms{Role: RoleViewer, ExpiresAt: now}), err: invalid("/expires_at", "in_the_past")},
	{name: "to an unknown role", given: stage, when: invite(by(adam), "new@x", Terms{Role: "boss"}), err: invalid("/role", "unknown_role")},
	{name: "nowhere", given: stage, when: invite(by(adam), "new", Terms{Role: RoleEditor}), err: invalid("/email", "invalid_email")},
	{name: "for 30 days", given: stage, when: lasting(MaxInvitation), then: []Event{
		UserProfileSet{About: user(nora), Profile: profile("new@x")},
		MemberInvited{member(studio, nora), membership(studio, nora), RoleViewer, nil, time.Time{}, InvitationFacts{Hash{5}, now.Add(MaxInvitation)}},
	}},
	{name: "for longer than 30 days", given: stage, when: lasting(MaxInvitation + 1), err: invalid("/invitation_expires_in", "out_of_range")},
	{name: "for less than no time", given: stage, when: lasting(-1), err: invalid("/invitation_expires_in", "out_of_range")},
	{name: "who is a member", given: adaInvited(added(studio, ada, RoleViewer)), when: inviteAda, err: &AlreadyMemberError{membership(studio, ada)}},
	{name: "who is invited", given: adaInvited(), when: inviteAda, err: &AlreadyMemberError{membership(studio, ada)}},
	{name: "who is suspended", given: adaInvited(added(studio, ada, RoleViewer), suspended(studio, ada)), when: inviteAda, err: &AlreadyMemberError{membership(studio, ada)}},
	{name: "whose invitation was taken back", given: adaInvited(removed(studio, ada, RoleOwner)), when: inviteAda, then: []Event{adaWelcome}},
	{name: "who declined", given: adaInvited(MemberLeft{member(studio, ada), membership(studio, ada), RoleOwner}), when: inviteAda, then: []Event{adaWelcome}},
	{name: "whose invitation has expired", given: after(stage, invitedUntil(studio, ada, RoleOwner, now)), when: inviteAda, then: []Event{expired(studio, ada, RoleOwner), adaWelcome}},
	{name: "whose invitation has expired, as said", given: after(stage, invitedUntil(studio, ada, RoleOwner, now), expired(studio, ada, RoleOwner)), when: inviteAda, then: []Event{adaWelcome}},
	{name: "by the address of nobody, under somebody's id", given: stage, when: InviteMember{by(olga), studio, profile("new@x"), Terms{Role: RoleViewer}, ada, MembershipID{1}, Hash{5}, 0}, err: invalid("/user_id", "known_user")},
	{name: "by the address of nobody, under the id of a member", given: stage, when: InviteMember{by(olga), studio, profile("new@x"), Terms{Role: RoleViewer}, zoe, MembershipID{1}, Hash{5}, 0}, err: invalid("/user_id", "known_user")},
	{name: "by the address of nobody, under the id of somebody with a role", given: stage, when: InviteMember{by(olga), studio, profile("new@x"), Terms{Role: RoleViewer}, cleo, MembershipID{1}, Hash{5}, 0}, err: invalid("/user_id", "known_user")},
	{name: "by an address with spaces around it", given: stage, when: invite(by(olga), " new@x\u00a0", Terms{Role: RoleEditor}), then: []Event{
		UserProfileSet{About: user(nora), Profile: profile("new@x")}, welcome(nora, Terms{Role: RoleEditor}),
	}},
	{name: "by an address with an invisible character", given: stage, when: invite(by(olga), "n\u200bew@x", Terms{Role: RoleEditor}), err: invalid("/email", "invalid_email")},
	{name: "by somebody's address with an invisible character", given: stage, when: invite(by(olga), "a\u200bda@acme.test", Terms{Role: RoleEditor}), err: invalid("/email", "invalid_email")},
	{name: "by an address of earlier versions", given: after(stage, UserProfileSet{About: user(nora), Profile: profile("<old>@x_y.")}), when: invite(by(olga), "<old>@x_y.", Terms{Role: RoleEditor}), then: []Event{
		welcome(nora, Terms{Role: RoleEditor}),
	}},
	{name: "under nobody's id", given: stage, when: InviteMember{by(olga), studio, profile("new@x"), Terms{Role: RoleViewer}, UserID{}, MembershipID{1}, Hash{5}, 0}, err: invalid("/user_id", "required")},
	{name: "archived", given: archived, when: invite(by(olga), "new@x", Terms{Role: RoleEditor}), err: ErrWorkspaceArchived},
	{name: "to no workspace", given: stage, when: InviteMember{by(ada), annex, profile("new@x"), Terms{Role: RoleViewer}, nora, MembershipID{1}, Hash{5}, 0}, err: ErrUnknownWorkspace},
	{name: "to another organization's workspace", given: stage, when: InviteMember{byProgram, vault, profile("new@x"), Terms{Role: RoleViewer}, nora, MembershipID{1}, Hash{5}, 0}, err: ErrUnknownWorkspace},
	{
		name: "if absent, whom the directory knows", given: adaInvited(), err: ErrPrecondition,
		when: InviteMember{given(Precondition{Absent: true}, by(olga)), studio, profile("ada@acme.test"), Terms{Role: RoleViewer}, nora, MembershipID{1}, Hash{5}, 0},
	},
}

var renewRows = []row{
	{name: "by its admin", given: cleoInvited, when: RenewInvitation{by(adam), studio, cleo, Hash{6}, time.Hour}, then: renewed(Hash{6}, time.Hour)},
	{name: "for 7 days", given: cleoInvited, when: RenewInvitation{by(adam), studio, cleo, Hash{6}, 0}, then: renewed(Hash{6}, 7*24*time.Hour)},
	{name: "for longer than 30 days", given: cleoInvited, when: RenewInvitation{by(adam), studio, cleo, Hash{6}, MaxInvitation + 1}, err: invalid("/invitation_expires_in", "out_of_range")},
	{name: "by the invited", given: cleoInvited, when: RenewInvitation{by(cleo), studio, cleo, Hash{6}, 0}, err: ErrNotAllowed},
	{name: "that has expired", given: after(stage, invitedUntil(studio, cleo, RoleEditor, now)), when: RenewInvitation{by(adam), studio, cleo, Hash{6}, 0}, err: ErrUnknownMember},
	{name: "that was taken back", given: after(cleoInvited, removed(studio, cleo, RoleEditor)), when: RenewInvitation{by(adam), studio, cleo, Hash{6}, 0}, err: ErrUnknownMember},
	{name: "that was accepted", given: cleoAccepted, when: RenewInvitation{by(adam), studio, cleo, Hash{6}, 0}, err: ErrNotInvited},
	{name: "that never was", given: stage, when: RenewInvitation{by(adam), studio, edna, Hash{6}, 0}, err: ErrNotInvited},
	{name: "archived", given: after(cleoInvited, WorkspaceArchived{inWorkspace(studio)}), when: RenewInvitation{by(adam), studio, cleo, Hash{6}, 0}, err: ErrWorkspaceArchived},
}

var acceptRows = []row{
	{name: "by the invited", given: cleoInvited, when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}, then: accepted},
	{name: "on behalf of the invited", given: cleoInvited, when: AcceptInvitation{as(cleo, byProgram), studio, cleo, Hash{}}, then: accepted},
	{name: "by a program", given: cleoInvited, when: AcceptInvitation{byProgram, studio, cleo, Hash{}}, then: accepted},
	{name: "by the workspace's program", given: cleoInvited, when: AcceptInvitation{within(studio, byProgram), studio, cleo, Hash{}}, then: accepted},
	{name: "by another workspace's program", given: cleoInvited, when: AcceptInvitation{within(lab, byProgram), studio, cleo, Hash{}}, err: ErrNotAllowed},
	{name: "by the invited, bound to another workspace", given: cleoInvited, when: AcceptInvitation{within(lab, by(cleo)), studio, cleo, Hash{}}, err: ErrNotAllowed},
	{name: "by who invited", given: cleoInvited, when: AcceptInvitation{by(olga), studio, cleo, Hash{}}, err: ErrNotAllowed},
	{name: "by the organization's owner", given: cleoInvited, when: AcceptInvitation{by(ada), studio, cleo, Hash{}}, err: ErrNotAllowed},
	{name: "on behalf of another", given: cleoInvited, when: AcceptInvitation{as(olga, byRoot), studio, cleo, Hash{}}, err: ErrNotAllowed},
	{name: "with the secret, by anybody", given: cleoInvited, when: AcceptInvitation{by(zoe), studio, cleo, Hash{5}}, then: accepted},
	{name: "with the secret, by the root token", given: cleoInvited, when: AcceptInvitation{byRoot, studio, cleo, Hash{5}}, then: accepted},
	{name: "with another secret", given: cleoInvited, when: AcceptInvitation{byRoot, studio, cleo, Hash{6}}, err: ErrNotInvited},
	{name: "with another secret, by the invited", given: cleoInvited, when: AcceptInvitation{by(cleo), studio, cleo, Hash{6}}, err: ErrNotInvited},
	{name: "with the secret before it was renewed", given: after(cleoInvited, renewed(Hash{6}, time.Hour)...), when: AcceptInvitation{byRoot, studio, cleo, Hash{5}}, err: ErrNotInvited},
	{name: "with the secret since it was renewed", given: after(cleoInvited, renewed(Hash{6}, time.Hour)...), when: AcceptInvitation{byRoot, studio, cleo, Hash{6}}, then: accepted},
	{name: "with a secret of who was added without", given: stage, when: AcceptInvitation{byRoot, studio, edna, Hash{5}}, err: ErrNotInvited},
	{name: "with a secret of who never was", given: stage, when: AcceptInvitation{byRoot, studio, cleo, Hash{5}}, err: ErrNotInvited},
	{name: "with the secret of before being removed and added", given: after(cleoInvited, removed(studio, cleo, RoleEditor), added(studio, cleo, RoleEditor)), when: AcceptInvitation{byRoot, studio, cleo, Hash{5}}, err: ErrNotInvited},
	{name: "twice", given: cleoAccepted, when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}},
	{name: "twice, with the secret", given: cleoAccepted, when: AcceptInvitation{byRoot, studio, cleo, Hash{5}}},
	{name: "at the last moment", given: after(stage, invitedUntil(studio, cleo, RoleEditor, now.Add(1))), when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}, then: accepted},
	{name: "too late", given: after(stage, invitedUntil(studio, cleo, RoleEditor, now)), when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}, err: ErrNotInvited},
	{name: "too late for the membership", given: after(cleoInvited, expiryChanged(cleo, time.Time{}, now)), when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}, err: ErrNotInvited},
	{name: "taken back", given: after(cleoInvited, removed(studio, cleo, RoleEditor)), when: AcceptInvitation{byRoot, studio, cleo, Hash{5}}, err: ErrNotInvited},
	{name: "suspended", given: after(cleoAccepted, suspended(studio, cleo)), when: AcceptInvitation{byRoot, studio, cleo, Hash{5}}, err: ErrNotInvited},
	{name: "who never was", given: stage, when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}, err: ErrNotInvited},
	{name: "archived", given: after(cleoInvited, WorkspaceArchived{inWorkspace(studio)}), when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}, err: ErrWorkspaceArchived},
	{name: "archived, by another", given: after(cleoInvited, WorkspaceArchived{inWorkspace(studio)}), when: AcceptInvitation{by(zoe), studio, cleo, Hash{}}, err: ErrNotAllowed},
	{name: "no workspace", given: stage, when: AcceptInvitation{by(cleo), annex, cleo, Hash{}}, err: ErrUnknownWorkspace},
	{name: "another organization's", given: after(stage, invited(vault, cleo, RoleEditor)), when: AcceptInvitation{byRoot, vault, cleo, Hash{5}}, err: ErrUnknownWorkspace},

	{name: "as what was accepted", given: cleoAccepted, when: changeRole(by(adam), studio, cleo, RoleViewer), then: []Event{changed(studio, cleo, RoleEditor, RoleViewer)}},
	{name: "who accepted to manage", given: after(stage, invited(studio, cleo, RoleAdmin), accepted[0]), when: RemoveMember{by(cleo), studio, edna}, then: []Event{removed(studio, edna, RoleEditor)}},
	{name: "who was only invited to manage", given: after(stage, invited(studio, cleo, RoleAdmin)), when: RemoveMember{by(cleo), studio, edna}, err: ErrNotAllowed},
}

var (
	nora = named[userKind]("nora") // an unknown user

	inviteAda  = invite(by(olga), "ada@acme.test", Terms{Role: RoleViewer})
	adaWelcome = welcome(ada, Terms{Role: RoleViewer})

	cleoInvited  = after(stage, invited(studio, cleo, RoleEditor))
	accepted     = []Event{MemberAccepted{member(studio, cleo), membership(studio, cleo)}}
	cleoAccepted = after(cleoInvited, accepted...)
)

// adaInvited returns the stage with an invitation of acme's first owner to the studio,
// followed by other events.
func adaInvited(more ...Event) []Event {
	return after(after(stage, invited(studio, ada, RoleOwner)), more...)
}

func invite(m Meta, email string, t Terms) Command {
	return InviteMember{m, studio, profile(email), t, nora, membership(studio, nora), Hash{5}, 0}
}

func lasting(d time.Duration) Command {
	return InviteMember{by(adam), studio, profile("new@x"), Terms{Role: RoleViewer}, nora, membership(studio, nora), Hash{5}, d}
}

func welcome(u UserID, t Terms) Event { return invitedWith(u, membership(studio, u), t) }

func invitedWith(u UserID, id MembershipID, t Terms) Event {
	return MemberInvited{member(studio, u), id, t.Role, t.Permissions, t.ExpiresAt, InvitationFacts{Hash{5}, now.Add(DefaultInvitation)}}
}

func renewed(secret Hash, lasts time.Duration) []Event {
	return []Event{MemberInvitationRenewed{member(studio, cleo), membership(studio, cleo), InvitationFacts{secret, now.Add(lasts)}}}
}

func TestInvitationEvolves(t *testing.T) {
	m := fold(cleoInvited...).Membership(studio, cleo)
	if m.StateAt(now) != MembershipInvited || m.Accepted || m.Invitation.Secret != (Hash{5}) {
		t.Errorf("invited: %+v", m)
	}
	m = fold(cleoAccepted...).Membership(studio, cleo)
	if m.StateAt(now.Add(MaxInvitation)) != MembershipActive || !m.Accepted || !m.EndsAt().IsZero() {
		t.Errorf("accepted: %+v", m)
	}
	m = fold(after(cleoAccepted, removed(studio, cleo, RoleEditor), invited(studio, cleo, RoleViewer))...).Membership(studio, cleo)
	if m.StateAt(now) != MembershipInvited || m.Accepted || m.ID != membership(studio, cleo) {
		t.Errorf("invited again: %+v", m)
	}
	m = fold(after(cleoInvited, renewed(Hash{6}, 2*time.Hour)...)...).Membership(studio, cleo)
	if !m.EndsAt().Equal(now.Add(2*time.Hour)) || m.Invitation.Secret != (Hash{6}) {
		t.Errorf("renewed: %+v", m)
	}
}
