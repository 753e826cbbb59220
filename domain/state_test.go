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

// Made is called for every part that an event creates or ends.
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
