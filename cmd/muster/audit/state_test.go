package audit

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

func newID[T ~[16]byte]() T { return T(uuid.Must(uuid.NewV7())) }

// past is a log whose clock shows some time of yesterday, with read models that writers
// can load from.
func past(t *testing.T, now func() time.Time) *events.Log {
	t.Helper()
	log, _, stop := pastIn(t, t.TempDir(), now)
	t.Cleanup(stop)
	return log
}

// pastIn is past for a directory. The function that it returns closes everything.
func pastIn(t *testing.T, dir string, now func() time.Time) (*events.Log, *projections.ReadModels, func()) {
	t.Helper()
	ctx := t.Context()
	log, err := events.Open(ctx, events.Options{Dir: dir, Partitions: 1, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	o := projections.Options{Dir: dir, Partitions: 1}
	if err := projections.Rebuild(ctx, log, o, nil); err != nil {
		t.Fatal(err)
	}
	models, err := projections.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	following, stop := context.WithCancel(context.Background())
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		if err := log.Follow(following, models.Checkpoints(), models); err != nil && following.Err() == nil {
			t.Error(err)
		}
	}()
	if err := log.Start(ctx, models); err != nil {
		t.Fatal(err)
	}
	return log, models, func() {
		stop()
		<-followed
		if err := errors.Join(models.Close(), log.Close()); err != nil {
			t.Error(err)
		}
	}
}

// A state goes by the clock: a membership or an invitation that has ended by the moment is
// left out, although no event says so.
func TestStateGoesByTheClock(t *testing.T) {
	begin := time.Now().Add(-24 * time.Hour).UTC().Truncate(time.Second)
	clock := begin
	log := past(t, func() time.Time { return clock })
	org, ws := newID[domain.OrganizationID](), newID[domain.WorkspaceID]()
	owner, member, invited := newID[domain.UserID](), newID[domain.UserID](), newID[domain.UserID]()
	run := func(c domain.Command) wire.Position {
		t.Helper()
		result, err := log.Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return result.Position
	}
	meta := func() domain.Meta {
		return domain.Meta{
			ID: newID[domain.CommandID](), Organization: org,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "test", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
		}
	}
	ends, closes := begin.Add(time.Hour), begin.Add(2*time.Hour)
	run(domain.CreateOrganization{Meta: meta(), Name: "Acme", Owner: owner, Profile: domain.ProfileFacts{Email: "ada@example.com"}})
	run(domain.CreateWorkspace{Meta: meta(), Workspace: ws, Name: "Mill", Owner: owner, Membership: newID[domain.MembershipID]()})
	run(domain.AddMember{
		Meta: meta(), Workspace: ws, User: member, Membership: newID[domain.MembershipID](),
		Terms: domain.Terms{Role: domain.RoleEditor, ExpiresAt: ends},
	})
	early := run(domain.InviteMember{
		Meta: meta(), Workspace: ws, User: invited, Membership: newID[domain.MembershipID](), Profile: domain.ProfileFacts{Email: "eve@example.com"},
		Terms: domain.Terms{Role: domain.RoleEditor}, Secret: domain.Hash{1}, Lasts: 2 * time.Hour,
	})
	clock = begin.Add(90 * time.Minute)
	late := run(domain.RenameWorkspace{Meta: meta(), Workspace: ws, Name: "Loft"})

	for name, c := range map[string]struct {
		to   moment
		want []domain.UserID
	}{
		"now":                              {moment{}, []domain.UserID{owner}},
		"before the first end":             {moment{time: ends.Add(-time.Millisecond)}, []domain.UserID{owner, member, invited}},
		"at the first end":                 {moment{time: ends}, []domain.UserID{owner, invited}},
		"before the second end":            {moment{time: closes.Add(-time.Millisecond)}, []domain.UserID{owner, invited}},
		"at the second end":                {moment{time: closes}, []domain.UserID{owner}},
		"at an event before the first end": {moment{position: early}, []domain.UserID{owner, member, invited}},
		"at an event between the two ends": {moment{position: late}, []domain.UserID{owner, invited}},
	} {
		var got []domain.UserID
		err := replayState(t.Context(), log, window{organization: org, to: c.to}, func(rows []client.Membership) error {
			for i := range rows {
				got = append(got, rows[i].User)
			}
			return nil
		})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}
