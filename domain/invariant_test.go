package domain

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// sameChanges compares the parts that the command needs with the same parts of the whole
// state, after the command's events. Neither may miss a change.
func (w *world) sameChanges(t *rapid.T, small *State, number uint64) {
	for k, at := range small.places {
		if full := w.state.part(k); !samePart(full, at.Part) {
			t.Fatalf("%v became %+v, and when held alone %+v", k, full, at.Part)
		}
	}
	for _, place := range w.before {
		if !place.changed() {
			continue
		}
		k, before, p := place.place.Key, place.part, place.place.Part
		if !small.Holds(k) {
			t.Fatalf("%v was changed and is not needed", k)
		}
		if p != nil && p.version() <= number && !samePart(withoutCount(before), withoutCount(p)) {
			t.Fatalf("%v was changed and has version %d of before", k, p.version())
		}
	}
}

// withoutCount returns the part without what clients do not see of it, which changes
// without a new version.
func withoutCount(p Part) Part {
	switch p := p.(type) {
	case *Owners, *SubscriptionCount:
		return nil
	case *UserMemberships:
		c := *p
		c.Ends, c.Owned = nil, nil
		return &c
	case *Organization:
		c := *p
		c.Owners = 0
		return &c
	}
	return p
}

// holds checks what must hold at any time.
func (w *world) holds(t *rapid.T) {
	if w.looked {
		return
	}
	w.looked = true
	owners, heads, places, ends := w.recount()
	w.state.Each(func(k Key, p Part) {
		ok := true
		switch p := p.(type) {
		case *Workspace:
			ok = w.state.Owners(p.ID) != nil && p.ArchivedAt.IsZero() != w.model.archived[p.ID]
		case *Owners:
			ok = slices.Equal(p.Users, owners[p.Workspace])
			delete(owners, p.Workspace)
		case *SubscriptionCount:
			live := 0
			w.state.Each(func(_ Key, other Part) {
				if c, is := other.(*Subscription); is && c.Organization == p.Organization && c.DeletedAt.IsZero() {
					live++
				}
			})
			ok = p.Count == live
		case *Organization:
			ok = p.Owners == heads[p.ID] && p.Owners > 0
		case *Membership:
			tie := w.model.ties[k]
			ok = tie.is(p) && p.present(w.at) == tie.here(w.at) && p.gone(w.at) != tie.here(w.at)
		case *OrganizationMember:
			ok = p.Role == w.model.ranks[k] && p.Present() == (p.Role != "") && p.suspended() == w.model.barred[k]
		case *Profile:
			facts, entered := w.model.profiles[k]
			done, erased := w.model.erased[k]
			ok = p.ProfileFacts == facts && entered != erased && p.Erasure.Asked() == erased && p.Erasure.Pending() == (erased && !done)
		case *CustomRole:
			ok = sameRole(p.Role, w.model.roles[k]) && p.ArchivedAt.IsZero() != w.model.retired[k]
		case *UserMemberships:
			ok = slices.Equal(p.Workspaces, places[k]) && maps.EqualFunc(p.Ends, ends[k], time.Time.Equal) && w.ownsAll(k, p.Owned) &&
				p.here(w.at) == w.model.here(k.ID, k.Owner, w.at) && slices.Equal(p.Ending, w.ending(k))
			delete(places, k)
		}
		if !ok {
			t.Fatalf("%v is %+v\nand by the model: %+v, owners %v and %v, places %v", k, p, w.model, owners, heads, places)
		}
	})
	if len(places) > 0 || len(owners) > 0 {
		t.Fatalf("nobody knows of the memberships %v, or of the owners %v", places, owners)
	}
	w.sameAuthority(t)
	w.sameDirectory(t)
}

// ending returns the memberships of the model that the list should say are ending.
func (w *world) ending(list Key) (all []Ending) {
	for k, tie := range w.model.ties {
		if tie.by != (EventID{}) && UserMembershipsKey(tie.org, k.ID) == list {
			all = append(all, Ending{k.Owner, tie.by})
		}
	}
	slices.SortFunc(all, func(a, b Ending) int { return slices.Compare(a.Workspace[:], b.Workspace[:]) })
	return all
}

// replays compares the state with one that is folded from the whole history.
func (w *world) replays(t *rapid.T) {
	replayed := &State{}
	for _, r := range w.history {
		Evolve(replayed, r)
	}
	for k, p := range w.state.all() {
		if p == nil {
			replayed.Put(k, nil)
		}
	}
	if !reflect.DeepEqual(replayed.all(), w.state.all()) {
		t.Fatal("a replay leads elsewhere")
	}
}

