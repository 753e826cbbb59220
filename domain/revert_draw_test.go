package domain

import (
	"slices"

	"pgregory.net/rapid"
)

// drawRevert draws an event that has happened, mostly one of the last, and the command that
// reverts it, with what a caller would look up. Sometimes the caller has not looked far.
func (w *world) drawRevert(t *rapid.T, m Meta) Command {
	first := 0
	if !one(t, 4, "any event") {
		first = max(0, len(w.history)-6)
	}
	i := rapid.IntRange(first, len(w.history)-1).Draw(t, "event")
	if !one(t, 3, "any actor") {
		m = byRoot
	}
	c := w.revert(m, i)
	if one(t, 6, "looked too early") {
		c.Seen, c.Since = c.Event.Number-1, nil
	}
	return c
}

// revert returns the command that reverts the event of the history with the index.
func (w *world) revert(m Meta, i int) Revert {
	r := w.history[i]
	c := Revert{Meta: m, Event: r, Before: w.past(i), Seen: uint64(len(w.history))}
	for _, later := range w.history[i+1:] {
		if Supersedes(later.Event, r.Event) {
			c.Since = later
			break
		}
	}
	return c
}

// past returns what the event with the index has changed as it was before, if the event does
// not say so itself.
func (w *world) past(i int) Part {
	e := w.history[i].Event
	if !NeedsBefore(e) {
		return nil
	}
	before := w.asOf(e, i)
	if m, ok := before.(*Membership); ok && m.EndedBy != (EventID{}) {
		before = w.asOf(e, slices.IndexFunc(w.history, func(r *Recorded) bool { return r.ID == m.EndedBy }))
	}
	return before
}

// asOf returns what the event is about as it was after the first n events of the history.
func (w *world) asOf(e Event, n int) Part {
	var s State
	for _, r := range w.history[:n] {
		Evolve(&s, r)
	}
	return s.part(subjects(e)[0])
}

// reverted checks that what the event has changed is as it was before the event.
func (w *world) reverted(t *rapid.T, c Revert) {
	at := func(ok bool) {
		if !ok {
			t.Fatalf("%#v was reverted, and what it has changed is not as before", c.Event.Event)
		}
	}
	about := c.Event.Event.Concerns()
	tie := w.model.ties[MembershipKey(about.Workspace, about.User)]
	member, _ := c.Before.(*Membership)
	switch e := c.Event.Event.(type) {
	case MemberAdded, MemberInvited:
		at(!tie.here(w.at))
	case MemberRemoved, MemberLeft:
		at(tie.role == member.Role && samePermissions(tie.list, member.Permissions) && tie.ends.Equal(member.ExpiresAt) && tie.state == member.State)
	case MemberRoleChanged:
		at(tie.role == e.Role.From)
	case MemberPermissionsChanged:
		at(samePermissions(tie.list, e.Permissions.From))
	case MemberExpiryChanged:
		at(tie.ends.Equal(orZero(e.ExpiresAt.From)))
	case MemberSuspended:
		at(tie.state == MembershipActive)
	case MemberReinstated:
		at(tie.state == MembershipSuspended)
	case OrganizationMemberAdded:
		at(w.model.ranks[OrganizationMemberKey(about.Organization, about.User)] == "")
	case OrganizationMemberRoleChanged:
		at(w.model.ranks[OrganizationMemberKey(about.Organization, about.User)] == e.Role.From)
	case OrganizationMemberRemoved:
		at(w.model.ranks[OrganizationMemberKey(about.Organization, about.User)] == e.Role)
	case OrganizationMemberSuspended, OrganizationMemberReinstated:
		_, was := e.(OrganizationMemberReinstated)
		at(w.model.barred[OrganizationMemberKey(about.Organization, about.User)] == was)
	case UserProfileSet:
		at(w.model.profiles[ProfileKey(about.Organization, about.User)] == c.Before.(*Profile).ProfileFacts)
	case WorkspaceArchived, WorkspaceRestored:
		_, was := e.(WorkspaceRestored)
		at(w.model.archived[about.Workspace] == was)
	case RoleUpdated:
		is, was := w.model.roles[CustomRoleKey(about.Organization, e.Key)], c.Before.(*CustomRole)
		at(is.Name == was.Name && is.Level == was.Level && slices.Equal(is.Permissions, was.Permissions))
	}
}
