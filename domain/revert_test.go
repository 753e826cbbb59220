package domain

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// back returns the command that reverts the last of the given events, after which nothing has
// happened, with what was before.
func back(m Meta, before Part, given ...Event) Revert {
	n := len(given)
	return Revert{Meta: m, Event: &Recorded{ID: eventID(n), Event: given[n-1], Number: uint64(n)}, Before: before, Seen: uint64(n)}
}

// since returns the command that reverts an event after which the other one has happened.
func since(m Meta, event, later Event) Revert {
	c := back(m, nil, event)
	c.Since = &Recorded{ID: eventID(2), Event: later, Number: 2}
	return c
}

var (
	ednaRaised  = after(stage, changed(studio, edna, RoleEditor, RoleAdmin))
	ednaRemoved = after(stage, removed(studio, edna, RoleEditor))
	wasEditor   = &Membership{Role: RoleEditor, State: MembershipActive, Permissions: []Permission{"content.edit"}}
	cleoAdmin   = after(stage, OrganizationMemberRoleChanged{user(cleo), Change[OrganizationRole]{OrganizationPlain, OrganizationAdmin}})
	twoOlgas    = after(stage, added(studio, zoe, RoleOwner), changed(studio, olga, RoleOwner, RoleAdmin))
)

var revertRows = []row{
	{"a member is removed again", after(stage, added(lab, edna, RoleEditor)), back(by(zoe), nil, after(stage, added(lab, edna, RoleEditor))...), []Event{removed(lab, edna, RoleEditor)}, nil},
	{"an invitation is taken back", after(stage, invited(lab, edna, RoleEditor)), back(by(zoe), nil, after(stage, invited(lab, edna, RoleEditor))...), []Event{removed(lab, edna, RoleEditor)}, nil},
	{"the former role", ednaRaised, back(by(olga), nil, ednaRaised...), []Event{changed(studio, edna, RoleAdmin, RoleEditor)}, nil},
	{"added again on the former terms", ednaRemoved, back(by(olga), wasEditor, ednaRemoved...), []Event{addedWith(studio, edna, RoleEditor, "content.edit")}, nil},
	{
		"suspended before, and suspended again", ednaRemoved, back(by(olga), &Membership{Role: RoleEditor, State: MembershipSuspended}, ednaRemoved...),
		[]Event{added(studio, edna, RoleEditor), suspended(studio, edna)},
		nil,
	},
	{"the end of the membership would be past", ednaRemoved, back(by(olga), &Membership{Role: RoleEditor, State: MembershipActive, ExpiresAt: now}, ednaRemoved...), nil, ErrNotReversible},
	{"what was before is not known", ednaRemoved, back(by(olga), nil, ednaRemoved...), nil, ErrNotReversible},
	{"an invitation that was taken back", ednaRemoved, back(by(olga), &Membership{State: MembershipInvited}, ednaRemoved...), nil, ErrNotReversible},
	{"the last owner", twoOlgas[:len(twoOlgas)-1], back(by(ada), nil, stage[:13]...), nil, &LastOwnerError{[]WorkspaceID{lab}}},
	{"an owner again, by who may", twoOlgas, back(by(zoe), nil, twoOlgas...), []Event{changed(studio, olga, RoleAdmin, RoleOwner)}, nil},
	{"an owner again, by an admin", twoOlgas, back(by(adam), nil, twoOlgas...), nil, ErrRoleAboveOwn},
	{"by who manages nothing", ednaRaised, back(by(vera), nil, ednaRaised...), nil, ErrNotAllowed},
	{"of another organization", stage, back(byProgram, nil, stage[:15]...), nil, ErrUnknownOrganization},
	{"of another organization's workspace", stage, back(byProgram, nil, MemberSuspended{About{acme, vault, edna}, MembershipID{}}), nil, ErrUnknownWorkspace},
	{"changed since", stage, since(by(olga), changed(studio, edna, RoleClient, RoleViewer), changed(studio, edna, RoleViewer, RoleEditor)), nil, ErrChangedSince},
	{"changed since, by who may not know", stage, since(by(vera), changed(studio, edna, RoleClient, RoleViewer), changed(studio, edna, RoleViewer, RoleEditor)), nil, ErrNotAllowed},
	{"changed while the caller looked", ednaRaised, back(by(olga), nil, changed(studio, edna, RoleViewer, RoleEditor)), nil, ErrChangedMeanwhile},
	{"ended by the clock", after(stage, addedUntil(lab, edna, RoleEditor, now)), back(by(zoe), nil, after(stage, addedUntil(lab, edna, RoleEditor, now), changed(lab, edna, RoleViewer, RoleEditor))...), nil, ErrNotReversible},
	{"an event of no opposite", stage, back(byRoot, nil, stage[0]), nil, ErrNotReversible},
	{"no such organization", nil, back(byRoot, nil, stage[0]), nil, ErrUnknownOrganization},
	{
		"the former role in the organization", cleoAdmin, back(by(ada), nil, cleoAdmin...),
		[]Event{OrganizationMemberRoleChanged{user(cleo), Change[OrganizationRole]{OrganizationAdmin, OrganizationPlain}}},
		nil,
	},
	{
		"a role in the organization is taken, and memberships stay", after(stage, OrganizationMemberAdded{user(edna), OrganizationPlain}),
		back(by(ben), nil, after(stage, OrganizationMemberAdded{user(edna), OrganizationPlain})...),
		[]Event{OrganizationMemberRemoved{user(edna), OrganizationPlain, false}},
		nil,
	},
	{"the organization's last owner", stage, TakeOrganizationRole{by(ada), ada}, nil, ErrLastOwner},
	{"by an admin, an owner's", stage, TakeOrganizationRole{by(ben), ada}, nil, ErrRoleAboveOwn},
	{"of who has none", stage, TakeOrganizationRole{by(ben), edna}, nil, nil},
	{"of a member", stage, TakeOrganizationRole{by(ben), cleo}, []Event{OrganizationMemberRemoved{user(cleo), OrganizationPlain, false}}, nil},
}

