package domain

import (
	"errors"
	"slices"
	"testing"
	"time"
)

var (
	// ednaBarred has somebody suspended in the organization with every kind of thing that
	// they could get more of.
	ednaBarred    = after(stage, barred(edna))
	cleoBarred    = after(cleoInvited, barred(cleo))
	ednasKey      = facts(Scopes{ScopeAll}, WorkspaceID{}, edna)
	withEdnasKey  = after(stage, TokenIssued{inOrganization(acme), ednasKey})
	ednaLeft      = after(withEdnasKey, removed(studio, edna, RoleEditor))
	byCleosSecret = Meta{Organization: acme, Actor: Actor{Kind: ActorUser, ID: cleo.String(), User: cleo}}
)

func changeEdna(m Meta, role RoleKey) Command {
	return ChangeMember{Meta: m, Workspace: studio, User: edna, Role: &role}
}

// A user who is suspended in the organization gets nothing in it, by any command.
var standingRows = slices.Concat(gainRows, lossRows, leftRows, suspendedActorRows)

var gainRows = []row{
	{name: "who is suspended in the organization", given: cleoBarred, when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}, err: ErrNotAllowed},
	{name: "who is suspended in the organization, with the secret", given: cleoBarred, when: AcceptInvitation{byCleosSecret, studio, cleo, Hash{5}}, err: ErrNotAllowed},
	{name: "who is suspended in the organization, by a program", given: cleoBarred, when: AcceptInvitation{byProgram, studio, cleo, Hash{}}, err: ErrUserSuspended},
	{name: "who is suspended in the organization, on their behalf", given: cleoBarred, when: AcceptInvitation{as(cleo, byProgram), studio, cleo, Hash{}}, err: ErrNotAllowed},
	{name: "who was suspended in the organization and is reinstated", given: after(cleoBarred, unbarred(cleo)[0]), when: AcceptInvitation{by(cleo), studio, cleo, Hash{}}, then: accepted},
	{name: "who is suspended in the organization", given: cleoBarred, when: RenewInvitation{by(olga), studio, cleo, Hash{6}, 0}, err: ErrUserSuspended},
	{name: "who is suspended in the organization", given: after(stage, barred(cleo)), when: AddMember{by(olga), studio, cleo, Terms{Role: RoleClient}, membership(studio, cleo), nil}, err: ErrUserSuspended},
	{name: "who is suspended in the organization", given: after(stage, barred(cleo)), when: PutMember{by(olga), studio, cleo, Terms{Role: RoleClient}, membership(studio, cleo)}, err: ErrUserSuspended},
	{name: "who is suspended in the organization", given: after(stage, barred(cleo)), when: PutMemberRole{by(olga), studio, cleo, RoleClient, membership(studio, cleo)}, err: ErrUserSuspended},
	{name: "who is suspended in the organization", given: after(stage, UserProfileSet{About: user(cleo), Profile: profile("cleo@x")}, barred(cleo)), when: InviteMember{by(olga), studio, profile("cleo@x"), Terms{Role: RoleClient}, nora, membership(studio, cleo), Hash{5}, 0}, err: ErrUserSuspended},
	{name: "as one operation of two, who is suspended in the organization", given: after(stage, barred(cleo)), when: Batch{
		Meta: by(olga), Workspace: studio, Atomic: true,
		Operations: []Command{RemoveMember{by(olga), studio, vera}, AddMember{by(olga), studio, cleo, Terms{Role: RoleClient}, membership(studio, cleo), nil}},
	}, err: ErrUserSuspended},
	{name: "who is suspended in the organization, to a higher role", given: ednaBarred, when: changeEdna(by(olga), RoleAdmin), err: ErrUserSuspended},
	{name: "who is suspended in the organization, to a role with more permissions", given: after(withRoles, barred(edna)), when: changeEdna(by(ben), "analyst"), err: ErrUserSuspended},
	{name: "who is suspended in the organization, by more permissions", given: ednaBarred, when: ChangeMember{Meta: by(ben), Workspace: studio, User: edna, Permissions: new([]Permission{"content.edit", "billing.manage"})}, err: ErrUserSuspended},
	{name: "who is suspended in the organization, by the role's permissions", given: after(stage, addedWith(studio, cleo, RoleEditor, "workspace.view"), barred(cleo)), when: ChangeMember{Meta: by(ben), Workspace: studio, User: cleo, Permissions: new([]Permission(nil))}, err: ErrUserSuspended},
	{name: "who is suspended in the organization, by a later end", given: after(limited, barred(cleo)), when: ChangeMember{Meta: by(ben), Workspace: studio, User: cleo, ExpiresAt: new(soon.Add(1))}, err: ErrUserSuspended},
	{name: "who is suspended in the organization, by no end", given: after(limited, barred(cleo)), when: ChangeMember{Meta: by(ben), Workspace: studio, User: cleo, ExpiresAt: &time.Time{}}, err: ErrUserSuspended},
	{name: "who is suspended in the organization too", given: after(ednaSuspended, barred(edna)), when: ReinstateMember{by(olga), studio, edna}, err: ErrUserSuspended},
	{name: "who is suspended in the organization", given: ednaBarred, when: PutOrganizationMember{by(ada), edna, OrganizationPlain}, err: ErrUserSuspended},
	{name: "who is suspended in the organization, to a higher role", given: after(stage, barred(cleo)), when: PutOrganizationMember{by(ada), cleo, OrganizationAdmin}, err: ErrUserSuspended},
	{name: "for somebody who is suspended in the organization", given: after(stage, barred(zoe)), when: CreateWorkspace{by(ben), annex, "Annex", zoe, membership(annex, zoe)}, err: ErrUserSuspended},
	{name: "for somebody who is suspended in the organization, by a program", given: ednaBarred, when: IssueToken{byProgram, ednasKey}, err: ErrUserSuspended},
	{name: "of somebody who is suspended in the organization, by a program", given: after(withEdnasKey, barred(edna)), when: RotateToken{byProgram, key, Hash{8}, 0}, err: ErrUserSuspended},
}

