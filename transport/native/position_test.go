package native

import (
	"context"
	"fmt"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/transport/ids"
)

// A position that the log does not reach is refused, so that a client notices a log that
// was restored. A position that only this node has not reached is waited for.
func TestPositionsBeyondTheLog(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members, events := "/v1/workspaces/"+x.ws+"/members", "/v1/organizations/"+x.org+"/events"
	write := s.elsewhere()
	resume := s.Pause(t)
	end := write(addition(t, x))
	beyond := wire.Position{Partition: end.Partition, Number: end.Number + 1}.String()

	if got := s.as(x.token, "GET", events+"?after="+end.String(), "").want(200); got.count() != 0 || got.get("position") != end.String() {
		t.Errorf("%s", got.body)
	}
	s.as(x.token, "GET", members, "", "Muster-Min-Position", end.String()).want(503, "read_model_behind")
	for range 2 { // while the node lags behind, and when it has caught up
		for _, at := range []string{beyond, fmt.Sprintf("%d-18446744073709551615", end.Partition)} {
			for _, c := range []struct {
				pointer, path string
				headers       []string
			}{
				{"header.Muster-Min-Position", members, []string{"Muster-Min-Position", at}},
				{"header.Muster-Min-Position", events, []string{"Muster-Min-Position", at}},
				{"query.after", events + "?after=" + at, nil},
				{"query.after", events + "?wait=60&after=" + at, nil},
				{"query.after", events + "?after=" + at, []string{"Accept", "text/event-stream"}},
				{"header.Last-Event-ID", events, []string{"Accept", "text/event-stream", "Last-Event-ID", at}},
			} {
				if got := s.as(x.token, "GET", c.path, "", c.headers...).want(422, "unknown_position"); got.get("errors", 0, "pointer") != c.pointer {
					t.Errorf("%s %s: %s", c.path, c.headers, got.body)
				}
			}
		}
		if resume != nil {
			resume()
			resume = nil
			s.as(x.token, "GET", members, "", "Muster-Min-Position", end.String()).want(200)
		}
	}
}

// addition returns a command that adds a member.
func addition(t testing.TB, x tenant) domain.Command {
	t.Helper()
	var ws domain.WorkspaceID
	if err := ws.UnmarshalText([]byte(x.ws)); err != nil {
		t.Fatal(err)
	}
	return domain.PutMember{
		Meta: operator(x.organization(t)), Workspace: ws, User: ids.New(), Membership: ids.New(),
		Terms: domain.Terms{Role: domain.RoleViewer},
	}
}

// operator returns what a command of the operator says of itself.
func operator(org domain.OrganizationID) domain.Meta {
	return domain.Meta{
		ID: ids.New(), Organization: org,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
	}
}

// elsewhere returns a function that runs commands on another node.
func (s *service) elsewhere() func(domain.Command) wire.Position {
	s.t.Helper()
	log := s.Another(s.t)
	return func(c domain.Command) wire.Position {
		s.t.Helper()
		done, err := log.Run(context.Background(), c)
		if err != nil {
			s.t.Fatal(err)
		}
		return done.Position
	}
}
