package feed

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	testTime  = time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC)
	testOrg   = domain.OrganizationID{1}
	testSpace = domain.WorkspaceID{2}
)

// node is a feed of one partition with its store. Read models that apply every message
// at once are all that it lacks of a service.
type node struct {
	*Feed
	writer string
	tip    wire.Checkpoint // of what has been applied
	end    func() error
}

// open opens the store, and the feed with what the log holds already. The feed does not
// run yet.
func open(t testing.TB, o store.Options) *node {
	t.Helper()
	o.Partitions = 1
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
		if testing.Verbose() {
			o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
		}
	}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{writer: uuid.NewString()}
	n.Feed = New(s, NewHistory(), 0, n.writer, o.Logger)
	n.end = sync.OnceValue(s.Close)
	t.Cleanup(func() { _ = n.end() })
	if n.tip, err = n.log.Tip(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.Start(n.tip.Number)
	if err := n.Listen(); err != nil {
		t.Fatal(err)
	}
	return n
}

// start opens a node whose feed runs.
func start(t testing.TB, o store.Options) *node {
	t.Helper()
	n := open(t, o)
	n.run(t)
	return n
}

func (n *node) run(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { n.Run(ctx) })
	closed := n.end
	n.end = sync.OnceValue(func() error {
		cancel()
		running.Wait()
		return closed()
	})
	t.Cleanup(func() { _ = n.end() })
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// count returns how many times the log has the text.
func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// write appends a message with that many events, and returns it.
func (n *node) write(t testing.TB, events int) wire.Message {
	t.Helper()
	return n.writeOf(t, func() domain.OrganizationID { return testOrg }, events)
}

// writeOf is write for events of several organizations.
func (n *node) writeOf(t testing.TB, org func() domain.OrganizationID, events int) wire.Message {
	t.Helper()
	m, err := n.append(n.tip, org, events)
	if err != nil {
		t.Fatal(err)
	}
	n.apply(m)
	return m
}

// append appends a message that continues the log. Every fourth event is the creation
// of a workspace.
func (n *node) append(after wire.Checkpoint, org func() domain.OrganizationID, events int) (wire.Message, error) {
	var payload []byte
	ids := wire.EventIDs{Last: after.ID}
	for i := range events {
		number := after.Number + uint64(i) + 1
		at := testTime.Add(time.Duration(number) * time.Second)
		about := domain.About{Organization: org(), Workspace: testSpace, User: domain.UserID(uuid.New())}
		var e domain.Event = domain.MemberAdded{About: about, Membership: domain.MembershipID(uuid.New()), Role: domain.RoleEditor}
		if number%4 == 0 {
			about.User = domain.UserID{}
			e = domain.WorkspaceCreated{About: about, Name: "Mill"}
		}
		var err error
		payload, err = wire.Append(payload, 0, &domain.Recorded{
			Event: e, ID: ids.Next(at), Number: number, Time: at,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"}, Command: domain.CommandID(uuid.New()),
		})
		if err != nil {
			return wire.Message{}, err
		}
	}
	e := wire.Next(after, n.writer, append(payload, ']'))
	if err := n.log.Append(context.Background(), e); err != nil {
		return wire.Message{}, err
	}
	return e.Decode(after)
}

// apply applies a message, which any node may have appended.
func (n *node) apply(m wire.Message) {
	n.tip = m.Checkpoint()
	n.Apply(m)
}

// seen waits until everything that was applied is visible.
func (n *node) seen(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.WaitFor(ctx, n.tip.Number); err != nil {
		t.Fatalf("%d of %d events are visible: %v", n.Visible(), n.tip.Number, err)
	}
}

// forget empties the memory of recent events.
func (n *node) forget() {
	n.view.mu.Lock()
	defer n.view.mu.Unlock()
	n.view.recent = nil
}

// all reads all visible events.
func (n *node) all(t testing.TB, f Filter) (all []Event) {
	t.Helper()
	for after := uint64(0); ; {
		page, next, err := n.Events(t.Context(), f, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if next == after {
			return all
		}
		all, after = append(all, page...), next
	}
}
