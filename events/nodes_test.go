package events

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/muster-dev/muster/domain"
)

// outside starts a NATS server as an operator would run it.
func outside(t testing.TB) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { stopServer(s) })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return s.ClientURL()
}

func TestTwoNodesOnOneServer(t *testing.T) {
	url := outside(t)
	one := start(t, Options{Dir: t.TempDir(), URL: url})
	two := start(t, Options{Dir: t.TempDir(), URL: url})
	a := found(t, one)

	// Both add members to one workspace at once.
	var wg sync.WaitGroup
	const each = 60
	for _, n := range []*node{one, two} {
		for range 4 {
			wg.Go(func() {
				for range each / 4 {
					if _, err := n.Run(t.Context(), a.add()); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	tips, err := one.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := one.Partition(a.org)
	if tips[p].Number != 5+2*each {
		t.Fatalf("%d events, not %d", tips[p].Number, 5+2*each)
	}
	for _, n := range []*node{one, two} {
		if err := n.fold.WaitFor(t.Context(), tips[p]); err != nil {
			t.Fatal(err)
		}
		n.feedHolds(t, Position{p, tips[p].Number})
	}

	// A refusal is decided on what the log says now, not on what this node
	// remembers: each node sees at once what the other has just done.
	add := a.add()
	for i := range 20 {
		from, to := one, two
		if i%2 == 1 {
			from, to = two, one
		}
		must(t, from, add)
		if _, err := to.Run(t.Context(), add); !errors.Is(err, domain.ErrAlreadyMember) {
			t.Fatalf("round %d: added twice: %v", i, err)
		}
		must(t, to, domain.RemoveMember{Meta: root(a.org), Workspace: a.ws, User: add.User})
		if r := must(t, from, domain.RemoveMember{Meta: root(a.org), Workspace: a.ws, User: add.User}); len(r.Types) != 0 {
			t.Fatalf("round %d: removed twice", i)
		}
		add.ID = domain.CommandID(uuid.New())
	}
}

func TestTheLastOwnerIsRacedFor(t *testing.T) {
	url := outside(t)
	nodes := []*node{start(t, Options{Dir: t.TempDir(), URL: url}), start(t, Options{Dir: t.TempDir(), URL: url})}
	for range 10 {
		a := found(t, nodes[0])
		second := a.add()
		second.Role = domain.RoleOwner
		must(t, nodes[1], second)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, user := range []domain.UserID{a.owner, second.User} {
			wg.Go(func() {
				_, errs[i] = nodes[i].Run(t.Context(), domain.RemoveMember{Meta: root(a.org), Workspace: a.ws, User: user})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), domain.ErrLastOwner) {
			t.Fatalf("exactly one owner must stay: %v, %v", errs[0], errs[1])
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir})
	a := found(t, n)
	add := a.add()
	add.Request = domain.Hash{1}
	var wg sync.WaitGroup
	results := make([]Result, 50)
	for i := range results {
		wg.Go(func() {
			var err error
			again := add
			again.Membership = domain.MembershipID(uuid.New())
			if results[i], err = n.Run(t.Context(), again); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first := 0
	for _, r := range results {
		if !r.Replayed {
			first++
		}
		if r.Position != results[0].Position || r.State.Membership(a.ws, add.User).ID != results[0].State.Membership(a.ws, add.User).ID {
			t.Fatal("two answers to one key")
		}
	}
	if first != 1 {
		t.Fatalf("%d first answers", first)
	}
	other := add
	other.Request = domain.Hash{2}
	if _, err := n.Run(t.Context(), other); !errors.Is(err, ErrIdempotencyMismatch) {
		t.Fatalf("another request with the same key: %v", err)
	}
}

func TestTryWritesNothing(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir()})
	a := found(t, n)
	before, _ := n.Tips(t.Context())
	add := a.add()
	r, err := n.Try(t.Context(), add)
	if err != nil || r.State.Membership(a.ws, add.User) == nil || len(r.Types) != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	after, _ := n.Tips(t.Context())
	if before[0] != after[0] || before[1] != after[1] {
		t.Fatal("something was written")
	}
	must(t, n, add)
	if _, err := n.Try(t.Context(), add); !errors.Is(err, domain.ErrAlreadyMember) {
		t.Fatal(err)
	}
}

func TestRefusedDirectories(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 2})
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 2}); !errors.Is(err, ErrDirectoryInUse) {
		t.Fatalf("second process: %v", err)
	}
	found(t, n)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 3}); !errors.Is(err, ErrOtherPartitions) || !strings.Contains(err.Error(), "--partitions 2") {
		t.Fatalf("other partitions: %v", err)
	}
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 2, URL: "nats://127.0.0.1:1"}); !errors.Is(err, ErrOtherMode) {
		t.Fatalf("other mode: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "jetstream")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first try must not have made an empty log
		if _, err := tryStart(t, Options{Dir: dir, Partitions: 2}); !errors.Is(err, ErrLogMissing) {
			t.Fatalf("the log taken away: %v", err)
		}
	}
	url := outside(t)
	other := t.TempDir()
	if err := start(t, Options{Dir: other, URL: url}).end(); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Options{Dir: other}); !errors.Is(err, ErrOtherMode) {
		t.Fatalf("external directory, started embedded: %v", err)
	}
	elsewhere := outside(t)
	if _, err := tryStart(t, Options{Dir: other, URL: elsewhere}); !errors.Is(err, ErrLogMissing) {
		t.Fatalf("an empty server: %v", err)
	}
	start(t, Options{Dir: t.TempDir(), URL: elsewhere})
	if _, err := tryStart(t, Options{Dir: other, URL: elsewhere}); !errors.Is(err, ErrOtherLog) {
		t.Fatalf("another log: %v", err)
	}
}

