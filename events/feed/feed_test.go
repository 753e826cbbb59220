package feed

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// A feed that somebody deletes is made again with the same events and numbers.
func TestFeedIsMadeAgain(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()})
	for range 300 {
		n.write(t, 1)
	}
	n.write(t, 5)
	n.seen(t)
	n.forget()
	all := Filter{Organization: testOrg}
	before := n.all(t, all)
	if err := n.store.JS.DeleteStream(t.Context(), store.FeedStream(0)); err != nil {
		t.Fatal(err)
	}
	n.write(t, 1)
	n.seen(t)
	n.forget()
	after := n.all(t, all)
	if len(before) != 305 || len(after) != 306 {
		t.Fatalf("%d events before, %d after", len(before), len(after))
	}
	for i := range before {
		if before[i].Number != after[i].Number || !bytes.Equal(before[i].Stored, after[i].Stored) {
			t.Fatalf("event %d differs", i)
		}
	}
	one := Filter{Organization: testOrg, Workspace: testSpace, Types: []string{"muster.workspace.created"}}
	if page, next, err := n.Events(t.Context(), one, 0, 10); err != nil || len(page) != 10 || page[9].Number != 40 || next != 40 {
		t.Fatalf("%v up to %d, %v", page, next, err)
	}
	if page, next, err := n.Events(t.Context(), one, 304, 10); err != nil || len(page) != 0 || next != 306 {
		t.Fatalf("%v up to %d, %v", page, next, err)
	}
	e, err := n.Find(t.Context(), testOrg, idOf(t, after[200]))
	if err != nil || e.Number != after[200].Number {
		t.Fatalf("find: %v %v", e, err)
	}
}

func idOf(t *testing.T, e Event) domain.EventID {
	t.Helper()
	entry, _, err := wire.Decode(e.Stored)
	if err != nil {
		t.Fatal(err)
	}
	return entry.ID
}

// Memory and the feed give the same answers, and each event is found in both by its
// number, its id and its time.
func TestMemoryIsACacheOfTheFeed(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()})
	for range 50 {
		n.write(t, 2)
	}
	n.seen(t)
	filters := []Filter{
		{Organization: testOrg},
		{Organization: testOrg, Types: []string{"muster.workspace.created"}},
		{Organization: testOrg, Types: []string{"muster.workspace.*", "muster.member.added"}},
		{Organization: testOrg, Workspace: domain.WorkspaceID{9}},
		{Organization: domain.OrganizationID{9}},
	}
	var remembered [][]Event
	for _, f := range filters {
		remembered = append(remembered, n.all(t, f))
	}
	if len(remembered[0]) != 100 || len(remembered[1]) != 25 || len(remembered[2]) != 100 || len(remembered[3])+len(remembered[4]) != 0 {
		t.Fatalf("%d, %d, %d, %d and %d events", len(remembered[0]), len(remembered[1]), len(remembered[2]), len(remembered[3]), len(remembered[4]))
	}
	same := func(a, b Event) bool {
		return a.Number == b.Number && a.Type == b.Type && bytes.Equal(a.Stored, b.Stored)
	}
	for where, prepare := range map[string]func(){"memory": func() {}, "the feed": n.forget} {
		prepare()
		for i, f := range filters {
			if got := n.all(t, f); !slices.EqualFunc(got, remembered[i], same) {
				t.Errorf("%s has %d events of %+v, or others", where, len(got), f)
			}
		}
		for _, want := range remembered[0] {
			if e, err := n.EventAt(t.Context(), testOrg, want.Number); err != nil || !same(e, want) {
				t.Errorf("%s has %v as event %d: %v", where, e, want.Number, err)
			}
			if e, err := n.Find(t.Context(), testOrg, idOf(t, want)); err != nil || !same(e, want) {
				t.Errorf("%s has %v with the id of event %d: %v", where, e, want.Number, err)
			}
			at := testTime.Add(time.Duration(want.Number) * time.Second)
			if number, err := n.NumberAt(t.Context(), at); err != nil || number != want.Number-1 {
				t.Errorf("%s has %d before %s: %v", where, number, at, err)
			}
		}
		if number, err := n.NumberAt(t.Context(), testTime.Add(time.Hour)); err != nil || number != 100 {
			t.Errorf("%s has %d at the end: %v", where, number, err)
		}
	}
}

// An event of another organization, or none, is unknown however it is asked for.
func TestUnknownEvents(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()})
	n.write(t, 3)
	n.seen(t)
	known := n.all(t, Filter{Organization: testOrg})
	other := domain.OrganizationID{9}
	if e, err := n.EventAt(t.Context(), other, 2); !errors.Is(err, ErrUnknownEvent) {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := n.Find(t.Context(), other, idOf(t, known[1])); !errors.Is(err, ErrUnknownEvent) {
		t.Errorf("%v, %v", e, err)
	}
	for _, number := range []uint64{0, 4, 1 << 40} {
		if e, err := n.EventAt(t.Context(), testOrg, number); !errors.Is(err, ErrUnknownEvent) {
			t.Errorf("event %d: %v, %v", number, e, err)
		}
	}
	for _, id := range []domain.EventID{{}, {0xff}} {
		if e, err := n.Find(t.Context(), testOrg, id); !errors.Is(err, ErrUnknownEvent) {
			t.Errorf("event %s: %v, %v", id, e, err)
		}
	}
	if number, err := n.NumberAt(t.Context(), testTime); err != nil || number != 0 {
		t.Errorf("%d events before the first one: %v", number, err)
	}
}

// A feed that stopped short, as after a power cut, is filled from the log.
func TestFeedIsFilled(t *testing.T) {
	dir := t.TempDir()
	n := open(t, store.Options{Dir: dir}) // nothing is published
	for range 20 {
		n.write(t, 3)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	n = start(t, store.Options{Dir: dir})
	n.seen(t)
	if got := n.all(t, Filter{Organization: testOrg}); len(got) != 60 {
		t.Fatalf("%d events", len(got))
	}
}
