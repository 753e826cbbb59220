package feed

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// events returns a message with that many events from the number on.
func events(first uint64, count int) wire.Message {
	m := wire.Message{Entries: make([]wire.Entry, count)}
	for i := range m.Entries {
		m.Entries[i] = wire.Entry{Recorded: domain.Recorded{
			Number: first + uint64(i), Event: domain.WorkspaceArchived{About: domain.About{Organization: testOrg}},
		}}
	}
	return m
}

// An event is visible when it is applied and fed, whichever comes first, and stays
// visible when the feed is lost.
func TestVisible(t *testing.T) {
	v := newView()
	expect := func(after string, visible uint64) {
		t.Helper()
		if _, _, got := v.numbers(); got != visible {
			t.Errorf("after %s %d is visible, not %d", after, got, visible)
		}
	}
	v.apply(events(1, 3))
	expect("three were applied", 0)
	v.adopt(testTime, 0, true)
	v.reached(2)
	expect("two were fed", 2)
	v.reached(5) // another process was faster
	expect("five were fed", 3)
	v.apply(events(4, 2))
	expect("five were applied", 5)
	v.lose()
	expect("the feed was lost", 5)
	v.adopt(testTime.Add(time.Second), 0, true)
	v.apply(events(6, 1))
	v.reached(4)
	expect("a part was made again", 5)
	v.reached(6)
	expect("all was made again", 6)
}

// What is in memory and not visible is not shown.
func TestMemoryShowsNoMoreThanIsVisible(t *testing.T) {
	v := newView()
	v.adopt(testTime, 0, true)
	v.apply(events(1, 5))
	all := Filter{Organization: testOrg}
	for fed := range uint64(6) {
		v.reached(fed)
		found, next, ok := v.read(all, 0, 100)
		if !ok || uint64(len(found)) != fed || next != fed {
			t.Errorf("with %d fed %d are shown up to %d, %t", fed, len(found), next, ok)
		}
		if _, ok := v.at(fed + 1); ok {
			t.Errorf("with %d fed event %d is shown", fed, fed+1)
		}
	}
	for after, want := range map[uint64]int{0: 2, 3: 2, 4: 1, 5: 0, 1 << 60: 0} {
		found, next, ok := v.read(all, after, 2)
		if !ok || len(found) != want || next != after+uint64(want) {
			t.Errorf("after %d come %d up to %d, %t", after, len(found), next, ok)
		}
	}
}

// While a feed is checked new events are visible at once. What has not been checked
// yet is waited for.
func TestNewEventsWaitForNoCheck(t *testing.T) {
	n := open(t, store.Options{Dir: t.TempDir()})
	n.Start(1000)
	n.view.adopt(testTime, 1000, false)
	n.view.setChecked(testTime, 10)
	n.Apply(events(1001, 1))
	n.view.reached(1001)

	if err := n.WaitFor(t.Context(), 1001); err != nil {
		t.Error(err)
	}
	all := Filter{Organization: testOrg}
	if found, next, err := n.Events(t.Context(), all, 1000, 10); err != nil || len(found) != 1 || next != 1001 {
		t.Errorf("%v up to %d, %v", found, next, err)
	}
	if e, err := n.EventAt(t.Context(), testOrg, 1001); err != nil || e.Number != 1001 {
		t.Errorf("%v, %v", e, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if found, next, err := n.Events(ctx, all, 10, 10); !errors.Is(err, ErrBehind) || len(found) != 0 || next != 10 {
		t.Errorf("what is not checked is shown: %v up to %d, %v", found, next, err)
	}
	if _, last := n.view.stored(); last != 10 {
		t.Errorf("%d events can be read, and 10 have been checked", last)
	}
}

// Whoever waits for a number is woken when it comes, and not before.
func TestWaitFor(t *testing.T) {
	n := open(t, store.Options{Dir: t.TempDir()})
	n.view.adopt(testTime, 0, true)
	n.Apply(events(1, 1))
	for _, number := range []uint64{1, 2, 1<<64 - 1} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		if err := n.WaitFor(ctx, number); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("for %d: %v", number, err)
		}
		cancel()
	}
	woken := make(chan error, 1)
	go func() { woken <- n.WaitFor(t.Context(), 1) }()
	n.view.reached(1)
	if err := <-woken; err != nil {
		t.Error(err)
	}
}