func TestTruncatedLogIsRefused(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 1})
	a := found(t, n)
	copied := t.TempDir()
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(dir, "jetstream"))); err != nil {
		t.Fatal(err)
	}
	n = start(t, Options{Dir: dir, Partitions: 1})
	if err := n.fold.WaitFor(t.Context(), must(t, n, a.add()).Position); err != nil {
		t.Fatal(err)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	last := n.fold.applied[0]
	if err := os.RemoveAll(filepath.Join(dir, "jetstream")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "jetstream"), os.DirFS(copied)); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Options{Dir: dir, Partitions: 1}); !errors.Is(err, ErrTruncated) {
		t.Fatalf("a log cut short: %v", err)
	}
	// A read model that knows more than the log is refused even without the mark.
	if err := os.Remove(filepath.Join(dir, markFile)); err != nil {
		t.Fatal(err)
	}
	l, err := Open(t.Context(), Options{Dir: dir, Partitions: 1, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := l.Follow(t.Context(), []Checkpoint{last}, func([]Batch) error { return nil }); !errors.Is(err, ErrTruncated) {
		t.Fatalf("a checkpoint behind the end: %v", err)
	}
	if err := l.Ready(t.Context()); !errors.Is(err, ErrTruncated) {
		t.Fatalf("ready: %v", err)
	}
}

func TestFeedIsMadeAgain(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	for range 300 {
		must(t, n, a.add())
	}
	tip := Position{0, 305}
	n.feedHolds(t, tip)
	f := n.partitions[0].feeder
	before := readFeed(t, f, a.org)
	if err := n.js.DeleteStream(t.Context(), feedStream(0)); err != nil {
		t.Fatal(err)
	}
	must(t, n, a.add())
	n.feedHolds(t, Position{0, 306})
	after := readFeed(t, f, a.org)
	if len(before) != 305 || len(after) != 306 {
		t.Fatalf("%d events before, %d after", len(before), len(after))
	}
	for i := range before {
		if before[i].Number != after[i].Number || string(before[i].JSON) != string(after[i].JSON) {
			t.Fatalf("event %d differs", i)
		}
	}
	one := Filter{Organization: a.org, Workspace: a.ws, Types: []string{"muster.workspace.created"}}
	if page, _, err := f.read(t.Context(), one, 0, 10); err != nil || len(page) != 1 || page[0].Type != "muster.workspace.created" {
		t.Fatalf("%v %v", page, err)
	}
	e, err := findByJSON(n, a.org, after[200].JSON)
	if err != nil || e.Number != after[200].Number {
		t.Fatalf("find: %v %v", e, err)
	}
}

// findByJSON finds an event by the id in its JSON.
func findByJSON(n *node, org domain.OrganizationID, wire []byte) (PublicEvent, error) {
	entry, _, err := Decode(wire)
	if err != nil {
		return PublicEvent{}, err
	}
	return n.Find(context.Background(), org, entry.ID)
}

// readFeed reads the whole feed past what is in memory.
func readFeed(t testing.TB, f *feeder, org domain.OrganizationID) (all []PublicEvent) {
	t.Helper()
	for after := uint64(0); ; {
		page, next, err := f.read(t.Context(), Filter{Organization: org}, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if next == after {
			return all
		}
		all, after = append(all, page...), next
	}
}

func TestTimesAndNumbers(t *testing.T) {
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1, Now: func() time.Time { return clock }})
	a := found(t, n)              // events 1 to 5
	clock = clock.Add(-time.Hour) // the clock goes back; history does not
	must(t, n, a.add())
	clock = clock.Add(3 * time.Hour)
	must(t, n, a.add())
	if err := n.fold.WaitFor(t.Context(), Position{0, 7}); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]uint64{"2026-03-01T12:00:00Z": 0, "2026-03-01T12:00:01Z": 6, "2026-03-01T15:00:00Z": 7} {
		when, _ := time.Parse(time.RFC3339, at)
		if got, err := n.NumberAt(t.Context(), 0, when); err != nil || got != want {
			t.Errorf("before %s: %d, not %d (%v)", at, got, want, err)
		}
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	last := n.fold.entries[0]
	for _, e := range n.fold.entries[1:] {
		if e.Time.Before(last.Time) || e.ID.Compare(last.ID) <= 0 || e.ID.Time() != uint64(e.Time.UnixMilli()) {
			t.Fatalf("event %d at %s with id %s follows %s with %s", e.Number, e.Time, e.ID, last.Time, last.ID)
		}
		last = e
	}
}

// A caller who leaves while a group is decided again and again is answered once.
func TestCallersWhoLeave(t *testing.T) {
	url := outside(t)
	nodes := []*node{start(t, Options{Dir: t.TempDir(), URL: url, Partitions: 1}), start(t, Options{Dir: t.TempDir(), URL: url, Partitions: 1})}
	a := found(t, nodes[0])
	var wg sync.WaitGroup
	for _, n := range nodes {
		for range 8 {
			wg.Go(func() {
				for i := range 40 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%5)*200*time.Microsecond)
					_, err := n.Run(ctx, a.add())
					cancel()
					if err != nil && !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrOutcomeUnknown) {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	must(t, nodes[0], a.add())
	must(t, nodes[1], a.add())
}
