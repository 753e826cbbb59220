package feed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// eventsOf returns a message with an event of each organization, from the number on.
func eventsOf(first uint64, orgs ...byte) wire.Message {
	m := events(first, len(orgs))
	for i, org := range orgs {
		m.Entries[i].Event = domain.WorkspaceArchived{About: domain.About{Organization: domain.OrganizationID{org}}}
	}
	return m
}

// signalled reports whether the watch was woken.
func signalled(wake <-chan struct{}) bool {
	select {
	case <-wake:
		return true
	default:
		return false
	}
}

// numbersOf returns what a reader after the number gets at once.
func (v *view) numbersOf(t *testing.T, org byte, after uint64, limit int) (numbers []uint64, next uint64) {
	t.Helper()
	found, next, ok := v.read(Filter{Organization: domain.OrganizationID{org}}, after, limit)
	if !ok {
		t.Fatalf("what organization %d has after %d is not in memory", org, after)
	}
	for _, e := range found {
		numbers = append(numbers, e.Number)
	}
	return numbers, next
}

// An event wakes everybody who watches its organization, once, when it is visible, and
// nobody else.
func TestAnEventWakesItsOrganization(t *testing.T) {
	v := newView()
	v.adopt(testTime, 0, true)
	one, stop := v.watch(domain.OrganizationID{1})
	another, stopAnother := v.watch(domain.OrganizationID{1})
	two, stopTwo := v.watch(domain.OrganizationID{2})
	expect := func(after string, want ...bool) {
		t.Helper()
		if got := []bool{signalled(one), signalled(another), signalled(two)}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after %s: woken %v, not %v", after, got, want)
		}
	}
	expect("nothing", false, false, false)
	v.apply(eventsOf(1, 1, 1, 3))
	expect("events that the feed lacks", false, false, false)
	v.reached(1)
	expect("the first one", true, true, false)
	v.reached(3)
	expect("the others", true, true, false)
	v.apply(eventsOf(4, 2, 3, 2))
	v.reached(5)
	expect("events of others", false, false, true)
	v.lose()
	v.adopt(testTime.Add(time.Second), 0, true)
	expect("the feed was lost", false, false, false)
	v.reached(6)
	expect("the last one", false, false, true)
	stop()
	stop() // does nothing
	v.apply(eventsOf(7, 1))
	v.reached(7)
	expect("one watch was stopped", false, true, false)
	stopAnother()
	stopTwo()
	stop()
	if len(v.tails) != 0 {
		t.Errorf("%d tails are left", len(v.tails))
	}
}

// A reader that watches comes to the end of everything at once, however much has happened
// in other organizations, and skips nothing of its own.
func TestATailSkipsOtherOrganizations(t *testing.T) {
	v := newView()
	v.adopt(testTime, 0, true)
	wake, stop := v.watch(domain.OrganizationID{1})
	defer stop()
	others := make([]byte, 1000)
	for i := range others {
		others[i] = 2
	}
	number := uint64(1)
	apply := func(orgs ...byte) {
		v.apply(eventsOf(number, orgs...))
		number += uint64(len(orgs))
		v.reached(number - 1)
	}
	for range 20 { // more than stays in memory
		apply(others...)
	}
	apply(1, 2, 1, 1, 2)
	if !v.isLive(domain.OrganizationID{1}, 0) || v.isLive(domain.OrganizationID{2}, 0) {
		t.Error("whoever does not watch is live, or whoever does is not")
	}
	numbers, next := v.numbersOf(t, 1, 0, 2)
	if fmt.Sprint(numbers) != "[20001 20003]" || next != 20003 {
		t.Errorf("%v up to %d", numbers, next)
	}
	numbers, next = v.numbersOf(t, 1, next, 2)
	if fmt.Sprint(numbers) != "[20004]" || next != 20005 {
		t.Errorf("%v up to %d", numbers, next)
	}
	if !signalled(wake) {
		t.Error("nobody was woken")
	}
	for range 20 {
		apply(others...)
	}
	// The events are not in memory any more. What was skipped need not be looked at.
	if found, next, ok := v.read(Filter{Organization: domain.OrganizationID{1}}, 0, 10); ok || next != 20000 || found != nil {
		t.Errorf("%v up to %d, %t", found, next, ok)
	}
	if numbers, next := v.numbersOf(t, 1, 20004, 2); numbers != nil || next != number-1 {
		t.Errorf("%v up to %d", numbers, next)
	}
	// What a tail has forgotten is not taken for nothing.
	for range 3 * tailSize {
		apply(1)
	}
	numbers, _ = v.numbersOf(t, 1, number-2, 10)
	if fmt.Sprint(numbers) != fmt.Sprint([]uint64{number - 1}) {
		t.Errorf("%v, and the last one is %d", numbers, number-1)
	}
	if _, known := v.tails[domain.OrganizationID{1}].after(20001); known {
		t.Error("the tail says that it knows what it has forgotten")
	}
}

