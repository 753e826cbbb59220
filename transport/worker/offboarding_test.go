package worker

import (
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// foundMany creates an organization with that number of workspaces.
func (s *service) foundMany(t *testing.T, organization domain.OrganizationID, n int) []domain.WorkspaceID {
	t.Helper()
	workspaces := []domain.WorkspaceID{newID[domain.WorkspaceID]()}
	owner := s.found(t, organization, workspaces[0])
	for len(workspaces) < n {
		workspace := newID[domain.WorkspaceID]()
		s.run(t, domain.CreateWorkspace{Meta: meta(organization), Workspace: workspace, Name: "Mill", Owner: owner, Membership: newID[domain.MembershipID]()})
		workspaces = append(workspaces, workspace)
	}
	return workspaces
}

// offboard adds the user to the workspaces, and removes them from the organization. The
// removal records that number of ends.
func (s *service) offboard(t *testing.T, organization domain.OrganizationID, workspaces []domain.WorkspaceID, user domain.UserID, atOnce int) {
	t.Helper()
	for _, workspace := range workspaces {
		s.run(t, domain.AddMember{
			Meta: meta(organization), Workspace: workspace, User: user, Membership: newID[domain.MembershipID](),
			Terms: domain.Terms{Role: domain.RoleEditor},
		})
	}
	s.run(t, domain.RemoveOrganizationMember{Meta: meta(organization), User: user, AtOnce: atOnce})
}

// offboarding returns the worker of the service.
func (s *service) offboarding() *Offboarding {
	return &Offboarding{Log: s.Log, Models: s.Models, Now: s.Now, NewID: s.NewID, Logger: s.Logger}
}

// An offboarding that was begun while no worker ran is completed by several workers, like
// those of several nodes: each end is recorded once, and names the removal as its cause.
func TestOffboardingRecordsEnds(t *testing.T) {
	s := start(t, 1)
	organization, user := newID[domain.OrganizationID](), newID[domain.UserID]()
	const memberships = 23
	workspaces := s.foundMany(t, organization, memberships)
	s.offboard(t, organization, workspaces, user, 3)
	before, err := s.Log.Tips(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if began, _ := s.Models.NextOffboarding(); began.IsZero() {
		t.Fatal("there is nothing to record")
	}

	g := Start(s.offboarding().Run, s.offboarding().Run)
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

// A partition whose offboardings cannot be recorded keeps no other partition from recording
// its own, even if those of the first one began earlier and are more than are read at once.
func TestOffboardingStarvesNoPartition(t *testing.T) {
	s := start(t, 2)
	organizations := s.organizations()
	var workspaces [2][]domain.WorkspaceID
	for partition, org := range organizations {
		workspaces[partition] = s.foundMany(t, org, 2)
	}
	for range offboardingMost + 1 {
		s.offboard(t, organizations[0], workspaces[0], newID[domain.UserID](), 1)
	}
	s.offboard(t, organizations[1], workspaces[1], newID[domain.UserID](), 1)
	s.requireOther(t, s.offboarding().Run, 0)
}