// An event that is applied and not in the feed yet is waited for when somebody asks for
// it by its number or id, and is not said to be unknown.
func TestAppliedEventsAreWaitedFor(t *testing.T) {
	n := open(t, store.Options{Dir: t.TempDir()})
	n.view.adopt(testTime, 0, true)
	m := n.write(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if e, err := n.EventAt(ctx, testOrg, 2); !errors.Is(err, ErrBehind) {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := n.Find(ctx, testOrg, m.Entries[1].ID); !errors.Is(err, ErrBehind) {
		t.Errorf("%v, %v", e, err)
	}
	n.view.reached(2)
	if e, err := n.EventAt(t.Context(), testOrg, 2); err != nil || e.Number != 2 {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := n.Find(t.Context(), testOrg, m.Entries[1].ID); err != nil || e.Number != 2 {
		t.Errorf("%v, %v", e, err)
	}
}

// Read models can show an event before the feed hears that they have applied it. Such an
// event is waited for and not said to be unknown. An event that nobody can know of is
// unknown at once.
func TestExpectedEventsAreWaitedFor(t *testing.T) {
	n := open(t, store.Options{Dir: t.TempDir()})
	n.view.adopt(testTime, 0, true)
	m, err := n.append(n.tip, func() domain.OrganizationID { return testOrg }, 2)
	if err != nil {
		t.Fatal(err)
	}
	n.Expect(m)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if e, err := n.EventAt(ctx, testOrg, 2); !errors.Is(err, ErrBehind) {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := n.Find(ctx, testOrg, m.Entries[1].ID); !errors.Is(err, ErrBehind) {
		t.Errorf("%v, %v", e, err)
	}
	begin := time.Now()
	if e, err := n.EventAt(t.Context(), testOrg, 3); !errors.Is(err, ErrUnknownEvent) {
		t.Errorf("%v, %v", e, err)
	}
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("an unknown event was waited for: %s", took)
	}
	found := make(chan error, 2)
	go func() { _, err := n.EventAt(t.Context(), testOrg, 2); found <- err }()
	go func() { _, err := n.Find(t.Context(), testOrg, m.Entries[1].ID); found <- err }()
	n.apply(m)
	n.view.reached(2)
	for range cap(found) {
		if err := <-found; err != nil {
			t.Error(err)
		}
	}
}

// A stream that was lost and is there again is checked again only if it was not known to
// be whole, or may have been damaged since.
func TestOnlyUnknownStreamsAreChecked(t *testing.T) {
	one, two := testTime, testTime.Add(time.Second)
	for _, c := range []struct {
		name    string
		own     bool
		before  func(*view) // what happens to a stream that has been adopted
		next    time.Time   // creation time of the stream that is adopted then
		check   bool
		checked uint64
	}{
		{"made here, and lost", true, (*view).lose, one, false, allChecked},
		{"made here, and replaced", true, (*view).lose, two, true, 0},
		{"made here, and damaged", true, (*view).distrust, one, true, 0},
		{"found whole", false, func(v *view) { v.setChecked(one, allChecked) }, one, false, allChecked},
		{"found whole, and lost", false, func(v *view) { v.setChecked(one, allChecked); v.lose() }, one, false, allChecked},
		{"found whole, and damaged", false, func(v *view) { v.setChecked(one, allChecked); v.distrust() }, one, true, 0},
		{"still being checked", false, func(v *view) { v.setChecked(one, 5) }, one, false, 5},
		{"lost during the check", false, func(v *view) { v.setChecked(one, 5); v.lose() }, one, true, 0},
	} {
		v := newView()
		if check := v.adopt(one, 10, c.own); check == c.own {
			t.Errorf("%s: checked at first: %t", c.name, check)
		}
		c.before(v)
		if check := v.adopt(c.next, 10, false); check != c.check || v.checked != c.checked {
			t.Errorf("%s: to be checked: %t, checked up to %d", c.name, check, v.checked)
		}
	}
}