// If more becomes visible at once than is in memory, everybody looks.
func TestAllAreWokenByWhatIsNotInMemory(t *testing.T) {
	v := newView()
	wake, stop := v.watch(domain.OrganizationID{1})
	defer stop()
	v.start(100)
	v.adopt(testTime, 100, true)
	if !signalled(wake) {
		t.Error("nobody was woken")
	}
	if _, _, ok := v.read(Filter{Organization: domain.OrganizationID{1}}, 0, 10); ok {
		t.Error("the tail says that there is nothing in what it has not seen")
	}
}

// Many followers of several organizations get all events of theirs while they are written,
// in order, and each of them once.
func TestFollowersMissNothing(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()})
	n.write(t, 10)
	n.seen(t)
	const orgs, followers, messages = 3, 20, 200
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ready, done := make(chan struct{}), make(chan struct{})
	var waiting, running sync.WaitGroup
	got := make([][]uint64, orgs*followers)
	waiting.Add(len(got))
	for i := range got {
		running.Go(func() {
			f := Filter{Organization: domain.OrganizationID{byte(i%orgs + 1)}}
			wake, stop := n.Watch(f.Organization)
			defer stop()
			after := n.Visible()
			waiting.Done()
			<-ready
			for last := false; ; {
				found, next, err := n.Events(ctx, f, after, 7)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range found {
					got[i] = append(got[i], e.Number)
				}
				if next > after {
					after = next
					continue
				}
				if last {
					return
				}
				select {
				case <-wake:
				case <-done:
					last = true
				}
			}
		})
	}
	waiting.Wait()
	close(ready)
	written := make([][]uint64, orgs)
	for range messages {
		m := n.writeOf(t, func() domain.OrganizationID { return domain.OrganizationID{byte(rand.IntN(orgs) + 1)} }, 1+rand.IntN(20))
		for _, e := range m.Entries {
			org := e.Event.Concerns().Organization[0] - 1
			written[org] = append(written[org], e.Number)
		}
	}
	n.seen(t)
	close(done)
	running.Wait()
	for i, numbers := range got {
		if fmt.Sprint(numbers) != fmt.Sprint(written[i%orgs]) {
			t.Errorf("follower %d of organization %d got %d events of %d, or in another order", i, i%orgs+1, len(numbers), len(written[i%orgs]))
		}
	}
}

// BenchmarkWake measures an event while others watch their organizations. Those who watch
// another organization must not count.
func BenchmarkWake(b *testing.B) {
	for _, others := range []int{0, 1000, 100_000} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			v := newView()
			v.adopt(testTime, 0, true)
			for i := range others {
				_, stop := v.watch(domain.OrganizationID{2, byte(i >> 16), byte(i >> 8), byte(i)})
				defer stop()
			}
			wake, stop := v.watch(testOrg)
			defer stop()
			for number := uint64(1); b.Loop(); number++ {
				v.apply(events(number, 1))
				v.reached(number)
				<-wake
			}
		})
	}
}
