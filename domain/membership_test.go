package domain

import (
	"testing"
	"time"
)

func TestOwnersAreCounted(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []Event
		want  int
	}{
		{"one", stage, 1},
		{"changed to", twoStudioOwners, 2},
		{"added", after(stage, added(studio, zoe, RoleOwner)), 2},
		{"changed from", after(twoStudioOwners, changed(studio, olga, RoleOwner, RoleAdmin)), 1},
		{"removed", after(twoStudioOwners, removed(studio, olga, RoleOwner)), 1},
		{"suspended", after(twoStudioOwners, suspended(studio, olga)), 1},
		{"suspended, removed", after(twoStudioOwners, suspended(studio, olga), removed(studio, olga, RoleOwner)), 1},
		{"suspended, made another", after(twoStudioOwners, suspended(studio, olga), changed(studio, olga, RoleOwner, RoleAdmin)), 1},
		{"reinstated", after(twoStudioOwners, suspended(studio, olga), MemberReinstated{member(studio, olga), membership(studio, olga)}), 2},
		{"left", after(twoStudioOwners, MemberLeft{member(studio, olga), membership(studio, olga), RoleOwner}), 1},
		{"invited", after(stage, invited(studio, cleo, RoleOwner)), 1},
		{"accepted", after(stage, invited(studio, cleo, RoleOwner), accepted[0]), 2},
		{"added for a time", after(stage, addedUntil(studio, cleo, RoleOwner, soon)), 1},
		{"added for a time, for good", after(stage, addedUntil(studio, cleo, RoleOwner, soon), expiryChanged(cleo, soon, time.Time{})), 2},
		{"from now on for a time", after(twoStudioOwners, expiryChanged(vera, time.Time{}, soon)), 1},
		{"expired", after(stage, addedUntil(studio, cleo, RoleOwner, now), expired(studio, cleo, RoleOwner)), 1},
		{"transferred", after(stage, transferred(edna, RoleEditor)...), 1},
		{"others", after(stage, added(studio, cleo, RoleEditor), removed(studio, edna, RoleEditor)), 1},
	} {
		if got := len(fold(c.given...).owners(studio)); got != c.want {
			t.Errorf("%s: %d owners, want %d", c.name, got, c.want)
		}
	}
}

// A membership remembers that the user was once added or accepted, whatever happens later.
func TestJoined(t *testing.T) {
	again := after(stage, added(studio, cleo, RoleEditor), removed(studio, cleo, RoleEditor))
	for _, c := range []struct {
		name  string
		given []Event
		want  bool
	}{
		{"added", after(stage, added(studio, cleo, RoleEditor)), true},
		{"invited", cleoInvited, false},
		{"invited, invited again", after(cleoInvited, removed(studio, cleo, RoleEditor), invited(studio, cleo, RoleEditor)), false},
		{"invited, added", after(cleoInvited, removed(studio, cleo, RoleEditor), added(studio, cleo, RoleEditor)), true},
		{"accepted", after(cleoInvited, accepted[0]), true},
		{"accepted, removed", after(cleoInvited, accepted[0], removed(studio, cleo, RoleEditor)), true},
		{"removed, invited", after(again, invited(studio, cleo, RoleEditor)), true},
		{"removed, invited, removed, invited", after(again, invited(studio, cleo, RoleEditor), removed(studio, cleo, RoleEditor), invited(studio, cleo, RoleEditor)), true},
	} {
		if m := fold(c.given...).Membership(studio, cleo); m.Joined != c.want {
			t.Errorf("%s: %v", c.name, m.Joined)
		}
	}
}

// A membership ends at the instant that it says and not before.
func TestStateAt(t *testing.T) {
	later := soon.Add(time.Hour)
	for _, c := range []struct {
		name                  string
		given                 []Event
		before, between, then MembershipState // now, soon, an hour later
		end                   time.Time
	}{
		{"nobody", stage, MembershipRemoved, MembershipRemoved, MembershipRemoved, time.Time{}},
		{"active", after(stage, added(studio, cleo, RoleEditor)), MembershipActive, MembershipActive, MembershipActive, time.Time{}},
		{"active for an hour", limited, MembershipActive, MembershipRemoved, MembershipRemoved, soon},
		{"suspended for good", after(stage, added(studio, cleo, RoleEditor), suspended(studio, cleo)), MembershipSuspended, MembershipSuspended, MembershipSuspended, time.Time{}},
		{"suspended for an hour", after(limited, suspended(studio, cleo)), MembershipSuspended, MembershipRemoved, MembershipRemoved, soon},
		{"removed", after(limited, removed(studio, cleo, RoleAdmin)), MembershipRemoved, MembershipRemoved, MembershipRemoved, time.Time{}},
		{"invited for an hour", cleoInvited, MembershipInvited, MembershipRemoved, MembershipRemoved, soon},
		{"invited for two hours", after(stage, invitedUntil(studio, cleo, RoleEditor, later)), MembershipInvited, MembershipInvited, MembershipRemoved, later},
		{"invited for two hours to one", after(stage, invitedUntil(studio, cleo, RoleEditor, later), expiryChanged(cleo, time.Time{}, soon)), MembershipInvited, MembershipRemoved, MembershipRemoved, soon},
		{"invited for an hour to two", after(cleoInvited, expiryChanged(cleo, time.Time{}, later)), MembershipInvited, MembershipRemoved, MembershipRemoved, soon},
		{"accepted for two hours", after(cleoInvited, accepted[0], expiryChanged(cleo, time.Time{}, later)), MembershipActive, MembershipActive, MembershipRemoved, later},
	} {
		m := fold(c.given...).Membership(studio, cleo)
		for at, want := range map[time.Time]MembershipState{now: c.before, soon.Add(-1): c.before, soon: c.between, later.Add(-1): c.between, later: c.then} {
			if got := m.StateAt(at); got != want {
				t.Errorf("%s: %s after %s, want %s", c.name, got, at.Sub(now), want)
			}
		}
		if m != nil && !m.EndsAt().Equal(c.end) {
			t.Errorf("%s: ends at %s", c.name, m.EndsAt())
		}
	}
}
