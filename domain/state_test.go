package domain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A change of a copy does not change the original, and the other way round.
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
		UserProfileSet{About: user(ada), Profile: profile("a@apex.test")},
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
	if d := cmp.Diff(fold(events...).all(), full.all()); d != "" {
		t.Errorf("the original changed with its copy:\n%s", d)
	}
}

// A part that is held as absent is not the same as one that is not held.
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

// The places of parts that an event creates or ends say so, whether or not they are new.
func TestChanged(t *testing.T) {
	fresh, made := map[Key]bool{}, map[Key]bool{}
	s := fold(stage...)
	s.New = func(at *Place) { fresh[at.Key] = true }
	for i, e := range []Event{
		UserProfileSet{About: user(ada), Profile: profile("ada@apex.test")},
		added(studio, cleo, RoleEditor),
		changed(studio, cleo, RoleEditor, RoleViewer),
	} {
		Evolve(s, &Recorded{Event: e, Number: uint64(1000 + i), Time: now})
	}
	for k := range s.all() {
		if s.Find(k).Changed >= 1000 {
			made[k] = true
		}
	}
	want := map[Key]bool{
		ProfileKey(acme, ada): true, EmailKey(acme, "ada@acme.test"): true, EmailKey(acme, "ada@apex.test"): true,
		MembershipKey(studio, cleo): true, UserMembershipsKey(acme, cleo): true,
	}
	if d := cmp.Diff(want, made); d != "" {
		t.Error(d)
	}
	delete(want, ProfileKey(acme, ada))
	delete(want, EmailKey(acme, "ada@acme.test"))
	if d := cmp.Diff(want, fresh); d != "" {
		t.Errorf("new places: %s", d)
	}
}

// What a fork of a state looks at and changes leaves the state as it is.
func TestFork(t *testing.T) {
	s := fold(stage...)
	before := s.Len()
	f := s.fork(1)
	for i, e := range []Event{
		UserProfileSet{About: user(ada), Profile: profile("ada@apex.test")},
		added(studio, cleo, RoleEditor),
		removed(studio, edna, RoleEditor),
	} {
		Evolve(f, &Recorded{Event: e, Number: uint64(1000 + i), Time: now})
	}
	if f.Profile(acme, ada).Email != "ada@apex.test" || f.Membership(studio, cleo) == nil || f.Workspace(studio) == nil {
		t.Error("the fork lacks what was there or what was changed")
	}
	if f.Holds(MembershipKey(annex, cleo)) != s.Holds(MembershipKey(annex, cleo)) {
		t.Error("the fork holds what the state does not")
	}
	if d := cmp.Diff(fold(stage...).all(), s.all()); d != "" || s.Len() != before {
		t.Errorf("the state changed with its fork:\n%s", d)
	}
}

// all returns the parts that the state itself holds, nil for what it holds as absent.
func (s *State) all() map[Key]Part {
	parts := make(map[Key]Part, len(s.places))
	for k, at := range s.places {
		parts[k] = at.Part
	}
	return parts
}
