package domain

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// An owner of a workspace counts only while they have access.
var ownerRows = []row{
	{name: "an owner, the other being suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: RemoveMember{byRoot, studio, olga}, err: ErrLastOwner},
	{name: "an owner, the other being suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: SuspendMember{byRoot, studio, olga}, err: ErrLastOwner},
	{name: "an owner, the other being suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: LeaveWorkspace{by(olga), studio, olga}, err: ErrLastOwner},
	{name: "an owner, the other being suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: ChangeMember{Meta: byRoot, Workspace: studio, User: olga, Role: new(RoleAdmin)}, err: ErrLastOwner},
	{name: "an owner's end, the other being suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: ChangeMember{Meta: byRoot, Workspace: studio, User: olga, ExpiresAt: &soon}, err: ErrLastOwner},
	{name: "an owner, the other being suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: PutMemberRole{byRoot, studio, olga, RoleEditor, membership(studio, olga)}, err: ErrLastOwner},
	{name: "an owner, the other being suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: RemoveOrganizationMember{byRoot, olga, 0}, err: ErrLastOwner},
	{name: "an owner, the other being suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: SuspendOrganizationMember{byRoot, olga, false}, err: &LastOwnerError{[]WorkspaceID{studio}}},
	{name: "an owner, one of three being suspended in the organization", given: after(twoStudioOwners, added(studio, cleo, RoleOwner), barred(vera)), when: RemoveMember{byRoot, studio, olga}, then: []Event{removed(studio, olga, RoleOwner)}},
	{name: "an owner, the other being reinstated", given: after(twoStudioOwners, barred(vera), unbarred(vera)[0]), when: RemoveMember{byRoot, studio, olga}, then: []Event{removed(studio, olga, RoleOwner)}},
	{name: "the owner who is suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: RemoveMember{byRoot, studio, vera}, then: []Event{removed(studio, vera, RoleOwner)}},
	{name: "the only owner, who is suspended in the organization", given: after(stage, barred(olga)), when: RemoveMember{byRoot, studio, olga}, err: ErrLastOwner},
	{name: "both owners, one operation after the other", given: after(twoStudioOwners, added(studio, cleo, RoleOwner), barred(cleo)), when: Batch{
		Meta: byRoot, Workspace: studio, Atomic: true,
		Operations: []Command{RemoveMember{byRoot, studio, olga}, RemoveMember{byRoot, studio, vera}},
	}, err: ErrLastOwner},
	{name: "an owner, after another was added", given: stage, when: Batch{
		Meta: byRoot, Workspace: studio, Atomic: true,
		Operations: []Command{AddMember{byRoot, studio, cleo, Terms{Role: RoleOwner}, membership(studio, cleo), nil}, RemoveMember{byRoot, studio, olga}},
	}, then: []Event{added(studio, cleo, RoleOwner), removed(studio, olga, RoleOwner)}},
	{name: "to somebody who is suspended in the organization", given: after(stage, barred(edna)), when: TransferOwnership{by(olga), studio, UserID{}, edna}, err: ErrUserSuspended},
	{name: "to an owner who is suspended in the organization", given: after(twoStudioOwners, barred(vera)), when: TransferOwnership{by(olga), studio, UserID{}, vera}, err: ErrUserSuspended},
	{name: "from somebody who is suspended in the organization", given: after(stage, barred(olga)), when: TransferOwnership{by(ben), studio, olga, edna}, then: transferred(edna, RoleEditor)},

	{name: "the last owner of a workspace", given: stage, when: SuspendOrganizationMember{by(ben), olga, false}, err: &LastOwnerError{[]WorkspaceID{studio}}},
	{name: "the last owner of two workspaces", given: after(stage, changed(lab, zoe, RoleOwner, RoleAdmin), added(lab, olga, RoleOwner)), when: SuspendOrganizationMember{by(ada), olga, false}, err: &LastOwnerError{[]WorkspaceID{lab, studio}}},
	{name: "the last owner of a workspace, by force", given: stage, when: SuspendOrganizationMember{by(ada), olga, true}, then: []Event{barred(olga)}},
	{name: "the last owner of a workspace, by force, by a program", given: stage, when: SuspendOrganizationMember{byProgram, olga, true}, then: []Event{barred(olga)}},
	{name: "the last owner of a workspace, by force, by an admin", given: stage, when: SuspendOrganizationMember{by(ben), olga, true}, err: &LastOwnerError{[]WorkspaceID{studio}}},
	{name: "the last owner of the organization, by force", given: stage, when: SuspendOrganizationMember{by(ada), ada, true}, err: ErrLastOwner},
	{name: "one of two owners of a workspace", given: twoStudioOwners, when: SuspendOrganizationMember{by(ben), olga, false}, then: []Event{barred(olga)}},
	{name: "an owner for a time", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: SuspendOrganizationMember{by(ben), cleo, false}, then: []Event{barred(cleo)}},
	{name: "an owner for a time, besides the last one", given: after(stage, addedUntil(studio, cleo, RoleOwner, soon)), when: SuspendOrganizationMember{by(ben), olga, false}, err: ErrLastOwner},
	{name: "an owner of an archived workspace", given: archived, when: SuspendOrganizationMember{by(ben), olga, false}, err: ErrLastOwner},
	{name: "a workspace's only owner again", given: after(stage, barred(olga)), when: SuspendOrganizationMember{by(ben), olga, false}},
}

// A workspace without an active owner can be in an old log. An actor for the
// organization can give it one, and then take the others away.
func TestWorkspaceWithoutAnActiveOwner(t *testing.T) {
	s := fold(after(stage, barred(olga))...)
	for i, c := range []Command{
		ChangeMember{Meta: by(ben), Workspace: studio, User: edna, Role: new(RoleOwner)},
		RemoveMember{by(ben), studio, olga},
	} {
		d, err := Decide(s, now, c)
		if err != nil || len(d.Events) != 1 {
			t.Fatalf("%T: %v, %v", c, d.Events, err)
		}
		Evolve(s, &Recorded{Event: d.Events[0], Number: uint64(100 + i), Time: now})
	}
	if got := s.owners(studio); !slices.Equal(got, []UserID{edna}) {
		t.Errorf("owners %v", got)
	}
}

// The last owner is found among many who are suspended, and with one of many who are not,
// few parts are needed.
func TestManyOwners(t *testing.T) {
	given := stage
	for n := range 300 {
		given = after(given, added(studio, named[userKind](fmt.Sprintf("a%d", n)), RoleOwner))
	}
	c := RemoveMember{byRoot, studio, olga}
	if n := see(fold(given...), c).Len(); n > 15 {
		t.Errorf("%d parts are needed beside 300 owners who are active", n)
	}
	for n := range 300 {
		given = after(given, barred(named[userKind](fmt.Sprintf("a%d", n))))
	}
	if _, err := Decide(see(fold(given...), c), now, c); !errors.Is(err, ErrLastOwner) {
		t.Errorf("beside 300 owners who are suspended: %v", err)
	}
}

// The lists of owners of a workspace and of workspaces owned are right after every kind of
// event.
func TestOwned(t *testing.T) {
	for name, c := range map[string]struct {
		given []Event
		want  []WorkspaceID
	}{
		"nowhere":    {stage, nil},
		"added":      {after(stage, added(studio, cleo, RoleOwner), added(lab, cleo, RoleOwner)), []WorkspaceID{lab, studio}},
		"for a time": {after(stage, addedUntil(studio, cleo, RoleOwner, soon)), nil},
		"for good":   {after(stage, addedUntil(studio, cleo, RoleOwner, soon), expiryChanged(cleo, soon, time.Time{})), []WorkspaceID{studio}},
		"demoted":    {after(stage, added(studio, cleo, RoleOwner), changed(studio, cleo, RoleOwner, RoleAdmin)), nil},
		"suspended":  {after(stage, added(studio, cleo, RoleOwner), suspended(studio, cleo)), nil},
		"barred":     {after(stage, added(studio, cleo, RoleOwner), barred(cleo)), []WorkspaceID{studio}},
		"removed":    {after(stage, added(studio, cleo, RoleOwner), removed(studio, cleo, RoleOwner)), nil},
	} {
		s := fold(c.given...)
		if got := s.owned(acme, cleo); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for _, ws := range []WorkspaceID{studio, lab} {
			if slices.Contains(s.owners(ws), cleo) != slices.Contains(c.want, ws) {
				t.Errorf("%s: the owners of %s are %v", name, ws, s.owners(ws))
			}
		}
	}
}
