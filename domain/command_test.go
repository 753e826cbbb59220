package domain

import "testing"

var commandRows = []row{
	{name: "if the version is the one", given: stage, when: ednaToViewer(Precondition{Versions: []uint64{ednaVersion}}), then: ednaIsViewer},
	{name: "if the version is one of several", given: stage, when: ednaToViewer(Precondition{Versions: []uint64{1, ednaVersion}}), then: ednaIsViewer},
	{name: "if the version is another", given: stage, when: ednaToViewer(Precondition{Versions: []uint64{1}}), err: ErrPrecondition},
	{name: "if it exists", given: stage, when: ednaToViewer(Precondition{Exists: true}), then: ednaIsViewer},
	{name: "if it exists, and was removed", given: ednaGone, when: ednaToViewer(Precondition{Exists: true}), err: ErrPrecondition},
	{name: "if the version is that of the removal", given: ednaGone, when: ednaToViewer(Precondition{Versions: []uint64{uint64(len(ednaGone))}}), err: ErrPrecondition},
	{name: "if it is absent", given: stage, when: putEdna(Precondition{Absent: true}), err: ErrPrecondition},
	{name: "if it is absent, and was removed", given: ednaGone, when: putEdna(Precondition{Absent: true}), then: []Event{added(studio, edna, RoleEditor)}},
	{
		name: "if it is absent, and never was", given: stage, then: []Event{added(studio, cleo, RoleEditor)},
		when: PutMember{given(Precondition{Absent: true}, by(olga)), studio, cleo, Terms{Role: RoleEditor}, membership(studio, cleo)},
	},
	{
		name: "if it exists, and never was", given: stage, err: ErrPrecondition,
		when: PutMember{given(Precondition{Exists: true}, by(olga)), studio, cleo, Terms{Role: RoleEditor}, membership(studio, cleo)},
	},
	{name: "that changes nothing holds it too", given: stage, when: putEdna(Precondition{Versions: []uint64{1}}), err: ErrPrecondition},
	{
		name: "comes before rules about the target", given: stage, err: ErrPrecondition,
		when: RemoveMember{given(Precondition{Versions: []uint64{1}}, by(olga)), studio, olga},
	},
	{
		name: "comes before its not being there", given: stage, err: ErrPrecondition,
		when: RemoveMember{given(Precondition{Exists: true}, by(olga)), studio, cleo},
	},
	{
		name: "tells nothing to who may not", given: stage, err: ErrNotAllowed,
		when: RemoveMember{given(Precondition{Versions: []uint64{1}}, by(vera)), studio, edna},
	},
	{
		name: "tells nothing of another organization", given: stage, err: ErrUnknownWorkspace,
		when: RemoveMember{given(Precondition{Versions: []uint64{1}}, byProgram), vault, edna},
	},
	{
		name: "tells nothing of another organization's workspace", given: stage, err: ErrUnknownWorkspace,
		when: RenameWorkspace{given(Precondition{Versions: []uint64{1}}, byProgram), vault, "Safe"},
	},
	{
		name: "on a workspace", given: stage, err: ErrPrecondition,
		when: RenameWorkspace{given(Precondition{Versions: []uint64{1}}, by(olga)), studio, "Loft"},
	},
	{
		name: "on an organization", given: stage, err: ErrPrecondition,
		when: RenameOrganization{given(Precondition{Versions: []uint64{2}}, by(ada)), "Apex"},
	},
	{
		name: "on an organization that holds", given: stage[:1], then: organizationRenamed,
		when: RenameOrganization{given(Precondition{Versions: []uint64{1}}, byProgram), "Apex"},
	},
	{
		name: "on a profile", given: stage, err: ErrPrecondition,
		when: SetProfile{given(Precondition{Absent: true}, by(ada)), ada, profile("a@acme.test").Patch()},
	},
	{
		name: "on an organization's member", given: withoutCleo, err: ErrPrecondition,
		when: PutOrganizationMember{given(Precondition{Exists: true}, by(ada)), cleo, OrganizationPlain},
	},
	{
		name: "on a token", given: withKey, err: ErrPrecondition,
		when: RevokeToken{given(Precondition{Versions: []uint64{1}}, byProgram), key},
	},
}

var (
	ednaVersion  = fold(stage...).Membership(studio, edna).Version
	ednaIsViewer = []Event{changed(studio, edna, RoleEditor, RoleViewer)}
)

func ednaToViewer(p Precondition) Command {
	return changeRole(given(p, by(adam)), studio, edna, RoleViewer)
}

func putEdna(p Precondition) Command {
	return PutMember{given(p, by(adam)), studio, edna, Terms{Role: RoleEditor}, MembershipID{1}}
}

// Only a command with an idempotency key needs the record of a command.
func TestNeedsDone(t *testing.T) {
	m := byProgram
	m.ID = CommandID{1}
	done := DoneKey(acme, m.ID)
	for _, c := range []struct {
		request Hash
		want    bool
	}{{Hash{}, false}, {Hash{1}, true}} {
		m.Request = c.request
		if got := see(&State{}, RenameOrganization{m, "Apex"}).Holds(done); got != c.want {
			t.Errorf("request %v: needs %v", c.request, got)
		}
	}
}
