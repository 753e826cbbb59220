package native

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ticket gets a ticket with the token, and returns the path that it opens.
func (s *service) ticket(token, org string) string {
	s.t.Helper()
	return "/v1/organizations/" + org + "/events?ticket=" + s.as(token, "POST", "/v1/organizations/"+org+"/events/ticket", "").want(201).get("ticket")
}

const streaming = "text/event-stream"

// A ticket opens one stream of what comes after its position, and says when it ends.
func TestTicket(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	token, _ := s.issue(x.org, `"scopes":["events:read"]`)
	before := s.now()
	got := s.as(token, "POST", "/v1/organizations/"+x.org+"/events/ticket", "").want(201)
	ends, err := time.Parse(time.RFC3339, got.get("expires_at"))
	if life := ends.Sub(before); err != nil || life < 59*time.Second || life > 61*time.Second || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("it ends after %s, %v %v", life, err, got.header)
	}
	path := "/v1/organizations/" + x.org + "/events?ticket=" + got.get("ticket") + "&named=false&after=" + got.get("position")
	s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	f := s.follow("", path)
	if e, ok := f.next(); !ok || !strings.Contains(e.data, `"type":"muster.member.added"`) {
		t.Errorf("%+v", e)
	}
	// Used, it opens nothing, but what it has opened goes on.
	used := s.as("", "GET", path, "", "Accept", streaming).want(401, "invalid_ticket")
	if !strings.Contains(used.get("detail"), "get another one") || used.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%v %s", used.header, used.body)
	}
	s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	if e, ok := f.next(); !ok || e.id == "" {
		t.Errorf("%+v", e)
	}
	f.close()
	s.as("", "GET", path, "", "Accept", streaming).want(401, "invalid_ticket")
	s.follow("", s.ticket(rootToken, x.org)).close()
}

// A ticket is not used up by a request in which it has no place, or for another organization.
// It is by a request that is admitted with it, whatever else is wrong with that.
func TestTicketIsNotWasted(t *testing.T) {
	s := start(t, t.TempDir())
	x, other := s.tenant("Acme"), s.tenant("Other")
	path := s.ticket(rootToken, x.org)
	s.as("", "GET", path, "").want(422, "invalid_value")
	s.as("", "HEAD", path, "", "Accept", streaming).want(422)
	s.as(x.token, "GET", path, "", "Accept", streaming).want(422, "invalid_value")
	s.as("", "GET", path+"&ticket=tkt_2", "", "Accept", streaming).want(422, "duplicate")
	s.as("", "GET", strings.ReplaceAll(path, x.org, other.org), "", "Accept", streaming).want(401, "invalid_ticket")
	s.as("", "GET", strings.ReplaceAll(path, x.org, "nonsense"), "", "Accept", streaming).want(401, "invalid_ticket")
	events := "/v1/organizations/" + x.org + "/events"
	s.as("", "GET", events+"?ticket=", "", "Accept", streaming).want(422, "invalid_value")
	s.as("", "GET", events+"?ticket=tkt_made_up", "", "Accept", streaming).want(401, "invalid_ticket")
	s.as("", "GET", events+"?ticket="+strings.Repeat("x", 101), "", "Accept", streaming).want(422, "too_long")
	s.as("", "GET", events, "", "Accept", streaming).want(401, "missing_token")
	s.as("", "GET", "/v1/organizations/"+x.org+"?"+strings.SplitAfter(path, "?")[1], "").want(401, "missing_token")
	s.follow("", path).close()
	s.as("", "GET", path, "", "Accept", streaming).want(401, "invalid_ticket")

	for _, more := range []string{"&after=nonsense", "&nonsense=1"} {
		path = s.ticket(rootToken, x.org)
		s.as("", "GET", path+more, "", "Accept", streaming).want(422)
		s.as("", "GET", path, "", "Accept", streaming).want(401, "invalid_ticket")
	}
}

// A ticket can do no more than the token that it was issued with, and ends with it.
func TestTicketEndsWithItsToken(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	tokens := "/v1/organizations/" + x.org + "/tokens/"

	token, id := s.issue(x.org, `"scopes":["events:read"]`)
	open, unused := s.follow("", s.ticket(token, x.org)+"&after=latest"), s.ticket(token, x.org)
	s.as(x.token, "DELETE", tokens+id, "").want(204)
	if e, ok := open.next(); ok {
		t.Errorf("after the token was revoked came %+v", e)
	}
	s.as("", "GET", unused, "", "Accept", streaming).want(401, "invalid_token")

	token, id = s.issue(x.org, `"scopes":["events:read"]`)
	open, unused = s.follow("", s.ticket(token, x.org)+"&after=latest"), s.ticket(token, x.org)
	s.as(x.token, "POST", tokens+id+"/rotate", "").want(200)
	if e, ok := open.next(); ok {
		t.Errorf("after the token was rotated came %+v", e)
	}
	s.as("", "GET", unused, "", "Accept", streaming).want(401, "invalid_token")

	mine, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["events:read"],"user_id":%q`, x.member))
	open, unused = s.follow("", s.ticket(mine, x.org)+"&after=latest"), s.ticket(mine, x.org)
	s.as(x.token, "POST", "/v1/organizations/"+x.org+"/members/"+x.member+"/suspend", "").want(200)
	if e, ok := open.next(); ok {
		t.Errorf("after the user was suspended came %+v", e)
	}
	s.as("", "GET", unused, "", "Accept", streaming).want(403, "not_allowed")

	unrelated, _ := s.issue(x.org, `"scopes":["users:read"]`)
	s.as(unrelated, "POST", "/v1/organizations/"+x.org+"/events/ticket", "").want(403, "insufficient_scope")
	bound, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"workspace_id":%q`, x.ws))
	s.as(bound, "POST", "/v1/organizations/"+x.org+"/events/ticket", "").want(403, "insufficient_scope")
	s.as(x.token, "POST", "/v1/organizations/"+newText()+"/events/ticket", "").want(404, "not_found")
	s.root("POST", "/v1/organizations/"+newText()+"/events/ticket", "").want(404, "not_found")
}

