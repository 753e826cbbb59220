package projections

import (
	"fmt"
	"os"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

// buildFilters asks for the filters of an organization, and waits until they are built.
func buildFilters(t interface{ Fatal(...any) }, m *ReadModels, orgs ...domain.OrganizationID) {
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		m.absence.mu.Lock()
		missing := 0
		for _, org := range orgs {
			for of := range filterTables {
				if m.absence.filter(org, filtered(of)) == nil {
					missing++
				}
			}
		}
		m.absence.mu.Unlock()
		switch {
		case missing == 0:
			return
		case time.Since(begin) > 10*time.Second:
			t.Fatal("filters are not built")
		}
	}
}

// absent returns those of the keys that are known not to be there.
func absent(m *ReadModels, s *domain.State, keys ...domain.Key) (list []domain.Key) {
	for _, k := range keys {
		var into domain.State
		into.CopyFrom(s, []domain.Key{domain.WorkspaceKey(domain.WorkspaceID(k.Owner))})
		if len(m.absence.ruleOut([]domain.Key{k}, &into)) == 0 {
			list = append(list, k)
		}
	}
	return list
}

// newcomer returns the keys of a person whom nobody knows, in a workspace.
func newcomer(org domain.OrganizationID, ws domain.WorkspaceID, n int) []domain.Key {
	user := userID(n)
	return []domain.Key{
		domain.OrganizationMemberKey(org, user), domain.ProfileKey(org, user), domain.UserMembershipsKey(org, user),
		domain.EmailKey(org, fmt.Sprintf("user%d@example.com", n)), domain.MembershipKey(ws, user), domain.DoneKey(org, domain.CommandID{byte(n), 9}),
	}
}

// Whatever has been applied, committed, rolled back and applied again while filters were built
// and dropped: what there is never counts as absent.
func TestNothingThatExistsIsAbsent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "muster")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		h := newHistory(4)
		o := Options{Dir: dir, Partitions: 4}
		for n := range 3 {
			for _, c := range []domain.Command{createOrganization(orgID(n), 1), createWorkspace(orgID(n), wsID(n), 1)} {
				if err := h.try(c); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := rebuild(o, h.replay(nil)); err != nil {
			t.Fatal(err)
		}
		m, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close() //nolint:errcheck // nothing is read from it any more
		m.absence.most = rapid.SampledFrom([]int{mostAbsence, 8000}).Draw(t, "most")
		applied, done := len(h.messages), []domain.Key(nil)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			org := orgID(rapid.IntRange(0, 4).Draw(t, "organization"))
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0: // asks, and does not wait
				_ = absent(m, &h.state, newcomer(org, wsID(1), 77)...)
			case 1:
				if m.absence.most == mostAbsence {
					buildFilters(t, m, org)
				}
			case 2:
				if err := m.Commit(); err != nil {
					t.Fatal(err)
				}
			case 3:
				_, _ = m.projector.Exec("ROLLBACK") // there may be nothing to roll back
				m.projector.lost = true
			default:
				for range rapid.IntRange(1, 5).Draw(t, "commands") {
					_ = h.try(drawCommand(t, h, org)) // what is refused leaves no trace
				}
				keyed := rapid.Bool().Draw(t, "keyed")
				for ; applied < len(h.messages); applied++ {
					for i := range h.messages[applied].Entries {
						if r := &h.messages[applied].Entries[i].Recorded; keyed {
							r.Request = domain.Hash{1}
							done = append(done, domain.DoneKey(r.Event.Concerns().Organization, r.Command))
						}
					}
					if err := m.Apply(h.messages[applied]); err != nil {
						t.Fatal(err)
					}
				}
			}
			h.state.Each(func(k domain.Key, _ domain.Part) {
				if list := absent(m, &h.state, k); len(list) > 0 {
					t.Fatalf("%+v counts as absent", k)
				}
			})
			if list := absent(m, &h.state, done...); len(list) > 0 {
				t.Fatalf("%v count as absent", list)
			}
			checkBytes(t, m.absence)
		}
	})
}

// checkBytes demands that the filters take as much as was counted, and not too much.
func checkBytes(t interface{ Fatalf(string, ...any) }, a *absence) {
	a.mu.Lock()
	defer a.mu.Unlock()
	sum := 0
	for _, f := range a.filters.Values() {
		sum += filterBytes
		if f.keys != nil {
			sum += f.keys.bytes()
		}
	}
	if sum != a.bytes || sum > a.most {
		t.Fatalf("the filters take %d bytes, and %d of at most %d were counted", sum, a.bytes, a.most)
	}
}

// payDebt lets filters be built that were dropped.
func payDebt(a *absence) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.debt = 0
}

