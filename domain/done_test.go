package domain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDone(t *testing.T) {
	s := &State{}
	if s.Done(acme, CommandID{1}) != nil {
		t.Error("nothing was done")
	}
	s.Put(DoneKey(acme, CommandID{1}), &Done{Request: Hash{2}, Number: 7})
	if d := s.Done(acme, CommandID{1}); d == nil || d.Number != 7 || s.Done(globex, CommandID{1}) != nil {
		t.Errorf("%+v", d)
	}
}

// replayed decides the command, records it, and returns what a second command for the
// same request is told.
func replayed(t *testing.T, given []Event, first, second Command) (Key, []Outcome) {
	t.Helper()
	s := fold(given...)
	d, err := Decide(s, now, first)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range d.Events {
		Evolve(s, &Recorded{Event: e, Number: uint64(1000 + i), Time: now, Actor: first.Metadata().Actor})
	}
	done := Done{After: d.Kept(d.Answer(first, s))}
	return done.Replay(second)
}

// A replayed command is about what the first one was about, whatever ids were made for
// the second one.
func TestReplay(t *testing.T) {
	invite := func(u UserID) Command {
		return InviteMember{Meta: by(olga), Workspace: studio, Profile: profile("new@acme.test"), Terms: Terms{Role: RoleViewer}, User: u, Secret: Hash{5}}
	}
	issue := func(id TokenID) Command {
		return IssueToken{by(ada), TokenFacts{ID: id, Name: "Key", Scopes: Scopes{ScopeAll}, User: ada}}
	}
	create := func(ws WorkspaceID) Command {
		return CreateWorkspace{by(ada), ws, "Loft", zoe, membership(ws, zoe)}
	}
	for name, c := range map[string]struct {
		first, second Command
		want          Key
	}{
		"an invitation": {invite(nora), invite(UserID{9}), MembershipKey(studio, nora)},
		"a token":       {issue(key), issue(other), TokenKey(acme, key)},
		"a workspace":   {create(annex), create(WorkspaceID{9}), WorkspaceKey(annex)},
		"a member":      {addCleo(by(olga), RoleViewer), addCleo(by(olga), RoleViewer), MembershipKey(studio, cleo)},
		"what the events are not about": {
			RemoveOrganizationMember{by(ben), edna, 0}, RemoveOrganizationMember{by(ben), edna, 0}, OrganizationMemberKey(acme, edna),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got, outcomes := replayed(t, stage, c.first, c.second); got != c.want || outcomes != nil {
				t.Errorf("%v, %v, want %v", got, outcomes, c.want)
			}
		})
	}
}

// A replayed batch has the outcomes of the operations that left an event. Of the others
// it is not known whether they were refused.
func TestReplayBatch(t *testing.T) {
	m := by(ada)
	invite := func(email string, u UserID) Command {
		return InviteMember{Meta: m, Workspace: studio, Profile: profile(email), Terms: Terms{Role: RoleViewer}, User: u, Secret: Hash{5}}
	}
	above := invite("cleo@acme.test", UserID{8}).(InviteMember)
	above.Role = "boss" // unknown, so it is refused
	batch := func(newcomer UserID) Command {
		return Batch{Meta: m, Workspace: studio, Operations: []Command{
			above,
			introduce(m, cleo, profile("cleo@acme.test")),
			invite("new@acme.test", newcomer),
			changeRole(m, studio, edna, RoleEditor), // changes nothing
			RemoveMember{m, studio, vera},
			RemoveMember{m, studio, vera}, // twice
			RemoveMember{m, studio, olga}, // the last owner
		}}
	}
	_, got := replayed(t, stage, batch(nora), batch(UserID{9}))
	want := []Outcome{
		{MembershipKey(studio, cleo), ErrNotRecorded},
		{MembershipKey(studio, cleo), nil},
		{MembershipKey(studio, nora), nil},
		{MembershipKey(studio, edna), ErrNotRecorded},
		{MembershipKey(studio, vera), nil},
		{MembershipKey(studio, vera), ErrNotRecorded},
		{MembershipKey(studio, olga), ErrNotRecorded},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Error(diff)
	}
}