// TestUndo has a row for every event that exists: what a token needs to undo it, or nothing if
// it cannot be undone.
func TestUndo(t *testing.T) {
	scopes := map[string]Scope{
		"muster.member.added": "workspace_members:delete", "muster.member.invited": "workspace_members:delete",
		"muster.member.removed": "workspace_members:create", "muster.member.left": "workspace_members:create",
		"muster.member.role_changed": "workspace_members:update", "muster.member.permissions_changed": "workspace_members:update",
		"muster.member.expiry_changed": "workspace_members:update", "muster.member.suspended": "workspace_members:update",
		"muster.member.reinstated": "workspace_members:update",
		"muster.member.accepted":   "", "muster.member.invitation_renewed": "", "muster.member.expired": "",
		"muster.organization.created": "", "muster.organization.renamed": "organizations:update",
		"muster.organization.member_added": "organization_members:delete", "muster.organization.member_role_changed": "organization_members:update",
		"muster.organization.member_removed": "organization_members:update", "muster.organization.member_suspended": "organization_members:update",
		"muster.organization.member_reinstated": "organization_members:update",
		"muster.user.profile_set":               "users:update",
		"muster.workspace.created":              "", "muster.workspace.renamed": "workspaces:update", "muster.workspace.archived": "workspaces:update",
		"muster.workspace.restored": "workspaces:update", "muster.workspace.ownership_transferred": "",
		"muster.role.created": "roles:delete", "muster.role.updated": "roles:update", "muster.role.archived": "",
		"muster.token.issued": "", "muster.token.rotated": "", "muster.token.revoked": "",
		"muster.subscription.paused": "subscriptions:update", "muster.subscription.resumed": "subscriptions:update",
		"muster.subscription.created": "", "muster.subscription.updated": "", "muster.subscription.rewound": "", "muster.subscription.skipped": "",
		"muster.subscription.secret_rotated": "", "muster.subscription.deleted": "",
		"muster.user.erasure_requested": "", "muster.user.erased": "",
		"muster.review.opened": "", "muster.review.row_decided": "", "muster.review.closed": "",
	}
	seen := 0
	for what := range promises(t) {
		event, ok := strings.CutPrefix(what, "event ")
		if _, row := scopes[event]; row {
			seen++
		} else if ok {
			t.Errorf("%s has no row", what)
		}
	}
	for _, e := range oneOfEach {
		before := map[string]Part{
			"muster.member.removed": wasEditor, "muster.member.left": wasEditor,
			"muster.user.profile_set": &Profile{ProfileFacts: profile("a@x")}, "muster.role.updated": &CustomRole{},
		}[e.EventType()]
		if NeedsBefore(e) != (before != nil) {
			t.Errorf("%s: what was before is needed: %t", e.EventType(), NeedsBefore(e))
		}
		u, err := Undo(byProgram, &Recorded{Event: e}, before)
		if u.Scope != scopes[e.EventType()] || (err == nil) != (u.Scope != "") || err != nil && !errors.Is(err, ErrNotReversible) {
			t.Errorf("%s: %q, %v", e.EventType(), u.Scope, err)
		}
		if u.Scope != "" && !u.Scope.Valid() {
			t.Errorf("%s: there is no scope %s", e.EventType(), u.Scope)
		}
		if before != nil {
			if _, err := Undo(byProgram, &Recorded{Event: e}, nil); !errors.Is(err, ErrNotReversible) {
				t.Errorf("%s with nothing before: %v", e.EventType(), err)
			}
		}
	}
	erased := &Profile{Erasure: Erasure{RequestedAt: now}}
	if _, err := Undo(byProgram, &Recorded{Event: UserProfileSet{}}, erased); !errors.Is(err, ErrNotReversible) {
		t.Errorf("a profile after an erased one: %v", err)
	}
	if seen != len(scopes) || len(oneOfEach) != len(scopes) {
		t.Errorf("%d rows, %d of them are events, and %d events", len(scopes), seen, len(oneOfEach))
	}
}

