package domain

import (
	"errors"
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// world is the whole state, the history that led to it, and the model.
type world struct {
	at      time.Time
	state   *State
	history []*Recorded
	model   model
	// forsaken are the workspaces whose last active owner was suspended by force.
	forsaken map[WorkspaceID]bool

	// before has what each place of the state held before the command. A place that the state
	// did not have before is in it as soon as there is one, with nothing.
	before []kept
	// small is the state with what the last command needs.
	small *State
	// looked says that nothing has changed since the last call of holds.
	looked bool
	asked  int
	counts tally
}

// kept is a place of the state and a copy of the part that it held.
type kept struct {
	place *Place
	part  Part
}

func newWorld(t *rapid.T, counts tally) *world {
	w := &world{at: now, state: withRoom(128), small: withRoom(128), model: newModel(), forsaken: map[WorkspaceID]bool{}, counts: counts}
	w.state.New = func(at *Place) { w.before = append(w.before, kept{place: at}) }
	for _, c := range []Command{
		CreateOrganization{byRoot, "One", ada, ProfileFacts{Email: "a@x"}},
		PutOrganizationMember{byRoot, ben, OrganizationAdmin},
		CreateRole{byRoot, analyst},
		CreateRole{byRoot, deputy},
		CreateWorkspace{byRoot, studio, "One", olga, membership(studio, olga)},
		CreateWorkspace{byRoot, lab, "Two", olga, membership(lab, olga)},
		AddMember{byRoot, studio, adam, Terms{Role: RoleAdmin}, membership(studio, adam), nil},
		AddMember{byRoot, studio, cleo, Terms{Role: "deputy"}, membership(studio, cleo), nil},
		AddMember{byRoot, lab, cleo, Terms{Role: RoleEditor}, membership(lab, cleo), nil},
	} {
		w.ask(t, c)
	}
	return w
}

// wait lets time pass: to just before the next membership ends, to the moment when it ends,
// or long after.
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

// ask decides the command, checks the decision, and folds its events.
func (w *world) ask(t *rapid.T, c Command) {
	small := w.see(c)
	for k, at := range small.places { // so that absent parts are held as absent
		if at.Part == nil {
			w.state.Put(k, nil)
		}
	}
	places := len(w.before)
	decided, err := Decide(w.state, w.at, c)
	events := decided.Events
	if len(w.before) != places || w.state.Len() != places || slices.ContainsFunc(w.before, kept.changed) {
		t.Fatalf("deciding changed the state")
	}
	needed, neededErr := Decide(small, w.at, c)
	if !sameDecision(decided, needed) || !reflect.DeepEqual(err, neededErr) {
		t.Fatalf("with all there is: %v, %v\nwith what it needs: %v, %v", decided, err, needed, neededErr)
	}
	w.asked++
	w.counts.count(c, events, err)
	if err != nil {
		w.refused(t, c, events, err)
		return
	}
	if len(events) > 0 {
		w.happen(t, c, events, small)
		w.keepsOwners(t, c)
	}
	sameAnswer(t, c, &decided, small)
	w.done(t, c)
	if again, err := Decide(w.state, w.at, c); len(again.Events) != 0 && !repeats(c) || err != nil && !defined(err) {
		t.Fatalf("the same command again: %v, %v", again, err)
	}
	w.at, w.looked = w.at.Add(time.Second), false
}

// see returns a state that holds only what the command needs, until it is called again.
func (w *world) see(c Command) *State {
	clear(w.small.places)
	look(w.small, w.state, c)
	return w.small
}

// sameDecision reports the same as reflect.DeepEqual. Most commands are refused.
func sameDecision(a, b Decision) bool {
	if a.Events == nil && b.Events == nil && a.Outcomes == nil && b.Outcomes == nil {
		return a.Target == b.Target
	}
	return reflect.DeepEqual(a, b)
}

// repeats reports whether the command can change something when it is done again.
func repeats(c Command) bool {
	switch c := c.(type) {
	case RenewInvitation, RotateToken, RewindSubscription, EndMemberships: // the last records the next ends
		return true
	case Batch:
		return !c.Atomic // the other operations may have made a refused one possible
	}
	return false
}

// happen checks the events of a command against the law. It folds them into the whole state
// and into the state with what the command needs.
func (w *world) happen(t *rapid.T, c Command, events []Event, small *State) {
	law, held := w.law(plain(c)), w.holdings()
	number := uint64(len(w.history))
	for i, e := range events {
		if batch, ok := c.(Batch); ok && (i == 0 || e.Concerns().User != events[i-1].Concerns().User) {
			w.held(t, law, held)
			law, held = w.law(w.operation(t, batch, e)), w.holdings() // each operation has the state that those before it have left
		}
		law.hold(t, e)
		r := &Recorded{
			ID: eventID(len(w.history) + 1), Event: w.sealed(t, e), Number: uint64(len(w.history) + 1), Time: w.at,
			Actor: c.Metadata().Actor, OnBehalfOf: c.Metadata().OnBehalfOf, Command: c.Metadata().ID,
		}
		w.history = append(w.history, r)
		w.model.learn(r)
		Evolve(w.state, r)
		Evolve(small, r)
	}
	w.held(t, law, held)
	w.sameChanges(t, small, number)
	for i, k := range w.before {
		if k.changed() {
			w.before[i].part = copyOf(k.place.Part)
		}
	}
}

// changed reports whether the place holds something else by now.
func (k kept) changed() bool { return !samePart(k.part, k.place.Part) }

// sealed returns the event as the log has it: most profiles are sealed, with a new key unless the
// user has one.
func (w *world) sealed(t *rapid.T, e Event) Event {
	set, ok := e.(UserProfileSet)
	if ok && set.Sealed.Key.IsZero() && !one(t, 6, "in the clear") {
		set.Sealed.Key = PersonalKeyID(eventID(len(w.history) + 1))
		return set
	}
	return e
}

// operation returns the operation of the batch that the event comes from.
func (w *world) operation(t *rapid.T, c Batch, e Event) Command {
	for _, operation := range c.Operations {
		if target := operation.target(w.state); target.ID == e.Concerns().User {
			return operation
		}
	}
	t.Fatalf("%#v comes from no operation of %#v", e, c)
	return nil
}

// refused checks the reason of a refusal.
func (w *world) refused(t *rapid.T, c Command, events []Event, err error) {
	if len(events) != 0 || !defined(err) {
		t.Fatalf("%v, with %v", err, events)
	}
	var already *AlreadyMemberError
	if errors.As(err, &already) && !w.inTheWay(c, already.Membership) {
		t.Fatalf("%#v: %v, but it is in nobody's way", c, err)
	}
}

// inTheWay reports whether the membership exists that the command was to create. For a batch
// it looks at all memberships of the workspace, because the operations before can decide
// which user an operation is about.
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

// done checks the state after a command that was not refused.
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
	case Revert:
		w.reverted(t, c)
	case RemoveMember, LeaveWorkspace:
		if tie := w.model.ties[c.target(w.state)]; tie.here(w.at) {
			t.Fatalf("%#v left %+v", c, tie)
		}
	}
}