// What a suspended person has can be made less.
var lossRows = []row{
	{name: "who is suspended in the organization, to a lower role", given: ednaBarred, when: changeEdna(by(olga), RoleViewer), then: []Event{changed(studio, edna, RoleEditor, RoleViewer)}},
	{name: "who is suspended in the organization, by fewer permissions", given: ednaBarred, when: ChangeMember{Meta: by(ben), Workspace: studio, User: edna, Permissions: new([]Permission{"workspace.view"})}, then: []Event{permissionsChanged(edna, nil, []Permission{"workspace.view"})}},
	{name: "who is suspended in the organization, by an end", given: ednaBarred, when: ChangeMember{Meta: by(ben), Workspace: studio, User: edna, ExpiresAt: &soon}, then: []Event{expiryChanged(edna, time.Time{}, soon)}},
	{name: "who is suspended in the organization", given: ednaBarred, when: SuspendMember{by(olga), studio, edna}, then: []Event{suspended(studio, edna)}},
	{name: "who is suspended in the organization", given: ednaBarred, when: RemoveMember{by(olga), studio, edna}, then: []Event{removed(studio, edna, RoleEditor)}},
	{name: "who is suspended in the organization", given: ednaBarred, when: RemoveOrganizationMember{by(ben), edna, 0}, then: []Event{removed(studio, edna, RoleEditor)}},
	{name: "suspended in the organization", given: ednaBarred, when: LeaveWorkspace{by(edna), studio, edna}, then: []Event{MemberLeft{member(studio, edna), membership(studio, edna), RoleEditor}}},
	{name: "of somebody who is suspended in the organization", given: ednaBarred, when: SetProfile{by(ben), edna, profile("edna@x.test").Patch()}, then: []Event{UserProfileSet{About: user(edna), Profile: profile("edna@x.test")}}},
	{name: "of somebody who is suspended in the organization", given: after(withEdnasKey, barred(edna)), when: RevokeToken{by(ben), key}, then: keyRevoked},
}