// Once the filters are built, loading what a command must see that adds somebody new does not
// touch the connection that writes.
func TestLoadingAStrangerWaitsForNobody(t *testing.T) {
	t.Parallel()
	h := newHistory(4)
	org, ws := orgID(1), wsID(1)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1), introduceMember(org, ws, 2, domain.RoleEditor))
	m := h.models(t)
	buildFilters(t, m, org)
	state := h.state.Copy([]domain.Key{domain.OrganizationKey(org), domain.WorkspaceKey(ws)})
	command := introduceMember(org, ws, 3, domain.RoleEditor).(domain.AddMember)
	command.Meta = keyed(org)
	var missing []domain.Key
	for _, k := range domain.Needs(state, command) {
		if !state.Holds(k) {
			missing = append(missing, k)
		}
	}
	m.writing.Lock()
	loaded := make(chan error, 1)
	go func() { loaded <- m.Load(missing, state) }()
	select {
	case err := <-loaded:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for whoever writes")
	}
	m.writing.Unlock()
	if again := domain.Needs(state, command); len(missing) < 5 || len(again) == 0 || !state.Holds(again[len(again)-1]) {
		t.Errorf("of %v, %v were loaded", again, missing)
	}
	if err := h.try(command); err != nil {
		t.Fatal(err)
	}
	if err := m.Apply(h.messages[len(h.messages)-1]); err != nil { // not committed
		t.Fatal(err)
	}
	var again domain.State
	if err := m.Load(missing, &again); err != nil {
		t.Fatal(err)
	}
	if again.Done(org, command.ID) == nil {
		t.Error("its result is not there")
	}
	again.Put(domain.DoneKey(org, command.ID), nil)
	if diff := gocmp.Diff(held(h.state.Copy(missing)), held(&again)); diff != "" {
		t.Errorf("after it was added (-evolved +loaded):\n%s", diff)
	}
}

// Filters never take more than they may together. Then those are dropped that nobody has used
// for the longest time, and an organization that is too large gets none.
func TestAbsenceIsBounded(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	ws := func(n int) domain.WorkspaceID { return wsID(n) }
	for n := range 20 {
		h.do(t, createOrganization(orgID(n), 1), createWorkspace(orgID(n), ws(n), 1))
	}
	for n := range 600 {
		h.do(t, introduceMember(orgID(19), ws(19), n+2, domain.RoleEditor))
	}
	m := h.models(t)
	m.absence.most = 8 * (filterBytes + (leastHashes/hashesInBlock)*blockBytes)
	for n := range 19 {
		payDebt(m.absence)
		buildFilters(t, m, orgID(n))
		checkBytes(t, m.absence)
	}
	if n := m.absence.filters.Len(); n > 8 || n < 3 {
		t.Errorf("%d filters are left", n)
	}
	keys := newcomer(orgID(19), ws(19), 5000)
	for range 100 {
		payDebt(m.absence)
		time.Sleep(100 * time.Microsecond)
		if list := absent(m, &h.state, keys[:5]...); len(list) > 0 {
			t.Fatalf("%v: an organization that is too large has a filter", list)
		}
	}
	if list := absent(m, &h.state, newcomer(orgID(18), ws(18), 5000)...); len(list) != 6 {
		t.Errorf("of the organization that was used last, only %v are known to be absent", list)
	}
}

// An organization that grows keeps its filter, and what comes is in it.
func TestAbsenceGrows(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org, ws := orgID(1), wsID(1)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1))
	m := h.models(t)
	buildFilters(t, m, org)
	for n := range 1000 {
		h.do(t, introduceMember(org, ws, n+2, domain.RoleEditor))
	}
	h.follow(t, m)
	known := 0
	for n := range 2000 {
		list := absent(m, &h.state, newcomer(org, ws, n+2)[:5]...)
		switch {
		case n < 1000 && len(list) > 1: // they have no role in the organization
			t.Fatalf("%d: %v", n, list)
		case n >= 1000:
			known += len(list)
		}
	}
	if known < 4990 {
		t.Errorf("of 5000 parts that there are not, only %d are known to be absent", known)
	}
	checkBytes(t, m.absence)
}

// A filter that is built when somebody was erased does not rule out what commands must know of
// the erasure: that it was asked for, and later that it is done.
func TestErasedPeopleAreNotAbsent(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	org, user := orgID(1), userID(12)
	h.do(t, createOrganization(org, 1))
	for h.tips[0].Number%7 == 6 { // it would be in clear
		h.do(t, domain.SetProfile{Meta: root(org), User: userID(30), Profile: profile(30).Patch()})
	}
	h.do(t, domain.SetProfile{Meta: root(org), User: user, Profile: profile(12).Patch()}, domain.RequestErasure{Meta: root(org), User: user})
	m := h.models(t)
	buildFilters(t, m, org)
	var loaded domain.State
	if err := m.Load([]domain.Key{domain.ProfileKey(org, user)}, &loaded); err != nil {
		t.Fatal(err)
	}
	if erasure, _ := loaded.Erasure(org, user); !erasure.Pending() {
		t.Errorf("the erasure is %+v", erasure)
	}
}
