package domain

import (
	"errors"
	"flag"
	"maps"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestProperties asks for random things by random actors at random times and holds,
// after each, what must hold whatever happens: in the answers against a model, in the
// state against a recount and a replay. The sequences are shared out among the
// processors. At the end every command must have been done and been refused.
func TestProperties(t *testing.T) {
	all := tally{}
	var lock sync.Mutex
	t.Run("sequences", func(t *testing.T) {
		for part := range shareOut(t) {
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				t.Parallel()
				mine := tally{}
				defer func() {
					lock.Lock()
					defer lock.Unlock()
					all.add(mine)
				}()
				rapid.Check(t, func(t *rapid.T) { sequence(t, mine) })
			})
		}
	})
	if !t.Failed() {
		all.check(t)
	}
}

// oftener are the actions that are the heart of it, and those that rarely come to
// something.
var oftener = regexp.MustCompile(`member|restore|token`)

// sequence plays one sequence of commands.
func sequence(t *rapid.T, counts tally) {
	w := newWorld(t, counts)
	actions := map[string]func(*rapid.T){"": w.holds, "time passes": w.wait, "more time passes": w.wait, "still more time passes": w.wait}
	for name, draw := range w.commands() {
		ask := func(t *rapid.T) { w.ask(t, draw(t, meta(t))) }
		actions[name] = ask
		if oftener.MatchString(name) {
			actions[name+", once more"], actions[name+", and again"] = ask, ask
		}
	}
	for begun := w.asked; w.asked < begun+shortest; {
		t.Repeat(actions)
	}
	w.replays(t)
}

// shortest is how many commands a sequence has at least.
const shortest = 30