// is reports whether the part is the membership that the tie describes.
func (t tie) is(m *Membership) bool {
	return t.id == m.ID && t.org == m.Organization && t.role == m.Role && t.state == m.State && samePermissions(t.list, m.Permissions) &&
		t.ends.Equal(m.ExpiresAt) && t.secret == m.Invitation.Secret && t.until.Equal(m.Invitation.ExpiresAt) && t.by == m.EndedBy
}

// recount returns what follows from the model: the owners of workspaces, the numbers of
// owners of organizations, the workspaces in which each user is a member, and when those
// memberships end.
func (w *world) recount() (owners map[WorkspaceID][]UserID, heads map[OrganizationID]int, places map[Key][]WorkspaceID, ends map[Key]map[WorkspaceID]time.Time) {
	owners, heads, places, ends = map[WorkspaceID][]UserID{}, map[OrganizationID]int{}, map[Key][]WorkspaceID{}, map[Key]map[WorkspaceID]time.Time{}
	for k, tie := range w.model.ties {
		if tie.lastingOwner() {
			owners[k.Owner] = append(owners[k.Owner], k.ID)
		}
		list := UserMembershipsKey(tie.org, k.ID)
		if ends[list] == nil {
			places[list], ends[list] = nil, map[WorkspaceID]time.Time{}
		}
		if tie.state == MembershipRemoved {
			continue
		}
		places[list] = append(places[list], k.Owner)
		if end := tie.over(); !end.IsZero() {
			ends[list][k.Owner] = end
		}
	}
	for _, list := range owners {
		slices.SortFunc(list, UserID.Compare)
	}
	for _, list := range places {
		slices.SortFunc(list, WorkspaceID.Compare)
	}
	for k, rank := range w.model.ranks {
		if rank == OrganizationOwner && !w.model.barred[k] {
			heads[k.Owner]++
		}
	}
	return owners, heads, places, ends
}

// ownsAll reports whether these are the workspaces that the user owns for good.
func (w *world) ownsAll(list Key, owned []WorkspaceID) bool {
	n := 0
	for k, tie := range w.model.ties {
		if k.ID == list.ID && tie.org == OrganizationID(list.Owner) && tie.lastingOwner() {
			n++
			if !slices.Contains(owned, k.Owner) {
				return false
			}
		}
	}
	return n == len(owned)
}

// keepsOwners checks that every workspace has an owner who has access. The exception is a
// workspace from which the last one was suspended by force, until it has another.
func (w *world) keepsOwners(t *rapid.T, c Command) {
	forced, _ := c.(SuspendOrganizationMember)
	for ws, org := range w.model.homes {
		active, left := false, false
		for k, tie := range w.model.ties {
			if k.Owner == ws && tie.lastingOwner() {
				active = active || !w.model.barred[OrganizationMemberKey(org, k.ID)]
				left = left || forced.Force && k.ID == forced.User
			}
		}
		w.forsaken[ws] = !active && (left || w.forsaken[ws])
		if !active && !w.forsaken[ws] {
			t.Fatalf("%#v left the workspace %s without an active owner", c, ws)
		}
	}
}

// sameAuthority compares everybody's present authority with the model's. So it shows that
// memberships which have ended, are suspended or were not accepted give none.
func (w *world) sameAuthority(t *rapid.T) {
	for _, u := range people {
		m := by(u)
		if level, err := w.state.organizationAuthority(m); level != w.model.rank(m) || (err == nil) != (level > 0) {
			t.Fatalf("%s acts on the organization at %d, and by the model at %d", u, level, w.model.rank(m))
		}
		for _, ws := range allWorkspaces {
			if home, ok := w.model.homes[ws]; !ok || home != m.Organization {
				continue
			}
			got, err := w.state.workspaceAuthority(m, ws, w.at)
			want := w.model.power(m, ws, w.at)
			if (err == nil) != (want.level > 0) || got.level != want.level || got.level < LevelTop && !slices.Equal(got.permissions, want.some) {
				t.Fatalf("%s acts on %s as %+v, and by the model as %+v", u, ws, got, want)
			}
		}
	}
}

// sameDirectory compares the profiles with the holders of addresses. No two users have the
// same address.
func (w *world) sameDirectory(t *rapid.T) {
	addresses, held := map[Key]UserID{}, map[Key]UserID{}
	w.state.Each(func(k Key, p Part) {
		switch p := p.(type) {
		case *Profile:
			if p.Erasure.Asked() {
				return
			}
			at := EmailKey(p.Organization, p.Email)
			if holder, taken := addresses[at]; taken {
				t.Fatalf("%s and %s both have %s", holder, p.User, p.Email)
			}
			addresses[at] = p.User
		case *EmailHolder:
			held[k] = p.User
		}
	})
	if !maps.Equal(addresses, held) {
		t.Fatalf("the directory says %v, and of whose is whose %v", addresses, held)
	}
}
