package domain

import (
	"errors"
	"flag"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestProperties asks for random things by random actors at random times and holds,
// after each, what must hold whatever happens: in the answers against a model, in the
// state against a recount and a replay.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		actions := map[string]func(*rapid.T){"": w.holds, "time passes": w.wait, "more time passes": w.wait, "still more time passes": w.wait}
		for name, draw := range w.commands() {
			ask := func(t *rapid.T) { w.ask(t, draw(t, meta(t))) }
			actions[name] = ask
			if strings.Contains(name, "member") || strings.Contains(name, "restore") {
				actions[name+", once more"], actions[name+", and again"] = ask, ask // the heart of it
			}
		}
		t.Repeat(actions)
		w.replays(t)
	})
}

// So that more comes of it, unless the command line says otherwise: what has to be
// invited, accepted and suspended first does not happen in a few steps.
func init() {
	for name, value := range map[string]string{"rapid.steps": "150", "rapid.checks": "100"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// world is the state of everything, the history that led to it, and the model.
type world struct {
	at      time.Time
	state   *State
	history []*Recorded
	model   model
}

func newWorld(t *rapid.T) *world {
	w := &world{at: now, state: &State{parts: map[Key]Part{}}, model: newModel()}
	for _, c := range []Command{
		CreateOrganization{byRoot, "One", ada, ProfileFacts{Email: "a@x"}},
		PutOrganizationMember{byRoot, ben, OrganizationAdmin},
		CreateRole{byRoot, analyst},
		CreateRole{byRoot, deputy},
		CreateWorkspace{byRoot, studio, "One", olga, membership(studio, olga)},
		AddMember{byRoot, studio, adam, Terms{Role: RoleAdmin}, membership(studio, adam), nil},
		AddMember{byRoot, studio, cleo, Terms{Role: "deputy"}, membership(studio, cleo), nil},
	} {
		w.ask(t, c)
	}
	return w
}

// wait lets time pass: to the moment before the next membership ends, to the very
// moment, or far beyond.
func (w *world) wait(t *rapid.T) {
	next := w.at.Add(time.Hour)
	w.state.Each(func(_ Key, p Part) {
		if m, ok := p.(*Membership); ok && m.EndsAt().After(w.at) && m.EndsAt().Before(next) {
			next = m.EndsAt()
		}
	})
	to := rapid.SampledFrom([]time.Time{next.Add(-1), next, next, next.Add(8 * 24 * time.Hour)}).Draw(t, "until")
	if to.After(w.at) {
		w.at = to
	}
}

// ask decides the command, looks at the answer, and lets it happen.
func (w *world) ask(t *rapid.T, c Command) {
	before, part, law := w.everything(), see(w.state, c), w.law(c)
	events, err := Decide(w.state, w.at, c)
	if !reflect.DeepEqual(before.parts, w.state.parts) {
		t.Fatalf("deciding changed the state")
	}
	needed, neededErr := Decide(part, w.at, c)
	if !reflect.DeepEqual(events, needed) || !reflect.DeepEqual(err, neededErr) {
		t.Fatalf("with all there is: %v, %v\nwith what it needs: %v, %v", events, err, needed, neededErr)
	}
	if err != nil {
		w.refused(t, c, events, err)
		return
	}
	for _, e := range events {
		law.hold(t, e)
		r := &Recorded{
			Event: e, Number: uint64(len(w.history) + 1), Time: w.at,
			Actor: c.Metadata().Actor, OnBehalfOf: c.Metadata().OnBehalfOf, Command: c.Metadata().ID,
		}
		w.history = append(w.history, r)
		w.model.learn(e)
		Evolve(w.state, r)
		Evolve(part, r)
	}
	w.sameParts(t, before, part, uint64(len(w.history)-len(events)))
	w.done(t, c)
	if again, err := Decide(w.state, w.at, c); len(again) != 0 && c.CommandType() != "renew_invitation" || err != nil && !defined(err) {
		t.Fatalf("the same command again: %v, %v", again, err)
	}
	w.at = w.at.Add(time.Second)
}

// refused looks at why.
func (w *world) refused(t *rapid.T, c Command, events []Event, err error) {
	if len(events) != 0 || !defined(err) {
		t.Fatalf("%v, with %v", err, events)
	}
	var already *AlreadyMemberError
	if errors.As(err, &already) {
		member, _ := w.state.parts[c.target(w.state)].(*Membership)
		if tie := w.model.ties[c.target(w.state)]; member == nil || !tie.here(w.at) || tie.id != already.Membership {
			t.Fatalf("%#v: %v, but %+v is in nobody's way", c, err, tie)
		}
	}
}

// done looks at what a command that was not refused has brought about.
func (w *world) done(t *rapid.T, c Command) {
	org := c.Metadata().Organization
	switch c := c.(type) {
	case InviteMember:
		user := w.state.emailHolder(org, c.Profile.Email)
		if tie := w.model.ties[MembershipKey(c.Workspace, user)]; user.IsZero() || tie.state != MembershipInvited || tie.secret != c.Secret {
			t.Fatalf("%#v invited somebody else than %s: %+v", c, user, tie)
		}
	case RemoveOrganizationMember:
		for key, tie := range w.model.ties {
			if key.ID == c.User && tie.org == org && tie.here(w.at) {
				t.Fatalf("%#v left %+v", c, tie)
			}
		}
	case ExpireMember:
		if tie := w.model.ties[c.target(w.state)]; tie.state != "" && tie.state != MembershipRemoved && !tie.here(w.at) {
			t.Fatalf("%#v left %+v", c, tie)
		}
	case RemoveMember, LeaveWorkspace:
		if tie := w.model.ties[c.target(w.state)]; tie.here(w.at) {
			t.Fatalf("%#v left %+v", c, tie)
		}
	}
}

// sameParts holds what the command's events made of the parts that it needs
// against what they made of everything: neither may miss a change.
func (w *world) sameParts(t *rapid.T, before, part *State, number uint64) {
	for k, p := range part.parts {
		if full := w.state.parts[k]; !reflect.DeepEqual(full, p) {
			t.Fatalf("%v became %+v, and when held alone %+v", k, full, p)
		}
	}
	for k, p := range w.state.parts {
		if reflect.DeepEqual(before.parts[k], p) {
			continue
		}
		if !part.Holds(k) {
			t.Fatalf("%v was changed and is not needed", k)
		}
		if p != nil && p.version() <= number && !reflect.DeepEqual(withoutCount(before.parts[k]), withoutCount(p)) {
			t.Fatalf("%v was changed and has version %d of before", k, p.version())
		}
	}
}

// withoutCount is the part without the count of owners, which has no version.
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

// holds is what must hold at any time.
func (w *world) holds(t *rapid.T) {
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
			ok = reflect.DeepEqual(tie, tie.as(p)) && p.present(w.at) == tie.here(w.at) && p.gone(w.at) != tie.here(w.at)
		case *OrganizationMember:
			ok = p.Role == w.model.ranks[k] && p.Present() == (p.Role != "") && p.suspended() == w.model.barred[k]
		case *CustomRole:
			ok = reflect.DeepEqual(p.Role, w.model.roles[k]) && p.ArchivedAt.IsZero() != w.model.retired[k]
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

// replays holds the state against what the history leads to.
func (w *world) replays(t *rapid.T) {
	replayed := &State{parts: map[Key]Part{}}
	for _, r := range w.history {
		Evolve(replayed, r)
	}
	if !reflect.DeepEqual(replayed.parts, w.state.parts) {
		t.Fatal("a replay leads elsewhere")
	}
}

// as answers the tie of which the part is the membership.
func (t tie) as(m *Membership) tie {
	return tie{m.ID, m.Organization, m.Role, m.State, m.Permissions, m.ExpiresAt, m.Invitation.Secret, m.Invitation.ExpiresAt}
}

// recount counts, by the model, the owners of workspaces and of organizations, and
// lists where everybody is a member by what events say.
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

// sameAuthority holds everybody's authority, here and now, against the model's: so
// nothing that has ended, is suspended or was only promised gives any.
func (w *world) sameAuthority(t *rapid.T) {
	for _, u := range people {
		m := by(u)
		if level, err := w.state.organizationAuthority(m); level != w.model.rank(m) || (err == nil) != (level > 0) {
			t.Fatalf("%s acts on the organization at %d, and by the model at %d", u, level, w.model.rank(m))
		}
		for _, ws := range workspaces[1:] {
			if home, ok := w.model.homes[ws]; !ok || home != m.Organization {
				continue
			}
			got, err := w.state.workspaceAuthority(m, ws, w.at)
			want := w.model.power(m, ws, w.at)
			if (err == nil) != (want.level > 0) || got.level != want.level || got.all != want.all || !slices.Equal(got.permissions, want.some) {
				t.Fatalf("%s acts on %s as %+v, and by the model as %+v", u, ws, got, want)
			}
		}
	}
}

// sameDirectory holds profiles against whose is whose address: nobody shares one.
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

// everything is a copy of the whole state.
func (w *world) everything() *State { return w.state.Copy(slices.Collect(maps.Keys(w.state.parts))) }

// defined reports whether clients can be told which rule is broken.
func defined(err error) bool {
	var invalid *InvalidError
	return errors.As(err, &invalid) && invalid.Code != "" && invalid.Detail != "" && invalid.Pointer != "" ||
		slices.ContainsFunc([]error{
			ErrUnknownOrganization, ErrUnknownWorkspace, ErrUnknownMember, ErrUnknownToken, ErrUnknownRole,
			ErrOrganizationExists, ErrWorkspaceExists, ErrTokenExists, ErrRoleExists, ErrRoleBuiltIn,
			ErrAlreadyMember, ErrNotActive, ErrNotInvited, ErrEmailTaken, ErrWorkspaceArchived, ErrLastOwner,
			ErrNotAllowed, ErrRoleAboveOwn, ErrScopeAboveOwn, ErrPrecondition,
		}, func(rule error) bool { return errors.Is(err, rule) })
}
