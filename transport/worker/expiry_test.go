package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

// service is a log with the read models that follow it, and an expiry on a clock that
// the test moves.
type service struct {
	Expiry
	moved atomic.Int64 // added to the time
	stuck atomic.Bool  // the read models get nothing more of the first partition
}

// stuckModels are the service's read models.
type stuckModels struct {
	*projections.ReadModels
	stuck *atomic.Bool
}

// Apply applies a message, but none of a partition that is stuck.
func (m stuckModels) Apply(message wire.Message) error {
	if m.stuck.Load() && message.Partition == 0 {
		return nil
	}
	return m.ReadModels.Apply(message)
}

func start(t *testing.T, partitions int) *service {
	t.Helper()
	dir, ctx := t.TempDir(), t.Context()
	s := new(service)
	s.Now = func() time.Time { return time.Now().Add(time.Duration(s.moved.Load())) }
	s.NewID = newID[domain.CommandID]
	s.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	var err error
	s.Log, err = events.Open(ctx, events.Options{Dir: dir, Partitions: partitions, Now: s.Now, Logger: s.Logger})
	if err != nil {
		t.Fatal(err)
	}
	o := projections.Options{Dir: dir, Partitions: partitions, Logger: s.Logger}
	s.Models, err = projections.Open(o)
	if errors.Is(err, projections.ErrNeedsRebuild) {
		if err = projections.Rebuild(ctx, s.Log, o, nil); err == nil {
			s.Models, err = projections.Open(o)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	following, stop := context.WithCancel(context.Background())
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		if err := s.Log.Follow(following, s.Models.Checkpoints(), stuckModels{s.Models, &s.stuck}); err != nil && following.Err() == nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		stop()
		<-followed
		if err := errors.Join(s.Models.Close(), s.Log.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := s.Log.Start(ctx, s.Models); err != nil {
		t.Fatal(err)
	}
	return s
}

func newID[T ~[16]byte]() T { return T(uuid.Must(uuid.NewV7())) }

// run runs a command and waits until it can be read.
func (s *service) run(t *testing.T, c domain.Command) {
	t.Helper()
	result, err := s.Log.Run(t.Context(), c)
	if err == nil {
		err = s.Models.WaitFor(t.Context(), result.Position)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func meta(organization domain.OrganizationID) domain.Meta {
	return domain.Meta{
		ID: newID[domain.CommandID](), Organization: organization,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "test", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
	}
}

// organizations returns new ids of organizations, one of each partition of two.
func (s *service) organizations() (organizations [2]domain.OrganizationID) {
	for organizations[0].IsZero() || organizations[1].IsZero() {
		org := newID[domain.OrganizationID]()
		organizations[s.Log.Partition(org)] = org
	}
	return organizations
}

// found creates an organization with a workspace, and returns the owner of both.
func (s *service) found(t *testing.T, organization domain.OrganizationID, workspace domain.WorkspaceID) (owner domain.UserID) {
	t.Helper()
	owner = newID[domain.UserID]()
	s.run(t, domain.CreateOrganization{Meta: meta(organization), Name: "Acme", Owner: owner, Profile: domain.ProfileFacts{Email: "ada@example.com"}})
	s.run(t, domain.CreateWorkspace{Meta: meta(organization), Workspace: workspace, Name: "Mill", Owner: owner, Membership: newID[domain.MembershipID]()})
	return owner
}

// addUntil adds a new member until that time.
func addUntil(organization domain.OrganizationID, workspace domain.WorkspaceID, end time.Time) domain.Command {
	return domain.AddMember{
		Meta: meta(organization), Workspace: workspace, User: newID[domain.UserID](), Membership: newID[domain.MembershipID](),
		Terms: domain.Terms{Role: domain.RoleEditor, ExpiresAt: end},
	}
}

// An expiry records the end of each membership when the clock has reached it, of more
// memberships than it reads at once, and of no other.
func TestExpiryRecordsEnds(t *testing.T) {
	s := start(t, 1)
	organization, workspace := newID[domain.OrganizationID](), newID[domain.WorkspaceID]()
	s.found(t, organization, workspace)
	soon := s.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	const early, late = expiryMost + 10, 5
	for i := range early + late {
		end := soon
		if i >= early {
			end = soon.Add(time.Hour)
		}
		s.run(t, addUntil(organization, workspace, end))
	}
	next, moved := s.Models.NextEnd()
	if !next.Equal(soon) {
		t.Fatalf("the next end is %s, not %s", next, soon)
	}
	before, err := s.Log.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	s.moved.Add(int64(90 * time.Minute))
	g := Start(s.Run)
	defer g.Stop()
	select {
	case <-moved:
	case <-time.After(time.Minute):
		t.Fatal("no end has been recorded")
	}
	g.Stop()

	after, err := s.Log.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := after[0].Number - before[0].Number; n != early {
		t.Errorf("%d events for %d ends", n, early)
	}
	ended, err := s.Models.Ended(t.Context(), 0, s.Now().Add(24*time.Hour), early+late)
	if err != nil || len(ended) != late {
		t.Errorf("%d memberships are left to end, not %d: %v", len(ended), late, err)
	}
}

// A partition whose ends cannot be recorded keeps no other partition from recording its
// own, even if the ends of the first one came earlier and are more than are read at once.
func TestExpiryStarvesNoPartition(t *testing.T) {
	s := start(t, 2)
	organizations := s.organizations()
	var workspaces [2]domain.WorkspaceID
	soon := s.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	for partition, org := range organizations {
		workspaces[partition] = newID[domain.WorkspaceID]()
		s.found(t, org, workspaces[partition])
	}
	for range expiryMost + 1 {
		s.run(t, addUntil(organizations[0], workspaces[0], soon))
	}
	s.run(t, addUntil(organizations[1], workspaces[1], soon.Add(time.Minute)))
	s.requireOther(t, s.Run, 2*time.Hour)
}

// requireOther demands that a worker that begins after that time records an end in the
// second partition while the read models get nothing more of the first one.
func (s *service) requireOther(t *testing.T, run func(context.Context), after time.Duration) {
	t.Helper()
	before, err := s.Log.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.stuck.Store(true)
	s.moved.Add(int64(after))
	g := Start(run)
	defer g.Stop()
	next := before[1]
	next.Number++
	ctx, stop := context.WithTimeout(t.Context(), patience/2)
	defer stop()
	if err := s.Models.WaitFor(ctx, next); err != nil {
		t.Errorf("the end of the other partition was not recorded: %v", err)
	}
}
