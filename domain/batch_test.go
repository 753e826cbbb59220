package domain

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var batchRows = []row{
	{
		name: "of all kinds", given: stage,
		when: batch(by(olga), addCleo(by(olga), RoleViewer), changeRole(by(olga), studio, edna, RoleViewer), RemoveMember{by(olga), studio, vera}),
		then: []Event{added(studio, cleo, RoleViewer), changed(studio, edna, RoleEditor, RoleViewer), removed(studio, vera, RoleViewer)},
	},
	{
		name: "each on what the others left", given: stage,
		when: batch(by(ada), changeRole(by(ada), studio, vera, RoleOwner), RemoveMember{by(ada), studio, olga}),
		then: []Event{changed(studio, vera, RoleViewer, RoleOwner), removed(studio, olga, RoleOwner)},
	},
	{
		name: "and in their order", given: stage, err: ErrLastOwner,
		when: batch(by(ada), RemoveMember{by(ada), studio, olga}, changeRole(by(ada), studio, vera, RoleOwner)),
	},
	{
		name: "by who loses the right to on the way", given: twoStudioOwners, err: ErrNotAllowed,
		when: batch(by(olga), RemoveMember{by(olga), studio, olga}, RemoveMember{by(olga), studio, edna}),
	},
	{
		name: "an address that one before has taken", given: stage, err: invalid("", "duplicate"),
		when: batch(by(ada), introduce(by(ada), cleo, profile("cleo@acme.test")), InviteMember{
			Meta: by(ada), Workspace: studio, Profile: profile("Cleo@acme.test"), Terms: Terms{Role: RoleViewer}, User: zoe, Secret: Hash{5},
		}),
	},
	{
		name: "an address that one before has left, for somebody known", given: after(stage, UserProfileSet{About: user(cleo), Profile: profile("cleo@acme.test")}), err: invalid("/user_id", "known_user"),
		when: batch(by(ada), introduce(by(ada), ada, profile("new@acme.test")), InviteMember{
			Meta: by(ada), Workspace: studio, Profile: profile("ada@acme.test"), Terms: Terms{Role: RoleViewer}, User: cleo, Secret: Hash{5},
		}),
	},
	{
		name: "a user twice", given: stage, err: invalid("", "duplicate"),
		when: batch(by(olga), addCleo(by(olga), RoleViewer), RemoveMember{by(olga), studio, cleo}),
	},
	{
		name: "what changes nothing", given: stage,
		when: batch(by(olga), changeRole(by(olga), studio, edna, RoleEditor)),
	},
	{
		name: "the best that can be", given: stage,
		when: Batch{Meta: by(ada), Workspace: studio, Operations: []Command{
			RemoveMember{by(ada), studio, olga}, addCleo(by(ada), RoleViewer), addCleo(by(ada), RoleViewer), RemoveMember{by(ada), studio, zoe},
		}},
		then: []Event{added(studio, cleo, RoleViewer)},
	},
	{name: "of none", given: stage, when: batch(by(olga)), err: invalid("/operations", "required")},
	{name: "of too many", given: stage, when: tooMany(), err: invalid("/operations", "too_many")},
	{name: "by its editor", given: stage, when: batch(by(edna), addCleo(by(edna), RoleViewer)), err: ErrNotAllowed},
	{name: "archived", given: archived, when: batch(by(olga), addCleo(by(olga), RoleViewer)), err: ErrWorkspaceArchived},
	{name: "if it is another version", given: stage, when: batch(given(Precondition{Versions: []uint64{1}}, by(olga)), addCleo(by(olga), RoleViewer)), err: ErrPrecondition},
	{name: "in another organization's workspace", given: stage, when: Batch{Meta: byProgram, Workspace: vault, Operations: []Command{RemoveMember{byProgram, vault, edna}}}, err: ErrUnknownWorkspace},
}

func batch(m Meta, operations ...Command) Batch {
	return Batch{Meta: m, Workspace: studio, Atomic: true, Operations: operations}
}

func tooMany() Batch {
	b := batch(by(olga))
	for range MaxOperations + 1 {
		b.Operations = append(b.Operations, addCleo(by(olga), RoleViewer))
	}
	return b
}

// Every operation of a batch has its outcome, each time that the batch is decided.
func TestBatchOutcomes(t *testing.T) {
	b := Batch{Meta: by(ada), Workspace: studio, Operations: []Command{
		RemoveMember{by(ada), studio, olga}, changeRole(by(ada), studio, vera, RoleOwner), RemoveMember{by(ada), studio, zoe},
	}}
	for range 2 {
		d, err := Decide(fold(stage...), now, b)
		if err != nil {
			t.Fatal(err)
		}
		if o := d.Outcomes; len(o) != 3 || !errors.Is(o[0].Err, ErrLastOwner) || o[1].Err != nil || !errors.Is(o[2].Err, ErrUnknownMember) {
			t.Errorf("outcomes: %v", o)
		}
		if o := d.Outcomes; o[0].Target != MembershipKey(studio, olga) || o[1].Target != MembershipKey(studio, vera) || o[2].Target != MembershipKey(studio, zoe) {
			t.Errorf("outcomes: %v", o)
		}
	}
	// On another state the outcomes are others.
	if d, err := Decide(fold(twoStudioOwners...), now, b); err != nil || d.Outcomes[0].Err != nil {
		t.Errorf("%v, outcomes: %v", err, d.Outcomes)
	}
	b.Atomic = true
	_, err := Decide(fold(stage...), now, b)
	var refused *OperationError
	if !errors.As(err, &refused) || refused.Index != 0 || !errors.Is(err, ErrLastOwner) {
		t.Errorf("the error is %v", err)
	}
}

// A batch has the same events as its operations have one after the other.
func TestBatchIsItsOperations(t *testing.T) {
	operations := []Command{
		addCleo(by(ada), RoleAdmin), changeRole(by(ada), studio, vera, RoleOwner), RemoveMember{by(ada), studio, olga}, SuspendMember{by(ada), studio, edna},
	}
	one := fold(stage...)
	var want []Event
	for _, c := range operations {
		d, err := Decide(one, now, c)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range d.Events {
			Evolve(one, &Recorded{Event: e, Time: now, Actor: by(ada).Actor})
		}
		want = append(want, d.Events...)
	}
	got, err := Decide(fold(stage...), now, batch(by(ada), operations...))
	if diff := cmp.Diff(want, got.Events); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}