// A user who has left the organization gets nothing until they are added or invited again.
var leftRows = []row{
	{name: "for somebody who has left", given: ednaLeft, when: IssueToken{byProgram, TokenFacts{ID: other, Name: "Key", Scopes: Scopes{ScopeAll}, User: edna}}, err: ErrNotAllowed},
	{name: "of somebody who has left, by a program", given: ednaLeft, when: RotateToken{byProgram, key, Hash{8}, 0}, err: ErrNotAllowed},
	{name: "of somebody who has left, by themself", given: ednaLeft, when: RotateToken{by(edna), key, Hash{8}, 0}, err: ErrNotAllowed},
	{name: "of somebody who has left, by themself", given: after(ednaLeft, UserProfileSet{About: user(edna), Profile: profile("edna@x")}), when: SetProfile{by(edna), edna, profile("edna@x").Patch()}, err: ErrNotAllowed},
	{name: "of somebody who was removed from the organization", given: after(withEdnasKey, removed(studio, edna, RoleEditor)), when: IssueToken{as(edna, byProgram), TokenFacts{ID: other, Name: "Key", Scopes: Scopes{ScopeAll}, User: edna}}, err: ErrNotAllowed},
	{name: "for somebody whom the organization does not know yet", given: stage, when: IssueToken{byProgram, facts(Scopes{ScopeAll}, WorkspaceID{}, nora)}, then: []Event{TokenIssued{inOrganization(acme), facts(Scopes{ScopeAll}, WorkspaceID{}, nora)}}},
	{name: "who has left", given: ednaLeft, when: AddMember{by(olga), studio, edna, Terms{Role: RoleViewer}, membership(studio, edna), nil}, then: []Event{added(studio, edna, RoleViewer)}},
	{name: "who has left", given: ednaLeft, when: PutOrganizationMember{by(ada), edna, OrganizationPlain}, then: []Event{OrganizationMemberAdded{user(edna), OrganizationPlain}}},
	{name: "of somebody who has left and was added again", given: after(ednaLeft, added(studio, edna, RoleViewer)), when: RotateToken{byProgram, key, Hash{8}, 0}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{8}, now}}},
}

var suspendedActorRows = []row{
	{name: "what is so already, by somebody who is suspended in the organization", given: ednaBarred, when: AcceptInvitation{by(edna), studio, edna, Hash{}}, err: ErrNotAllowed},
	{name: "of somebody else, by somebody who is suspended in the organization", given: after(withVerasKey, barred(olga)), when: RevokeToken{by(olga), key}, err: ErrNotAllowed},
	{name: "somebody else, by somebody who is suspended in the organization", given: ednaBarred, when: LeaveWorkspace{by(edna), studio, vera}, err: ErrNotAllowed},
}