// defined reports whether the error tells clients which rule is broken.
func defined(err error) bool {
	var invalid *InvalidError
	var operation *OperationError // says which operation it is
	var row *RowError             // says which decision it is
	return errors.As(err, &invalid) && invalid.Code != "" && invalid.Detail != "" && (invalid.Pointer != "" || errors.As(err, &operation) || errors.As(err, &row)) ||
		slices.ContainsFunc(rules, func(rule error) bool { return errors.Is(err, rule) })
}

// rules are the sentinels of broken rules.
var rules = []error{
	ErrUnknownOrganization, ErrUnknownWorkspace, ErrUnknownMember, ErrUnknownToken, ErrUnknownRole, ErrUnknownSubscription,
	ErrSubscriptionExists, ErrSecretRotated, ErrNotNext,
	ErrUnknownReview, ErrReviewExists, ErrReviewClosed, ErrRowRevoked, ErrRowsUndecided, ErrAccessInherited, ErrOwnAccess, ErrReviewerNeeded,
	ErrOrganizationExists, ErrWorkspaceExists, ErrTokenExists, ErrTokenEnded, ErrRoleExists, ErrRoleBuiltIn,
	ErrAlreadyMember, ErrMemberEnding, ErrUserSuspended, ErrNotActive, ErrNotInvited, ErrEmailTaken, ErrWorkspaceArchived, ErrLastOwner,
	ErrNotReversible, ErrChangedSince, ErrChangedMeanwhile,
	ErrUnknownUser, ErrUserBelongs, ErrProfileInClear, ErrErasurePending,
	ErrNotAllowed, ErrRoleAboveOwn, ErrScopeAboveOwn, ErrPrecondition,
}
