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
	"github.com/muster-dev/muster/projections"
)

// service is a log with the read models that follow it, and an expiry on a clock that
// the test moves.
type service struct {
	Expiry
	moved atomic.Int64 // added to the time
}

func start(t *testing.T) *service {
	t.Helper()
	dir, ctx := t.TempDir(), t.Context()
	s := new(service)
	s.Now = func() time.Time { return time.Now().Add(time.Duration(s.moved.Load())) }
	s.NewID = newID[domain.CommandID]
	s.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	var err error
	s.Log, err = events.Open(ctx, events.Options{Dir: dir, Partitions: 1, Now: s.Now, Logger: s.Logger})
	if err != nil {
		t.Fatal(err)
	}
	o := projections.Options{Dir: dir, Partitions: 1, Logger: s.Logger}
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
		if err := s.Log.Follow(following, s.Models.Checkpoints(), s.Models.Apply); err != nil && following.Err() == nil {
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

// An expiry records the end of each membership when the clock has reached it, of more
// memberships than it reads at once, and of no other.
func TestExpiryRecordsEnds(t *testing.T) {
	s := start(t)
	organization, workspace, owner := newID[domain.OrganizationID](), newID[domain.WorkspaceID](), newID[domain.UserID]()
	meta := func() domain.Meta {
		return domain.Meta{
			ID: newID[domain.CommandID](), Organization: organization,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "test", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
		}
	}
	s.run(t, domain.CreateOrganization{Meta: meta(), Name: "Acme", Owner: owner, Profile: domain.ProfileFacts{Email: "ada@example.com"}})
	s.run(t, domain.CreateWorkspace{Meta: meta(), Workspace: workspace, Name: "Mill", Owner: owner, Membership: newID[domain.MembershipID]()})
	soon := s.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	const early, late = expiryMost + 10, 5
	for i := range early + late {
		end := soon
		if i >= early {
			end = soon.Add(time.Hour)
		}
		s.run(t, domain.AddMember{
			Meta: meta(), Workspace: workspace, User: newID[domain.UserID](), Membership: newID[domain.MembershipID](),
			Terms: domain.Terms{Role: domain.RoleEditor, ExpiresAt: end},
		})
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
	ended, err := s.Models.Ended(t.Context(), s.Now().Add(24*time.Hour), early+late)
	if err != nil || len(ended) != late {
		t.Errorf("%d memberships are left to end, not %d: %v", len(ended), late, err)
	}
}
