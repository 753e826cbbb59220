package feed

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// history starts a node with that many events, of which none is in memory.
func history(t testing.TB, events int) *node {
	t.Helper()
	n := start(t, store.Options{Dir: t.TempDir()})
	for range events / 200 {
		n.write(t, 200)
	}
	n.seen(t)
	n.forget()
	n.history.applied.Store(0)
	return n
}

// loads returns how many pages have been read.
func (h *History) loads() int {
	h.pages.mu.Lock()
	defer h.pages.mu.Unlock()
	return h.pages.loads
}

// Readers who begin at the first event share pages: each is read once for all of them, and
// nothing is read on the connection that writes.
func TestReadersShareTheirPages(t *testing.T) {
	const events, readers = 4000, 50
	n := history(t, events)
	one := n.history.loads()
	n.all(t, Filter{Organization: testOrg})
	one = n.history.loads() - one

	n.history.pages = pages{}
	before := n.store.Conn.Stats().InBytes
	var all sync.WaitGroup
	for i := range readers {
		all.Go(func() {
			for after, size := uint64(i*10), 10+i; after < events; { // each with pages of its own
				found, next, err := n.Events(t.Context(), Filter{Organization: testOrg}, after, size)
				if err != nil || len(found) == 0 || found[0].Number != after+1 || next != found[len(found)-1].Number {
					t.Errorf("%d events after %d up to %d: %v", len(found), after, next, err)
					return
				}
				after = next
			}
		})
	}
	all.Wait()
	if loads := n.history.loads(); loads > 3*one {
		t.Errorf("%d readers read %d pages, and one reads %d", readers, loads, one)
	}
	if read := n.store.Conn.Stats().InBytes - before; read > 100<<10 {
		t.Errorf("%d bytes came in on the connection that writes", read)
	}
}

// The pages in memory are bounded, and those that were used last stay.
func TestPagesAreBounded(t *testing.T) {
	var c pages
	read := func(after uint64) *page {
		p, err := c.get(t.Context(), source{}, after, func(context.Context) (*page, error) {
			p := &page{}
			p.add(item{Event: Event{Number: after + 1, Stored: make([]byte, 1<<20)}})
			return p, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := read(0)
	for after := range uint64(100) {
		read(after)
		if read(0) != first {
			t.Fatalf("the page that is used all the time was lost after %d others", after)
		}
	}
	if c.bytes > cacheBytes || c.recent.Len() != len(c.kept[source{}]) || c.recent.Len() > cacheBytes>>20 {
		t.Errorf("%d bytes in %d pages", c.bytes, c.recent.Len())
	}
}

// A page that is being read for a reader who leaves is read again for the others.
func TestALeavingReaderTakesNoPageAlong(t *testing.T) {
	var c pages
	var reads atomic.Int64
	leaving, leave := context.WithCancel(t.Context())
	reading := make(chan struct{})
	first := make(chan error, 1)
	go func() {
		_, err := c.get(leaving, source{}, 0, func(ctx context.Context) (*page, error) {
			close(reading)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		first <- err
	}()
	<-reading
	second := make(chan error, 1)
	go func() {
		_, err := c.get(t.Context(), source{}, 0, func(context.Context) (*page, error) {
			reads.Add(1)
			return &page{upto: 1}, nil
		})
		second <- err
	}()
	time.Sleep(20 * time.Millisecond) // it should be waiting; the test holds either way
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-second; err != nil || reads.Load() != 1 {
		t.Errorf("%d reads, %v", reads.Load(), err)
	}
}

// A filter that selects nothing, or little, costs a bounded number of pages a call, and
// each call says how far it has looked.
func TestRareEventsAreFoundInBoundedSteps(t *testing.T) {
	const events = 6000
	n := history(t, events)
	for name, f := range map[string]Filter{
		"nobody":               {Organization: testOrg, User: domain.UserID(uuid.New())},
		"nothing in JetStream": {Organization: testOrg, Workspace: domain.WorkspaceID{9}},
		"another organization": {Organization: domain.OrganizationID{9}},
	} {
		n.history.pages = pages{}
		calls := 0
		for after := uint64(0); after < events; calls++ {
			loads := n.history.loads()
			found, next, err := n.Events(t.Context(), f, after, 50)
			if err != nil || len(found) != 0 || next <= after {
				t.Fatalf("%s: %d events after %d up to %d: %v", name, len(found), after, next, err)
			}
			if loads = n.history.loads() - loads; loads > 8 {
				t.Errorf("%s: one call has read %d pages", name, loads)
			}
			after = next
		}
		if calls > events/pageSize {
			t.Errorf("%s: %d calls", name, calls)
		}
	}
}

// A reader with a client that takes nothing holds up nobody: between two calls it holds no
// turn.
func TestReadersHoldNoTurnBetweenCalls(t *testing.T) {
	n := history(t, 2000)
	for range 4 * concurrentReads() {
		if _, _, err := n.Events(t.Context(), Filter{Organization: testOrg}, 0, 10); err != nil {
			t.Fatal(err)
		}
	}
	if held := len(n.history.slots); held != 0 {
		t.Errorf("%d turns are held", held)
	}
}

// While a feed is compared with the log, and while there is none, the log is read: readers
// wait for nothing and see no gap.
func TestTheLogIsReadWhileTheFeedIsNotChecked(t *testing.T) {
	dir := t.TempDir()
	n := start(t, store.Options{Dir: dir})
	for range 100 {
		n.write(t, 3)
	}
	n.seen(t)
	want := n.all(t, Filter{Organization: testOrg})
	dir = copyOf(t, dir) // as after a kill
	block(t, dir, func(content []byte) { content[len(content)/2] ^= 1 })

	n = open(t, store.Options{Dir: dir})
	n.history.background <- struct{}{} // no check gets its turn
	n.run(t)
	n.seen(t)
	n.forget()
	begin := time.Now()
	got := n.all(t, Filter{Organization: testOrg})
	if took := time.Since(begin); len(got) != len(want) || took > patience/2 {
		t.Fatalf("%d events of %d in %s", len(got), len(want), took)
	}
	for i := range want {
		if got[i].Number != want[i].Number || !bytes.Equal(got[i].Stored, want[i].Stored) {
			t.Fatalf("event %d differs", i+1)
		}
		if e, err := n.EventAt(t.Context(), testOrg, want[i].Number); i%50 == 0 && (err != nil || !bytes.Equal(e.Stored, want[i].Stored)) {
			t.Fatalf("event %d: %v", i+1, err)
		}
	}
	<-n.history.background
}

// A reader of history waits while as many as may be served are being served.
func TestReadersWaitForTheirTurn(t *testing.T) {
	n := history(t, 400)
	for range cap(n.history.slots) {
		n.history.slots <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if found, _, err := n.Events(ctx, Filter{Organization: testOrg}, 0, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d events are read out of turn: %v", len(found), err)
	}
	<-n.history.slots
	if found, _, err := n.Events(t.Context(), Filter{Organization: testOrg}, 0, 10); err != nil || len(found) != 10 {
		t.Errorf("%d events are read: %v", len(found), err)
	}
}