// So that more comes of it, unless the command line says otherwise: what has to be
// invited, accepted and suspended first does not happen in a few steps.
func init() {
	for name, value := range map[string]string{"rapid.steps": "60", "rapid.checks": "2000"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// shareOut answers among how many tests that run at the same time the sequences
// are shared out, and has rapid check in each of them its part.
func shareOut(t *testing.T) int {
	checks := flag.Lookup("rapid.checks")
	whole := checks.Value.String()
	n, err := strconv.Atoi(whole)
	if err != nil {
		t.Fatal(err)
	}
	parts := runtime.GOMAXPROCS(0)
	set := func(value string) {
		if err := checks.Value.Set(value); err != nil {
			t.Fatal(err)
		}
	}
	set(strconv.Itoa((n + parts - 1) / parts))
	t.Cleanup(func() { set(whole) })
	return parts
}

// world is the state of everything, the history that led to it, and the model.
type world struct {
	at      time.Time
	state   *State
	history []*Recorded
	model   model

	// before is a copy of the state, as it was before the command.
	before *State
	// looked says that nothing has happened since holds has looked.
	looked bool
	asked  int
	counts tally
}

func newWorld(t *rapid.T, counts tally) *world {
	w := &world{at: now, state: &State{parts: map[Key]Part{}}, before: &State{parts: map[Key]Part{}}, model: newModel(), counts: counts}
	for _, c := range []Command{
		CreateOrganization{byRoot, "One", ada, ProfileFacts{Email: "a@x"}},
		PutOrganizationMember{byRoot, ben, OrganizationAdmin},
		CreateRole{byRoot, analyst},
		CreateRole{byRoot, deputy},
		CreateWorkspace{byRoot, studio, "One", olga, membership(studio, olga)},
		CreateWorkspace{byRoot, lab, "Two", olga, membership(lab, olga)},
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
		w.at, w.looked = to, false
	}
}

// ask decides the command, looks at the answer, and lets it happen.
func (w *world) ask(t *rapid.T, c Command) {
	part := see(w.state, c)
	for k, p := range part.parts { // all there is, and that nothing else is
		if p == nil {
			w.state.Put(k, nil)
			w.before.Put(k, nil)
		}
	}
	events, err := Decide(w.state, w.at, c)
	if !sameParts(w.before, w.state) {
		t.Fatalf("deciding changed the state")
	}
	needed, neededErr := Decide(part, w.at, c)
	if !reflect.DeepEqual(events, needed) || !reflect.DeepEqual(err, neededErr) {
		t.Fatalf("with all there is: %v, %v\nwith what it needs: %v, %v", events, err, needed, neededErr)
	}
	w.asked++
	w.counts.count(c, events, err)
	if err != nil {
		w.refused(t, c, events, err)
		return
	}
	if len(events) > 0 {
		w.happen(t, c, events, part)
	}
	w.done(t, c)
	if again, err := Decide(w.state, w.at, c); len(again) != 0 && !repeats(c) || err != nil && !defined(err) {
		t.Fatalf("the same command again: %v, %v", again, err)
	}
	w.at, w.looked = w.at.Add(time.Second), false
}

// repeats reports whether the command does something each time that it is done.
func repeats(c Command) bool {
	switch c := c.(type) {
	case RenewInvitation, RotateToken:
		return true
	case Batch:
		return !c.Atomic // what was refused may be right after the rest of it
	}
	return false
}

// happen holds the events of a command against the law, and folds them into
// everything and into the part that the command needed.
func (w *world) happen(t *rapid.T, c Command, events []Event, part *State) {
	law := w.law(c)
	number := uint64(len(w.history))
	for i, e := range events {
		if batch, ok := c.(Batch); ok && (i == 0 || e.Concerns().User != events[i-1].Concerns().User) {
			law = w.law(w.operation(t, batch, e)) // each on what those before it have left
		}
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
	w.sameChanges(t, part, number)
	for k, p := range w.state.parts {
		if p != nil && !samePart(w.before.parts[k], p) {
			p = p.clone()
		} else if p != nil {
			continue
		}
		w.before.parts[k] = p
	}
}

// operation is the one of the batch that the event comes from.
func (w *world) operation(t *rapid.T, c Batch, e Event) Command {
	for _, operation := range c.Operations {
		if target := operation.target(w.state); target.ID == e.Concerns().User {
			return operation
		}
	}
	t.Fatalf("%#v comes from no operation of %#v", e, c)
	return nil
}

// refused looks at why.
func (w *world) refused(t *rapid.T, c Command, events []Event, err error) {
	if len(events) != 0 || !defined(err) {
		t.Fatalf("%v, with %v", err, events)
	}
	var already *AlreadyMemberError
	if errors.As(err, &already) && !w.inTheWay(c, already.Membership) {
		t.Fatalf("%#v: %v, but it is in nobody's way", c, err)
	}
}

// inTheWay reports whether the membership keeps the command from making one. Whom
// an operation of a batch is about can depend on those before it.
func (w *world) inTheWay(c Command, id MembershipID) bool {
	if batch, ok := c.(Batch); ok {
		for k, tie := range w.model.ties {
			if k.Owner == batch.Workspace && tie.id == id && tie.here(w.at) {
				return true
			}
		}
		return false
	}
	tie := w.model.ties[c.target(w.state)]
	return tie.here(w.at) && tie.id == id
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

// sameChanges holds what the command's events made of the parts that it needs
// against what they made of everything: neither may miss a change.
func (w *world) sameChanges(t *rapid.T, part *State, number uint64) {
	for k, p := range part.parts {
		if full := w.state.parts[k]; !samePart(full, p) {
			t.Fatalf("%v became %+v, and when held alone %+v", k, full, p)
		}
	}
	for k, p := range w.state.parts {
		before := w.before.parts[k]
		if samePart(before, p) {
			continue
		}
		if !part.Holds(k) {
			t.Fatalf("%v was changed and is not needed", k)
		}
		if p != nil && p.version() <= number && !samePart(withoutCount(before), withoutCount(p)) {
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

// replays holds the state against what the history leads to.
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

// is reports whether the part is the membership that the tie says.
func (t tie) is(m *Membership) bool {
	return t.id == m.ID && t.org == m.Organization && t.role == m.Role && t.state == m.State && samePermissions(t.list, m.Permissions) &&
		t.ends.Equal(m.ExpiresAt) && t.secret == m.Invitation.Secret && t.until.Equal(m.Invitation.ExpiresAt)
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
		for _, ws := range allWorkspaces {
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

// defined reports whether clients can be told which rule is broken.
func defined(err error) bool {
	var invalid *InvalidError
	var operation *OperationError // says itself where it stands
	return errors.As(err, &invalid) && invalid.Code != "" && invalid.Detail != "" && (invalid.Pointer != "" || errors.As(err, &operation)) ||
		slices.ContainsFunc(rules, func(rule error) bool { return errors.Is(err, rule) })
}

// rules are those that clients can be told of.
var rules = []error{
	ErrUnknownOrganization, ErrUnknownWorkspace, ErrUnknownMember, ErrUnknownToken, ErrUnknownRole,
	ErrOrganizationExists, ErrWorkspaceExists, ErrTokenExists, ErrTokenEnded, ErrRoleExists, ErrRoleBuiltIn,
	ErrAlreadyMember, ErrNotActive, ErrNotInvited, ErrEmailTaken, ErrWorkspaceArchived, ErrLastOwner,
	ErrNotAllowed, ErrRoleAboveOwn, ErrScopeAboveOwn, ErrPrecondition,
}
