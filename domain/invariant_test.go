package domain

import (
	"maps"
	"reflect"
	"slices"

	"pgregory.net/rapid"
)

// sameChanges compares the parts that the command needs with the same parts of the whole
// state, after the command's events. Neither may miss a change.
func (w *world) sameChanges(t *rapid.T, small *State, number uint64) {
	for k, p := range small.parts {
		if full := w.state.parts[k]; !samePart(full, p) {
			t.Fatalf("%v became %+v, and when held alone %+v", k, full, p)
		}
	}
	for k, p := range w.state.parts {
		before := w.before.parts[k]
		if samePart(before, p) {
			continue
		}
		if !small.Holds(k) {
			t.Fatalf("%v was changed and is not needed", k)
		}
		if p != nil && p.version() <= number && !samePart(withoutCount(before), withoutCount(p)) {
			t.Fatalf("%v was changed and has version %d of before", k, p.version())
		}
	}
}

// withoutCount returns the part without the count of owners, which changes without a new
// version.
func withoutCount(p Part) Part {
	switch p := p.(type) {
	case *Workspace:
		c := *p
		c.Owners = 0
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
	owners, heads, places := w.recount()
	w.state.Each(func(k Key, p Part) {
		ok := true
		switch p := p.(type) {
		case *Workspace:
			ok = p.Owners == owners[p.ID] && p.Owners > 0 && p.ArchivedAt.IsZero() != w.model.archived[p.ID]
		case *Organization:
			ok = p.Owners == heads[p.ID] && p.Owners > 0
		case *Membership:
			tie := w.model.ties[k]
			ok = tie.is(p) && p.present(w.at) == tie.here(w.at) && p.gone(w.at) != tie.here(w.at)
		case *OrganizationMember:
			ok = p.Role == w.model.ranks[k] && p.Present() == (p.Role != "") && p.suspended() == w.model.barred[k]
		case *CustomRole:
			ok = sameRole(p.Role, w.model.roles[k]) && p.ArchivedAt.IsZero() != w.model.retired[k]
		case *UserMemberships:
			got := map[WorkspaceID]bool{}
			for _, ws := range p.Workspaces {
				got[ws] = true
			}
			ok = len(got) == len(p.Workspaces) && maps.Equal(got, places[k])
			delete(places, k)
		}
		if !ok {
			t.Fatalf("%v is %+v\nand by the model: %+v, owners %v and %v, places %v", k, p, w.model, owners, heads, places)
		}
	})
	if len(places) > 0 {
		t.Fatalf("nobody knows of the memberships %v", places)
	}
	w.sameAuthority(t)
	w.sameDirectory(t)
}

// replays compares the state with one that is folded from the whole history.
func (w *world) replays(t *rapid.T) {
	replayed := &State{parts: map[Key]Part{}}
	for _, r := range w.history {
		Evolve(replayed, r)
	}
	for k, p := range w.state.parts {
		if p == nil {
			replayed.Put(k, nil)
		}
	}
	if !reflect.DeepEqual(replayed.parts, w.state.parts) {
		t.Fatal("a replay leads elsewhere")
	}
}

// is reports whether the part is the membership that the tie describes.
func (t tie) is(m *Membership) bool {
	return t.id == m.ID && t.org == m.Organization && t.role == m.Role && t.state == m.State && samePermissions(t.list, m.Permissions) &&
		t.ends.Equal(m.ExpiresAt) && t.secret == m.Invitation.Secret && t.until.Equal(m.Invitation.ExpiresAt)
}

// recount returns what follows from the model: the numbers of owners of workspaces and of
// organizations, and the workspaces in which each user is a member.
func (w *world) recount() (owners map[WorkspaceID]int, heads map[OrganizationID]int, places map[Key]map[WorkspaceID]bool) {
	owners, heads, places = map[WorkspaceID]int{}, map[OrganizationID]int{}, map[Key]map[WorkspaceID]bool{}
	for k, tie := range w.model.ties {
		if tie.lastingOwner() {
			owners[k.Owner]++
		}
		list := UserMembershipsKey(tie.org, k.ID)
		if places[list] == nil {
			places[list] = map[WorkspaceID]bool{}
		}
		if tie.state != MembershipRemoved {
			places[list][k.Owner] = true
		}
	}
	for k, rank := range w.model.ranks {
		if rank == OrganizationOwner && !w.model.barred[k] {
			heads[k.Owner]++
		}
	}
	return owners, heads, places
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