// Rules go by the clock and not by the event that says what has ended: nothing is possible
// from the very instant of the end on, and everything before.
func TestRulesGoByTheClock(t *testing.T) {
	forATime := after(stage, addedUntil(studio, nora, RoleAdmin, soon), TokenIssued{inOrganization(acme), facts(Scopes{ScopeAll}, WorkspaceID{}, nora)})
	byNora := by(nora)
	token := facts(Scopes{ScopeAll}, WorkspaceID{}, nora)
	token.ID = other
	ending := byProgram
	ending.Actor.Credential.ExpiresAt = soon
	for name, c := range map[string]struct {
		given []Event
		when  Command
		err   error // from the end on
		early error // before the end
	}{
		"a token for oneself":              {forATime, IssueToken{byNora, token}, ErrNotAllowed, nil},
		"a token by a program":             {forATime, IssueToken{byProgram, token}, ErrNotAllowed, nil},
		"a token on behalf":                {forATime, IssueToken{as(nora, byProgram), token}, ErrNotAllowed, nil},
		"another secret":                   {forATime, RotateToken{byNora, key, Hash{8}, 0}, ErrNotAllowed, nil},
		"another secret by a program":      {forATime, RotateToken{byProgram, key, Hash{8}, 0}, ErrNotAllowed, nil},
		"one's own name":                   {after(forATime, UserProfileSet{About: user(nora), Profile: profile("nora@x")}), SetProfile{byNora, nora, ProfileFacts{Email: "nora@x"}.Patch()}, ErrNotAllowed, nil},
		"managing":                         {forATime, RemoveMember{byNora, studio, vera}, ErrNotAllowed, nil},
		"being changed":                    {forATime, ChangeMember{Meta: byRoot, Workspace: studio, User: nora, Role: new(RoleViewer)}, ErrUnknownMember, nil},
		"being suspended":                  {forATime, SuspendMember{byRoot, studio, nora}, ErrUnknownMember, nil},
		"becoming an owner":                {forATime, TransferOwnership{byRoot, studio, olga, nora}, ErrUnknownMember, ErrLastOwner},
		"accepting":                        {cleoInvited, AcceptInvitation{by(cleo), studio, cleo, Hash{}}, ErrNotInvited, nil},
		"accepting by the secret":          {cleoInvited, AcceptInvitation{byCleosSecret, studio, cleo, Hash{5}}, ErrNotInvited, nil},
		"renewing":                         {cleoInvited, RenewInvitation{by(olga), studio, cleo, Hash{6}, 0}, ErrUnknownMember, nil},
		"a token of the invited":           {after(stage, invited(studio, nora, RoleEditor)), IssueToken{byNora, token}, ErrNotAllowed, nil},
		"with a token that ends":           {stage, RenameWorkspace{ending, studio, "Loft"}, ErrNotAllowed, nil},
		"another secret of what has ended": {after(stage, TokenIssued{inOrganization(acme), until(soon)}), RotateToken{byProgram, key, Hash{8}, 0}, ErrTokenEnded, nil},
	} {
		s := fold(c.given...)
		if d, err := Decide(s, soon.Add(-1), c.when); !errors.Is(err, c.early) || err == nil && len(d.Events) == 0 {
			t.Errorf("%s, before the end: %v, %v", name, d.Events, err)
		}
		for _, at := range []time.Time{soon, soon.Add(1)} {
			if d, err := Decide(see(s, c.when), at, c.when); !errors.Is(err, c.err) {
				t.Errorf("%s, at %s after the end: %v, %v, want %v", name, at.Sub(soon), d.Events, err, c.err)
			}
		}
	}
	// The other way round: what has ended is out of the way.
	for name, c := range map[string]struct {
		given []Event
		when  Command
	}{
		"adding again":   {forATime, AddMember{byRoot, studio, nora, Terms{Role: RoleViewer}, membership(studio, nora), nil}},
		"inviting again": {after(cleoInvited, UserProfileSet{About: user(cleo), Profile: profile("cleo@x")}), InviteMember{byRoot, studio, profile("cleo@x"), Terms{Role: RoleViewer}, nora, membership(studio, cleo), Hash{5}, 0}},
	} {
		s := fold(c.given...)
		if _, err := Decide(s, soon.Add(-1), c.when); !errors.Is(err, ErrAlreadyMember) {
			t.Errorf("%s, before the end: %v", name, err)
		}
		if d, err := Decide(s, soon, c.when); err != nil || len(d.Events) != 2 {
			t.Errorf("%s, at the end: %v, %v", name, d.Events, err)
		}
	}
	s := fold(forATime...)
	if d, err := Decide(s, soon.Add(-1), ExpireMember{byMuster, studio, nora}); err != nil || len(d.Events) != 0 {
		t.Errorf("expired before the end: %v, %v", d.Events, err)
	}
	if d, err := Decide(s, soon, ExpireMember{byMuster, studio, nora}); err != nil || len(d.Events) != 1 {
		t.Errorf("not expired at the end: %v, %v", d.Events, err)
	}
}
