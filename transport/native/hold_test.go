package native

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/transport"
)

// A request that waits is authorized again when the wait is over. It then gets what the
// same request would get if it were sent at that moment.
func TestHeldRequests(t *testing.T) {
	for _, c := range []struct {
		name   string
		late   bool // it ends only after the requests have begun
		status int
		// ends ends the token, or the user whom it is bound to, while the request waits.
		ends func(s *service, x tenant, id string, run func(domain.Command) wire.Position)
	}{
		{"revoked", false, 401, func(s *service, x tenant, id string, run func(domain.Command) wire.Position) {
			var token domain.TokenID
			if err := token.UnmarshalText([]byte(id)); err != nil {
				s.t.Fatal(err)
			}
			run(domain.RevokeToken{Meta: operator(x.organization(s.t)), Token: token})
		}},
		{"expired", true, 401, func(s *service, _ tenant, _ string, _ func(domain.Command) wire.Position) {
			s.clock.Store(int64(2 * time.Hour))
		}},
		{"user removed", false, 403, func(s *service, x tenant, _ string, run func(domain.Command) wire.Position) {
			run(domain.RemoveOrganizationMember{Meta: operator(x.organization(s.t)), User: x.user(s.t)})
		}},
		{"user suspended", false, 403, func(s *service, x tenant, _ string, run func(domain.Command) wire.Position) {
			run(domain.SuspendOrganizationMember{Meta: operator(x.organization(s.t)), User: x.user(s.t)})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, t.TempDir())
			x := s.tenant("Acme")
			token, id := s.issue(x.org, fmt.Sprintf(`"scopes":["all:read"],"user_id":%q,"expires_at":%q`, x.member, time.Now().Add(time.Hour).Format(time.RFC3339)))
			members, events := "/v1/workspaces/"+x.ws+"/members", "/v1/organizations/"+x.org+"/events"
			after := s.as(token, "GET", events, "").want(200).get("position")

			run := s.elsewhere()
			resume := s.Pause(t)
			if !c.late {
				c.ends(s, x, id, run)
			}
			position := run(addition(t, x)).String()
			answers := make(chan answer)
			requests := [][]string{
				{"GET", members, "", "Muster-Min-Position", position},
				{"GET", events, "", "Muster-Min-Position", position},
				{"GET", events + "?wait=60&after=" + after, ""},
				{"GET", events + "?wait=1&type=muster.role.*&after=" + after, ""},
				{"GET", events + "?after=" + after, "", "Accept", "text/event-stream", "Muster-Min-Position", position},
			}
			for _, r := range requests {
				go func() { answers <- s.as(token, r[0], r[1], r[2], r[3:]...) }()
			}
			time.Sleep(300 * time.Millisecond) // they should be waiting; the test holds either way
			if c.late {
				c.ends(s, x, id, run)
			}
			resume()
			for range requests {
				if got := <-answers; got.status != c.status {
					t.Errorf("%s: %d %s, want %d", got.asked, got.status, got.body, c.status)
				}
			}
			s.as(token, "GET", members, "").want(c.status)
		})
	}
}

// user returns the id of the tenant's member.
func (x tenant) user(t testing.TB) (id domain.UserID) {
	t.Helper()
	if err := id.UnmarshalText([]byte(x.member)); err != nil {
		t.Fatal(err)
	}
	return id
}

// A token that is revoked while the body is on its way does nothing more.
func TestSlowBodies(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	body := fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"role":"viewer"}`, x.member, x.ws)
	for _, path := range []string{"/v1/access/check", "/v1/workspaces/" + x.ws + "/members"} {
		token, id := s.issue(x.org, `"scopes":["all:all"]`)
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() //nolint:errcheck // it was read
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: muster\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", path, token, len(body))
		read := bufio.NewReader(conn)
		// The service asks for the body after it has admitted the request.
		if line, err := read.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
			t.Fatalf("%s: %q, %v", path, line, err)
		}
		if _, err := read.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		s.as(x.token, "DELETE", "/v1/organizations/"+x.org+"/tokens/"+id, "").want(204)
		time.Sleep(20 * time.Millisecond) // a request counts as held after 10
		if _, err := io.WriteString(conn, body); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(read, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != 401 {
			t.Errorf("%s: %s", path, response.Status)
		}
		_ = response.Body.Close()
	}
}

// A query that took long without a declared wait is authorized again before its answer.
func TestSlowQueries(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	type input struct{}
	s := start(t, t.TempDir(), func(o *settings) {
		o.more = append(o.more, transport.Operation{
			ID: "slow", Path: "/v1/slow", Reach: transport.ReachOrganization, Scope: "roles:read", Tag: "Roles", Summary: "Wait",
			Do: transport.Query(func(*transport.Call, *input) (*transport.Resource[Role], error) {
				close(began)
				<-release
				return nil, transport.NotFound()
			}),
		})
	})
	x := s.tenant("Acme")
	token, id := s.issue(x.org, `"scopes":["all:all"]`)
	answered := make(chan answer)
	go func() { answered <- s.as(token, "GET", "/v1/slow", "") }()
	<-began
	s.as(x.token, "DELETE", "/v1/organizations/"+x.org+"/tokens/"+id, "").want(204)
	time.Sleep(20 * time.Millisecond) // a request counts as held after 10
	close(release)
	(<-answered).want(401, "invalid_token")
}