// The page of an origin that is allowed can open the stream, and is told why it cannot.
func TestTicketOfAnotherOrigin(t *testing.T) {
	const page = "https://app.acme.example"
	s := start(t, t.TempDir(), func(o *settings) { o.Origins = []string{page} })
	x := s.tenant("Acme")
	path := s.ticket(x.token, x.org)
	f := s.follow("", path, "Origin", page, "Cache-Control", "no-cache")
	if got := f.body.Header.Get("Access-Control-Allow-Origin"); got != page {
		t.Errorf("the stream is for pages of %q", got)
	}
	f.close()
	used := s.as("", "GET", path, "", "Accept", streaming, "Origin", page).want(401, "invalid_ticket")
	if got := used.header.Get("Access-Control-Allow-Origin"); got != page {
		t.Errorf("the refusal is for pages of %q", got)
	}
	f = s.follow("", s.ticket(x.token, x.org), "Origin", "https://another.example")
	if got := f.body.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("the stream is for pages of %q", got)
	}
}

// Of many requests with the same ticket at once one gets a stream.
func TestTicketHasOneUse(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for range 10 {
		path := s.ticket(x.token, x.org)
		var opened atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Accept", streaming)
				response, err := s.Client().Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				_ = response.Body.Close()
				switch response.StatusCode {
				case http.StatusOK:
					opened.Add(1)
				case http.StatusUnauthorized:
				default:
					t.Errorf("status %d", response.StatusCode)
				}
			})
		}
		all.Wait()
		if n := opened.Load(); n != 1 {
			t.Errorf("the ticket has opened %d streams", n)
		}
	}
}

// Neither the log nor the server that keeps tickets learns a ticket or the token of one.
func TestTicketsAreSecret(t *testing.T) {
	var text bytes.Buffer
	var mu sync.Mutex
	s := start(t, t.TempDir(), func(o *settings) {
		o.Logger = slog.New(slog.NewTextHandler(writer(func(b []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return text.Write(b)
		}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	x := s.tenant("Acme")
	path := s.ticket(x.token, x.org)
	_, ticket, _ := strings.Cut(path, "ticket=")
	js := s.jetStream(t)
	stream, err := js.Stream(t.Context(), "MUSTER_TICKETS")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := stream.GetMsg(t.Context(), 1)
	if err != nil || len(kept.Data) < len(x.token) {
		t.Fatalf("%v %v", kept, err)
	}
	f := s.follow("", path)
	f.close()
	s.as("", "GET", path, "", "Accept", streaming).want(401, "invalid_ticket")
	taken, err := stream.GetLastMsgForSubject(t.Context(), kept.Subject)
	if err != nil || len(taken.Data) != 0 {
		t.Errorf("after its use %v is kept, %v", taken, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(text.String(), "/v1/organizations/{organization}/events") {
		t.Errorf("the requests are not logged:\n%s", text.String())
	}
	for _, secret := range []string{ticket, ticket[4:], x.token, x.token[4:]} {
		for where, seen := range map[string]string{"log": text.String(), "server": kept.Subject + string(kept.Data)} {
			if strings.Contains(seen, secret) {
				t.Errorf("the %s has %s:\n%s", where, secret, seen)
			}
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// jetStream returns a connection to the server of the service's log.
func (s *service) jetStream(t *testing.T) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(s.NATS(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// A ticket that no longer lies in the server is not recognised, and a server that has lost
// all of them takes new ones.
func TestTicketsAreLost(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	s.as("", "GET", "/v1/organizations/"+x.org+"/events?ticket=tkt_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1", "", "Accept", streaming).want(401, "invalid_ticket")
	path := s.ticket(x.token, x.org)
	if err := s.jetStream(t).DeleteStream(t.Context(), "MUSTER_TICKETS"); err != nil {
		t.Fatal(err)
	}
	s.as("", "GET", path, "", "Accept", streaming).want(401, "invalid_ticket")
	s.follow("", s.ticket(x.token, x.org)).close()
}
