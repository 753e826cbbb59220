package domain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A copy has no part in what happens to its original, nor the other way round.
func TestCopy(t *testing.T) {
	events := after(after(withRoles, keyIssued...), removed(studio, edna, RoleEditor))
	full := fold(events...)
	var keys []Key
	full.Each(func(k Key, p Part) { keys = append(keys, k) })
	c := full.Copy(append(keys, WorkspaceKey(annex)))
	if c.Holds(WorkspaceKey(annex)) {
		t.Error("the copy holds what the original does not")
	}
	for i, e := range []Event{
		OrganizationRenamed{inOrganization(acme), Change[string]{"Acme", "Apex"}},
		OrganizationMemberRoleChanged{user(cleo), Change[OrganizationRole]{OrganizationPlain, OrganizationOwner}},
		UserProfileSet{user(ada), profile("a@apex.test")},
		WorkspaceArchived{inWorkspace(studio)},
		changed(studio, vera, RoleViewer, RoleOwner),
		TokenRevoked{inOrganization(acme), key},
		suspended(studio, carl),
		removed(studio, carl, RoleClient),
		added(studio, anna, RoleViewer),
		barred(ben),
		RoleArchived{inOrganization(acme), analyst.ID, analyst.Key},
	} {
		Evolve(c, &Recorded{Event: e, Number: uint64(1000 + i), Time: now})
	}
	if d := cmp.Diff(fold(events...).parts, full.parts); d != "" {
		t.Errorf("the original changed with its copy:\n%s", d)
	}
}

// What is known to be absent is not what nobody has looked for.
func TestAbsent(t *testing.T) {
	s := &State{}
	k := MembershipKey(studio, edna)
	if s.Holds(k) {
		t.Error("an empty state holds a part")
	}
	s.Put(k, nil)
	if !s.Holds(k) || s.Len() != 1 || s.Membership(studio, edna) != nil {
		t.Error("an absent part is not held as absent")
	}
	if c := s.Copy([]Key{k}); !c.Holds(k) {
		t.Error("a copy forgot what is absent")
	}
	s.Each(func(k Key, _ Part) { t.Errorf("%v is not there", k) })
	s.Forget(k)
	if s.Holds(k) || s.Len() != 0 {
		t.Error("a forgotten part is held")
	}
}

// Made hears of every part that comes into being, those that end included.
func TestMade(t *testing.T) {
	made := map[Key]bool{}
	s := fold(stage...)
	s.Made = func(k Key) { made[k] = true }
	for i, e := range []Event{
		UserProfileSet{user(ada), profile("ada@apex.test")},
		added(studio, cleo, RoleEditor),
		changed(studio, cleo, RoleEditor, RoleViewer),
	} {
		Evolve(s, &Recorded{Event: e, Number: uint64(1000 + i), Time: now})
	}
	want := map[Key]bool{
		ProfileKey(acme, ada): true, EmailKey(acme, "ada@acme.test"): true, EmailKey(acme, "ada@apex.test"): true,
		MembershipKey(studio, cleo): true, UserMembershipsKey(acme, cleo): true,
	}
	if d := cmp.Diff(want, made); d != "" {
		t.Error(d)
	}
}

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
