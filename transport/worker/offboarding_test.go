package worker

import (
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// An offboarding that was begun while no worker ran is completed by several workers, like
// those of several nodes: each end is recorded once, and names the removal as its cause.
func TestOffboardingRecordsEnds(t *testing.T) {
	s := start(t, 1)
	organization, owner, user := newID[domain.OrganizationID](), newID[domain.UserID](), newID[domain.UserID]()
	meta := func() domain.Meta {
		return domain.Meta{
			ID: newID[domain.CommandID](), Organization: organization,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "test", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
		}
	}
	s.run(t, domain.CreateOrganization{Meta: meta(), Name: "Acme", Owner: owner, Profile: domain.ProfileFacts{Email: "ada@example.com"}})
	const memberships = 23
	for range memberships {
		workspace := newID[domain.WorkspaceID]()
		s.run(t, domain.CreateWorkspace{Meta: meta(), Workspace: workspace, Name: "Mill", Owner: owner, Membership: newID[domain.MembershipID]()})
		s.run(t, domain.AddMember{Meta: meta(), Workspace: workspace, User: user, Membership: newID[domain.MembershipID](), Terms: domain.Terms{Role: domain.RoleEditor}})
	}
	s.run(t, domain.RemoveOrganizationMember{Meta: meta(), User: user, AtOnce: 3})
	before, err := s.Log.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if began, _ := s.Models.NextOffboarding(); began.IsZero() {
		t.Fatal("there is nothing to record")
	}

	first := &Offboarding{Log: s.Log, Models: s.Models, Now: s.Now, NewID: s.NewID, Logger: s.Logger}
	second := *first
	g := Start(first.Run, second.Run)
	defer g.Stop()
	for deadline := time.After(time.Minute); ; {
		began, moved := s.Models.NextOffboarding()
		if began.IsZero() {
			break
		}
		select {
		case <-moved:
		case <-deadline:
			t.Fatal("not all ends are recorded")
		}
	}
	g.Stop()

	ended := make(map[domain.WorkspaceID]int)
	var removal domain.EventID
	if err := s.Log.Replay(t.Context(), make([]wire.Checkpoint, 1), nil, func(messages []wire.Message) error {
		for _, m := range messages {
			for _, e := range m.Entries {
				switch event := e.Event.(type) {
				case domain.OrganizationMemberRemoved:
					removal = e.ID
				case domain.MemberRemoved:
					ended[event.Workspace]++
					if e.Cause != removal || e.Number > before[0].Number && e.Actor.ID != "muster" {
						t.Errorf("%+v", e.Recorded)
					}
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(ended) != memberships {
		t.Errorf("%d of %d ends are recorded", len(ended), memberships)
	}
	for workspace, n := range ended {
		if n != 1 {
			t.Errorf("the end in workspace %s is recorded %d times", workspace, n)
		}
	}
}
