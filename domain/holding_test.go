package domain

import (
	"slices"

	"pgregory.net/rapid"
)

// holding is a membership that has not ended and what it permits, or would permit if it
// were active.
type holding struct {
	tie
	permits []Permission
}

// holdings returns everybody's holdings. A user who inherits access has another holding
// under the key of their role in the organization.
func (w *world) holdings() map[Key]holding {
	all := map[Key]holding{}
	for k, t := range w.model.ties {
		if t.here(w.at) {
			all[k] = holding{t, w.model.permits(t)}
		}
	}
	for k, rank := range w.model.ranks {
		if role, ok := rank.Inherited(); ok {
			all[k] = holding{permits: w.model.role(k.Owner, role).Permissions}
		}
	}
	return all
}

// held compares everybody's holdings with those before the command.
func (w *world) held(t *rapid.T, l law, before map[Key]holding) {
	now := w.holdings()
	w.heldAgainstGiver(t, l, before, now)
	w.heldFromSuspended(t, l, before, now)
}

// heldAgainstGiver compares everybody's holdings with those before the command. A giver
// below level 50 has every permission that somebody gained by the command, and every
// permission of a membership whose role or list the command has set.
func (w *world) heldAgainstGiver(t *rapid.T, l law, before, after map[Key]holding) {
	for k, now := range after {
		var giver power
		if k.Kind == KeyMembership {
			giver = l.powers[k.Owner]
		} else {
			giver.all = l.rank >= 40
		}
		was, there := before[k]
		gained := slices.DeleteFunc(slices.Clone(now.permits), func(p Permission) bool { return slices.Contains(was.permits, p) })
		if !there || now.role != was.role || !samePermissions(now.list, was.list) {
			gained = now.permits // given again
		}
		if !giver.covers(gained) {
			t.Fatalf("%#v by %+v gave %v of %v", l.command, giver, gained, k)
		}
	}
}

// heldFromSuspended compares the memberships of people who are suspended in the
// organization with those before the command. None whose role or list has changed permits
// more than before.
func (w *world) heldFromSuspended(t *rapid.T, l law, before, after map[Key]holding) {
	for k, now := range after {
		was, there := before[k]
		if k.Kind != KeyMembership || !there || !w.model.barred[OrganizationMemberKey(now.org, k.ID)] || now.role == was.role && samePermissions(now.list, was.list) {
			continue
		}
		from, to := w.model.role(now.org, was.role), w.model.role(now.org, now.role)
		if to.Level > from.Level || !(power{some: was.permits}).covers(now.permits) {
			t.Fatalf("%#v gave %v of level %d to %v, who is suspended and had %v of level %d", l.command, now.permits, to.Level, k, was.permits, from.Level)
		}
	}
}
