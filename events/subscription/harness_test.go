package subscription

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	testTime  = time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC)
	testOrg   = domain.OrganizationID{1}
	testSpace = domain.WorkspaceID{2}
)

// node is a feed of one partition with its store and the subscriptions on it. Read models that
// apply every message at once are all that it lacks of a service.
type node struct {
	*Subscriptions
	feed   *feed.Feed
	store  *store.Store
	writer string
	tip    wire.Checkpoint
	lost   chan *domain.SubscriptionID // what Watch has told
	next   domain.Event                // what is written next; nil: as write says
	end    func() error
}

// start opens a node.
func start(t testing.TB, o store.Options, options Options) *node {
	t.Helper()
	o.Partitions = 1
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{store: s, writer: uuid.NewString(), end: sync.OnceValue(s.Close)}
	t.Cleanup(func() { _ = n.end() })
	n.feed = feed.New(s, feed.NewHistory(), 0, n.writer, o.Logger)
	if n.tip, err = s.Partitions[0].Tip(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.feed.Start(n.tip.Number)
	if err := n.feed.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { n.feed.Run(ctx) })
	n.end = sync.OnceValue(func() error {
		cancel()
		running.Wait()
		return s.Close()
	})
	options.Events, options.Logger = n.feed.Events, o.Logger
	if n.Subscriptions, err = Open(t.Context(), s, options); err != nil {
		t.Fatal(err)
	}
	n.lost = make(chan *domain.SubscriptionID, 100)
	running.Go(func() {
		if err := n.Watch(ctx, func(id *domain.SubscriptionID) { n.lost <- id }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return n
}

// quick has failures tried again at once, and lets others take over soon.
func quick() Options {
	return Options{AckWait: time.Second, Schedule: func(int) time.Duration { return 10 * time.Millisecond }}
}

// write appends events of the organization, one message each. Every fourth event of the
// partition is the creation of a workspace, the others add members.
func (n *node) write(t testing.TB, events int) {
	t.Helper()
	for range events {
		n.append(t)
	}
	n.seen(t)
}

func (n *node) append(t testing.TB) wire.Message {
	t.Helper()
	m, err := n.tryAppend()
	must(t, err)
	return m
}

// update appends the event that the subscription wants from now on what the spec says, and returns
// the spec with its number.
func (n *node) update(t testing.TB, s Spec) Spec {
	t.Helper()
	n.next = domain.SubscriptionUpdated{
		About: domain.About{Organization: testOrg}, ID: s.ID,
		SubscriptionTerms: domain.SubscriptionTerms{Name: "test", Types: s.Types, Workspace: s.Workspace},
	}
	n.append(t)
	n.next = nil
	n.seen(t)
	return s.later(n.tip.Number)
}

// tryAppend appends an event. If that fails it may be in the log all the same, and the next call
// takes it over.
func (n *node) tryAppend() (wire.Message, error) {
	number := n.tip.Number + 1
	at := testTime.Add(time.Duration(number) * time.Second)
	about := domain.About{Organization: testOrg, Workspace: testSpace, User: domain.UserID(uuid.New())}
	var e domain.Event = domain.MemberAdded{About: about, Membership: domain.MembershipID(uuid.New()), Role: domain.RoleEditor}
	if number%4 == 0 {
		about.User = domain.UserID{}
		e = domain.WorkspaceCreated{About: about, Name: "Mill"}
	}
	if n.next != nil {
		e = n.next
	}
	ids := wire.EventIDs{Last: n.tip.ID}
	payload, err := wire.Append(nil, 0, &domain.Recorded{
		Event: e, ID: ids.Next(at), Number: number, Time: at,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"}, Command: domain.CommandID(uuid.New()),
	})
	if err != nil {
		return wire.Message{}, err
	}
	page, err := n.store.Partitions[0].Page(context.Background(), n.tip)
	if err != nil {
		return wire.Message{}, err
	}
	if len(page) > 0 {
		n.apply(page[0])
		return page[0], nil
	}
	envelope := wire.Next(n.tip, n.writer, append(payload, ']'))
	if err := n.store.Partitions[0].Append(context.Background(), envelope); err != nil {
		return wire.Message{}, err
	}
	m, err := envelope.Decode(n.tip)
	if err == nil {
		n.apply(m)
	}
	return m, err
}

// apply applies a message that any node has appended.
func (n *node) apply(m wire.Message) {
	n.tip = m.Checkpoint()
	n.feed.Apply(m)
}

// seen waits until everything that was applied is visible.
func (n *node) seen(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.feed.WaitFor(ctx, n.tip.Number); err != nil {
		t.Fatalf("%d of %d events are visible: %v", n.feed.Visible(), n.tip.Number, err)
	}
}

// all is a webhook for all events from the first one on.
func all(id byte) Spec {
	return Spec{ID: domain.SubscriptionID{id}, Organization: testOrg, Kind: domain.SubscriptionWebhook, Batch: 1, Start: 1, Set: 1, Epoch: 1, Version: 1}
}

// running is a call of Run.
type running struct {
	cancel context.CancelFunc
	done   chan error
}

// stop ends the run, and returns what it has returned.
func (r *running) stop() error {
	r.cancel()
	err := <-r.done
	r.done <- err
	return err
}

// ended waits for what the run returns by itself.
func (r *running) ended(t testing.TB) error {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the run does not end")
		return nil
	}
}

// deliver runs the subscription on the node.
func (n *node) deliver(t testing.TB, spec Spec, to *receiver) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	wake, unwatch := n.feed.Watch(testOrg)
	r := &running{cancel, make(chan error, 1)}
	go func() {
		err := n.Run(ctx, spec, wake, to.deliver)
		cancel()
		unwatch()
		r.done <- err
	}()
	closed := n.end
	n.end = sync.OnceValue(func() error {
		_ = r.stop()
		return closed()
	})
	t.Cleanup(func() { _ = r.stop() })
	return r
}

// must fails the test if there is an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at returns the place of the subscription.
func (n *node) at(t testing.TB, spec Spec) Place {
	t.Helper()
	p, err := n.Place(t.Context(), spec)
	must(t, err)
	return p
}

// only fails the test unless the consumers of these specs are all that subscriptions have.
func (n *node) only(t testing.TB, specs ...Spec) {
	t.Helper()
	var want []string
	for _, s := range specs {
		want = append(want, s.consumerName())
	}
	names, err := n.consumerNames(t.Context(), 0)
	must(t, err)
	names = slices.DeleteFunc(names, func(name string) bool { _, _, ours := consumerOf(name); return !ours })
	slices.Sort(want)
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("there are the consumers %v, not %v", names, want)
	}
}

// until waits until the condition holds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// numbers returns the numbers from first to last.
func numbers(first, last uint64) (all []uint64) {
	for n := first; n <= last; n++ {
		all = append(all, n)
	}
	return all
}

var errFailed = errors.New("it has failed")