// Two events supersede each other if they change the same thing about the same part.
func TestSupersedes(t *testing.T) {
	role, list := changed(studio, edna, RoleClient, RoleEditor), MemberPermissionsChanged{About: member(studio, edna)}
	for _, c := range []struct {
		later, earlier Event
		want           bool
	}{
		{role, role, true},
		{role, changed(lab, edna, RoleClient, RoleEditor), false},
		{role, changed(studio, vera, RoleClient, RoleEditor), false},
		{list, role, false},
		{MemberExpiryChanged{About: member(studio, edna)}, list, false},
		{suspended(studio, edna), role, false},
		{MemberReinstated{About: member(studio, edna)}, suspended(studio, edna), true},
		{role, added(studio, edna, RoleEditor), true},
		{removed(studio, edna, RoleEditor), list, true},
		{WorkspaceRenamed{About: inWorkspace(studio)}, WorkspaceArchived{inWorkspace(studio)}, false},
		{barred(edna), OrganizationMemberAdded{user(edna), OrganizationPlain}, false},
		{UserProfileSet{About: user(edna)}, OrganizationMemberAdded{user(edna), OrganizationPlain}, false},
		{WorkspaceOwnershipTransferred{About: inWorkspace(studio), Owner: Change[UserID]{edna, vera}}, role, false},
		{RoleArchived{inOrganization(acme), RoleID{}, "a"}, RoleCreated{About: inOrganization(acme), Key: "a"}, true},
		{RoleArchived{inOrganization(acme), RoleID{}, "b"}, RoleCreated{About: inOrganization(acme), Key: "a"}, false},
	} {
		if got := Supersedes(c.later, c.earlier); got != c.want {
			t.Errorf("%#v after %#v: %t", c.later, c.earlier, got)
		}
	}
}

// oneOfEach has an event of each type.
var oneOfEach = []Event{
	OrganizationCreated{},
	OrganizationRenamed{},
	OrganizationMemberAdded{},
	OrganizationMemberRoleChanged{},
	OrganizationMemberRemoved{Role: OrganizationPlain},
	OrganizationMemberSuspended{},
	OrganizationMemberReinstated{},
	UserProfileSet{},
	WorkspaceCreated{},
	WorkspaceRenamed{},
	WorkspaceArchived{},
	WorkspaceRestored{},
	WorkspaceOwnershipTransferred{},
	MemberInvited{},
	MemberAdded{},
	MemberAccepted{},
	MemberInvitationRenewed{},
	MemberRoleChanged{},
	MemberPermissionsChanged{},
	MemberExpiryChanged{ExpiresAt: Change[*time.Time]{}},
	MemberSuspended{},
	MemberReinstated{},
	MemberRemoved{},
	MemberLeft{},
	MemberExpired{},
	RoleCreated{},
	RoleUpdated{},
	RoleArchived{},
	TokenIssued{},
	TokenRotated{},
	TokenRevoked{},
	SubscriptionCreated{},
	SubscriptionUpdated{},
	SubscriptionPaused{},
	SubscriptionResumed{},
	SubscriptionRewound{},
	SubscriptionSkipped{},
	SubscriptionSecretRotated{},
	SubscriptionDeleted{},
	UserErasureRequested{},
	UserErased{},
	ReviewOpened{},
	ReviewRowDecided{},
	ReviewClosed{},
}
