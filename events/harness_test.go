package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fold is a snapshot that holds all history folded in memory.
type fold struct {
	mu      sync.Mutex
	moved   chan struct{}
	state   domain.State
	applied []wire.Checkpoint
	entries []wire.Entry
	refuse  func(wire.Message) error // nil, or what is asked before a message is applied
	trusts  bool                     // it does not compare what it gets with what is in the log
}

func newFold(partitions int) *fold {
	f := &fold{moved: make(chan struct{}), applied: make([]wire.Checkpoint, partitions)}
	for p := range f.applied {
		f.applied[p].Partition = p
	}
	return f
}

// Apply shows a message at once, as if each were committed.
func (f *fold) Apply(m wire.Message) error {
	f.mu.Lock()
	refuse := f.refuse
	f.mu.Unlock()
	if refuse != nil {
		if err := refuse(m); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range m.Entries {
		e := &m.Entries[i]
		if i < 20 || i%50 == 0 { // not each of thousands: it takes long
			if err := f.compare(e); err != nil {
				return err
			}
		}
		domain.Evolve(&f.state, &e.Recorded)
		if !e.Request.IsZero() {
			about := e.Event.Concerns()
			f.state.Put(domain.DoneKey(about.Organization, e.Command), &domain.Done{Organization: about.Organization, Command: e.Command, Request: e.Request, Number: e.Number, Types: []string{e.Event.EventType()}, After: &domain.State{}})
		}
	}
	f.entries = append(f.entries, m.Entries...)
	f.applied[m.Partition] = m.Checkpoint()
	close(f.moved)
	f.moved = make(chan struct{})
	return nil
}

func (f *fold) Commit() error           { return nil }
func (f *fold) Wanted() <-chan struct{} { return nil }

// compare returns an error if the event is not what would be read from the log. What the
// process has appended itself was never read.
func (f *fold) compare(e *wire.Entry) error {
	if f.trusts {
		return nil
	}
	decoded, _, err := wire.Decode(e.Stored)
	if set, ok := decoded.Event.(domain.UserProfileSet); ok { // it is sealed there
		opened := e.Event.(domain.UserProfileSet) //nolint:errcheck,forcetypeassert // it has the same type
		set.Profile, set.Erased = opened.Profile, opened.Erased
		decoded.Event = set
	}
	same := bytes.Equal(decoded.Stored, e.Stored) && cmp.Equal(decoded.Recorded, e.Recorded)
	if err == nil && !same {
		err = fmt.Errorf("what was handed over is not what is in the log:\n%s", cmp.Diff(decoded, *e))
	}
	return err
}

func (f *fold) Load(keys []domain.Key, into *domain.State) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	have := f.state.Copy(keys)
	for _, k := range keys {
		into.Put(k, nil)
	}
	have.Each(into.Put)
	return nil
}

func (f *fold) Applied(partition int) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.applied[partition].Number
}

func (f *fold) Loadable(partition int) uint64 { return f.Applied(partition) }

func (f *fold) WaitLoadable(ctx context.Context, p wire.Position) error { return f.WaitFor(ctx, p) }

func (f *fold) WaitFor(ctx context.Context, p wire.Position) error {
	for {
		f.mu.Lock()
		moved, at := f.moved, f.applied[p.Partition].Number
		f.mu.Unlock()
		if at >= p.Number {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// node is an open log that is being followed and can be written to.
type node struct {
	*Log
	fold *fold
	end  func() error
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func start(t testing.TB, o Options) *node {
	t.Helper()
	n, err := tryStart(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func tryStart(t testing.TB, o Options) (*node, error) {
	t.Helper()
	if o.Partitions == 0 {
		o.Partitions = 2
	}
	if o.Logger == nil {
		o.Logger = quiet()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	f := newFold(o.Partitions)
	_, f.trusts = t.(*testing.B)
	following, unfollow := context.WithCancel(context.Background())
	followed := make(chan error, 1)
	go func() { followed <- l.Follow(following, slices.Clone(f.applied), f) }()
	var once sync.Once
	n := &node{Log: l, fold: f}
	n.end = func() (err error) {
		once.Do(func() {
			unfollow()
			err = errors.Join(<-followed, l.Close())
		})
		return err
	}
	t.Cleanup(func() { _ = n.end() })
	if err := l.Start(ctx, f); err != nil {
		return nil, errors.Join(err, n.end())
	}
	return n, nil
}

func root(org domain.OrganizationID) domain.Meta {
	return domain.Meta{
		ID: domain.CommandID(uuid.New()), Organization: org,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
	}
}

// tenant is an organization with a workspace in it.
type tenant struct {
	org   domain.OrganizationID
	ws    domain.WorkspaceID
	owner domain.UserID
}

func found(t testing.TB, n *node) tenant {
	t.Helper()
	a := tenant{domain.OrganizationID(uuid.New()), domain.WorkspaceID(uuid.New()), domain.UserID(uuid.New())}
	for _, c := range a.begin() {
		must(t, n, c)
	}
	return a
}

// begin returns the commands that make the organization and its workspace.
func (a tenant) begin() []domain.Command {
	return []domain.Command{
		domain.CreateOrganization{Meta: root(a.org), Name: "Analytical Engines", Owner: a.owner, Profile: domain.ProfileFacts{Email: "ada@example.com"}},
		domain.CreateWorkspace{Meta: root(a.org), Workspace: a.ws, Name: "Mill", Owner: a.owner, Membership: domain.MembershipID(uuid.New())},
	}
}

func must(t testing.TB, n *node, c domain.Command) Result {
	t.Helper()
	r, err := n.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (a tenant) add() domain.AddMember {
	return domain.AddMember{
		Meta: root(a.org), Workspace: a.ws, User: domain.UserID(uuid.New()), Terms: domain.Terms{Role: domain.RoleEditor}, Membership: domain.MembershipID(uuid.New()),
	}
}
