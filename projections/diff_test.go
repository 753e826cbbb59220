package projections

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

type whose struct {
	ws   domain.WorkspaceID
	user domain.UserID
}

// seen is what can be seen of access: what it allows, and the grants without what each allows.
type seen struct {
	permissions string
	grants      []Grant
}

func seenOf(a *Access) (s seen) {
	if a.Any() {
		s.permissions = fmt.Sprint(slices.Sorted(slices.Values(a.Permissions)))
	}
	for _, g := range a.Grants {
		g.Permissions, g.Role.Permissions = nil, nil
		s.grants = append(s.grants, g)
	}
	return s
}

// accessAt returns everybody's access in the workspaces at the moment.
func accessAt(t fatal, m *ReadModels, at Moment, workspaces ...domain.WorkspaceID) map[whose]seen {
	t.Helper()
	q, err := m.AsOf(context.Background(), at.Position)
	if err != nil {
		t.Fatal(err)
	}
	state := make(map[whose]seen)
	for _, ws := range workspaces {
		found, err := q.FindWorkspace(ws)
		if err != nil {
			continue // it was not there yet
		}
		for p := (Page{Size: 3}); ; {
			list, err := q.AccessList(context.Background(), found, AccessFilter{}, at.Time, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range list.Items {
				state[whose{ws, a.User}] = seenOf(&a)
			}
			if p.After = list.Next; p.After == "" {
				break
			}
		}
	}
	return state
}

// endedBy returns when the user's last membership ended by the clock in the span, by its versions.
func endedBy(t fatal, m *ReadModels, span Span, ws domain.WorkspaceID, user domain.UserID) time.Time {
	t.Helper()
	var last, next *MemberVersion
	for p := (Page{Size: 3}); ; {
		list, err := m.MemberVersions(context.Background(), Moment{Position: span.To.Position}, ws, user, p)
		if errors.Is(err, ErrNotFound) {
			return time.Time{}
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range list.Items {
			if v := &list.Items[i]; v.State != domain.MembershipRemoved {
				last, next = v, nil
			} else if next == nil {
				next = v
			}
		}
		if p.After = list.Next; p.After == "" {
			break
		}
	}
	if last == nil {
		return time.Time{}
	}
	end := last.EndsAt()
	if !end.After(span.From.Time) || end.After(span.To.Time) || next != nil && (next.UpdatedAt.Before(end) || next.Number <= span.From.Position.Number) {
		return time.Time{}
	}
	return end
}

// hadRole reports whether the user had a membership with the role at the moment, whatever its
// state, unless it was removed.
func hadRole(t fatal, m *ReadModels, at Moment, ws domain.WorkspaceID, user domain.UserID, role domain.RoleKey) bool {
	t.Helper()
	var last *MemberVersion
	for p := (Page{Size: 3}); ; {
		list, err := m.MemberVersions(context.Background(), at, ws, user, p)
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		for i := range list.Items {
			last = &list.Items[i]
		}
		if p.After = list.Next; p.After == "" {
			return last != nil && last.State != domain.MembershipRemoved && last.Role.Key == role
		}
	}
}

// A membership that would have ended by the clock ended otherwise if the member was removed before.
func TestDiffOfEnds(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	from := Moment{h.tips[1].Position, h.now}
	h.do(t, removeMember(org, ws, 15), addMemberUntil(org, ws, 30, domain.RoleEditor, soon), addMemberUntil(org, ws, 31, domain.RoleEditor, soon))
	between := Moment{h.tips[1].Position, h.now}
	h.do(t, removeMember(org, ws, 31))
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	to := Moment{h.tips[1].Position, later}
	for _, c := range []struct {
		span  Span
		user  int
		ended time.Time
		found bool
	}{
		{Span{from, to}, 15, time.Time{}, true},
		{Span{from, to}, 21, soon, true},
		{Span{from, to}, 30, time.Time{}, false}, // it began and ended within
		{Span{between, to}, 30, soon, true},
		{Span{between, to}, 31, time.Time{}, true},
	} {
		list, err := m.Diff(t.Context(), org, &ws, c.span, Page{})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list.Items, func(a AccessChange) bool { return a.User == userID(c.user) })
		if i >= 0 != c.found {
			t.Errorf("user %d is item %d", c.user, i)
		} else if c.found && !list.Items[i].Ended.Equal(c.ended) {
			t.Errorf("user %d: ended at %s, want %s", c.user, list.Items[i].Ended, c.ended)
		}
	}
}

// Access that was taken away and given back is in the diff, because another event gives it.
func TestDiffOfWhatIsAsBefore(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	from := Moment{h.tips[1].Position, h.now}
	h.do(t, changeRole(org, ws, 3, domain.RoleViewer), changeRole(org, ws, 3, domain.RoleEditor))
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	list, err := m.Diff(t.Context(), org, &ws, Span{from, Moment{h.tips[1].Position, h.now}}, Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Before.Role.Key != domain.RoleEditor || list.Items[0].After.Role.Key != domain.RoleEditor || len(list.Items[0].Events) != 2 {
		t.Errorf("%+v, %v", list.Items, err)
	}
}

// A role that allows something else is in the diff only for those who can do something else.
func TestDiffOfRoles(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	h.do(t, addMemberWith(org, ws, 31, "lead", "workspace.view"), addMember(org, ws, 32, "lead"))
	from := Moment{h.tips[1].Position, h.now}
	h.do(t, domain.UpdateRole{Meta: root(org), Key: "lead", Permissions: &[]domain.Permission{"workspace.view", "reports.export", "reports.view", "content.edit"}})
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	list, err := m.Diff(t.Context(), org, &ws, Span{from, Moment{h.tips[1].Position, h.now}}, Page{})
	// 18 is an admin of the organization, and 31 has permissions of their own.
	if err != nil || len(list.Items) != 1 || list.Items[0].User != userID(32) {
		t.Errorf("%+v, %v", list.Items, err)
	}
}

// An event that changed the definition of a role is named only if the membership had the role then.
func TestDiffOfRolesThatOthersHave(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws := orgID(1), wsID(1)
	updateLead := func(permissions ...domain.Permission) domain.Command {
		return domain.UpdateRole{Meta: root(org), Key: "lead", Permissions: &permissions}
	}
	h.do(t, addMember(org, ws, 31, domain.RoleEditor), addMember(org, ws, 32, "lead"), addMember(org, ws, 33, "lead"), addMember(org, ws, 34, "lead"))
	from := Moment{h.tips[1].Position, h.now}
	h.do(t,
		removeMember(org, ws, 32),
		changeRole(org, ws, 33, domain.RoleEditor),
		updateLead("workspace.view"), // 3rd event: only 34 has the role
		changeRole(org, ws, 31, "lead"),
		updateLead("workspace.view", "reports.view"), // 5th event: 31 and 34 have it
		changeRole(org, ws, 31, domain.RoleEditor),
	)
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	list, err := m.Diff(t.Context(), org, &ws, Span{from, Moment{h.tips[1].Position, h.now}}, Page{})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[domain.UserID][]uint64)
	for _, c := range list.Items {
		for _, p := range c.Events {
			got[c.User] = append(got[c.User], p.Number-from.Position.Number)
		}
	}
	want := map[domain.UserID][]uint64{
		userID(31): {4, 5, 6}, userID(32): {1}, userID(33): {2}, userID(34): {3, 5},
		userID(18): {3, 5}, // who had the role all the time
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a diff says, applied to the state at its beginning, is the state at its end. No event
// that it names is outside of the span.
func TestDiff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "muster")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		h := newHistory(2)
		m := &ReadModels{history: openHistory(Options{Dir: dir, Partitions: 2})}
		defer m.history.close() //nolint:errcheck // a temporary directory
		org := orgID(1)
		for _, c := range []domain.Command{createOrganization(org, 1), createWorkspace(org, wsID(1), 1)} {
			if err := h.try(c); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "messages") {
			var commands []domain.Command
			for range rapid.IntRange(1, 4).Draw(t, "commands") {
				commands = append(commands, drawCommand(t, h, org))
			}
			_ = h.try(commands...) // what is refused leaves no trace
		}
		if err := m.history.catchUp(context.Background(), h.replay(nil)); err != nil {
			t.Fatal(err)
		}
		var workspaces []domain.WorkspaceID
		for _, message := range h.messages {
			for _, e := range message.Entries {
				if created, ok := e.Event.(domain.WorkspaceCreated); ok {
					workspaces = append(workspaces, created.Workspace)
				}
			}
		}
		partition := h.partition(org)
		updated := make(map[uint64]domain.RoleKey) // by the events that changed a role
		for _, message := range h.messages {
			for _, e := range message.Entries {
				if role, ok := e.Event.(domain.RoleUpdated); ok && message.Partition == partition {
					updated[e.Number] = role.Key
				}
			}
		}
		moment := func(name string, least uint64) Moment {
			at := Moment{Position: wire.Position{Partition: partition, Number: rapid.Uint64Range(least, h.tips[partition].Number).Draw(t, name)}}
			for _, message := range h.messages {
				if message.Partition != partition {
					continue
				}
				for _, e := range message.Entries {
					if e.Number <= at.Position.Number {
						at.Time = e.Time
					}
				}
			}
			return at
		}
		var span Span
		span.From = moment("from", 0)
		span.To = moment("to", max(1, span.From.Position.Number))
		span.To.Time = span.To.Time.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "later")) * time.Hour)
		for _, only := range []*domain.WorkspaceID{nil, &workspaces[0], &workspaces[len(workspaces)-1]} {
			within := workspaces
			if only != nil {
				within = []domain.WorkspaceID{*only}
			}
			state, expected := accessAt(t, m, span.From, within...), accessAt(t, m, span.To, within...)
			for p := (Page{Size: 2}); ; {
				list, err := m.Diff(context.Background(), org, only, span, p)
				if err != nil {
					if only != nil && len(expected) == 0 {
						break // it was not there yet
					}
					t.Fatal(err)
				}
				for _, c := range list.Items {
					key := whose{c.Workspace, c.User}
					if diff := gocmp.Diff(state[key], seenOf(&c.Before), gocmp.AllowUnexported(seen{})); diff != "" {
						t.Errorf("%s in %s before (-state +diff):\n%s", c.User, c.Workspace, diff)
					}
					if gocmp.Equal(seenOf(&c.Before), seenOf(&c.After), gocmp.AllowUnexported(seen{})) {
						t.Errorf("the access of %s in %s is as before", c.User, c.Workspace)
					}
					if delete(state, key); c.After.Any() {
						state[key] = seenOf(&c.After)
					}
					if len(c.Events) == 0 && c.Ended.IsZero() {
						t.Errorf("nothing says why the access of %s in %s has changed", c.User, c.Workspace)
					}
					if want := endedBy(t, m, span, c.Workspace, c.User); !c.Ended.Equal(want) {
						t.Errorf("the membership of %s in %s ended at %s, want %s", c.User, c.Workspace, c.Ended, want)
					}
					for _, p := range c.Events {
						if p.Number <= span.From.Position.Number || p.Number > span.To.Position.Number {
							t.Errorf("event %s is not in the span %v", p, span)
						}
						if role, ok := updated[p.Number]; ok && !hadRole(t, m, Moment{wire.Position{Partition: partition, Number: p.Number - 1}, span.From.Time}, c.Workspace, c.User, role) {
							t.Errorf("event %s changed the role %s, which %s did not have", p, role, c.User)
						}
					}
				}
				if p.After = list.Next; p.After == "" {
					break
				}
			}
			if diff := gocmp.Diff(expected, state, gocmp.AllowUnexported(seen{})); diff != "" {
				t.Errorf("%v %v (-state +diff):\n%s", span, only, diff)
			}
		}
	})
}
