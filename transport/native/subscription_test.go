package native

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// receiver is a webhook's receiver. It verifies signatures with the library of the
// specification.
type receiver struct {
	*httptest.Server
	t        testing.TB
	requests chan arrival
	gate     atomic.Pointer[chan struct{}] // if set, requests wait until it is closed

	mu      sync.Mutex
	secrets []string
	status  func(n int) int // of the n-th response, from 1
	n       int
}

type arrival struct {
	id, body string
	verified int // by how many of the secrets
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{t: t, requests: make(chan arrival, 1000), status: func(int) int { return 204 }}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		if gate := r.gate.Load(); gate != nil {
			<-*gate
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.n++
		got := arrival{id: q.Header.Get("webhook-id"), body: string(body)}
		for _, secret := range r.secrets {
			if w, err := standardwebhooks.NewWebhook(secret); err == nil && w.Verify(body, q.Header) == nil {
				got.verified++
			}
		}
		r.requests <- got
		status := r.status(r.n)
		w.WriteHeader(status)
		if status == 200 {
			_, _ = w.Write(body)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// hold keeps requests waiting until open is called.
func (r *receiver) hold() (open func()) {
	gate := make(chan struct{})
	r.gate.Store(&gate)
	return func() { close(gate) }
}

func (r *receiver) with(status func(n int) int, secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n, r.status, r.secrets = 0, status, secrets
}

// next returns the next request.
func (r *receiver) next() arrival {
	r.t.Helper()
	select {
	case got := <-r.requests:
		return got
	case <-time.After(20 * time.Second):
		r.t.Fatal("nothing was received")
		return arrival{}
	}
}

// sequence returns the position of the event in a body.
func (r arrival) field(t testing.TB, name string) string {
	t.Helper()
	var event map[string]any
	if err := json.Unmarshal([]byte(r.body), &event); err != nil {
		t.Fatalf("%s: %v", r.body, err)
	}
	return fmt.Sprint(event[name])
}

// What a receiver of profiles responds is not kept, because it may have them.
func TestResponsesToProfiles(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	r := newReceiver(t)
	r.with(func(int) int { return 200 })
	path := "/v1/organizations/" + x.org + "/subscriptions"
	for include, want := range map[string]bool{``: true, `,"include":["profile"]`: false} {
		made := s.as(x.token, "POST", path, `{"name":"Hook","kind":"webhook","url":"`+r.URL+`","from":"earliest"`+include+`}`).want(201)
		one := path + "/" + made.get("id")
		s.eventually(func() bool { return s.as(x.token, "GET", one, "").want(200).get("lag") == "0" })
		s.as(x.token, "POST", one+"/ping", "").want(200)
		attempts := s.as(x.token, "GET", one+"/deliveries?page_size=200", "").want(200)
		for i := range attempts.count() {
			if got := attempts.get("items", i, "answer") != "<nil>"; got != want {
				t.Errorf("%q: attempt %d: %s", include, i, attempts.body)
			}
		}
	}
}

func TestWebhook(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	r := newReceiver(t)
	path := "/v1/organizations/" + x.org + "/subscriptions"
	open := r.hold() // until the secret is known here
	made := s.as(x.token, "POST", path, `{"name":"Hook","kind":"webhook","url":"`+r.URL+`","types":["muster.member.*"],"from":"earliest"}`).want(201)
	secret, one := made.get("secret"), path+"/"+made.get("id")
	if !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("the secret is %s", secret)
	}
	r.with(func(n int) int { return []int{204, 500, 503, 204}[min(n, 4)-1] }, secret)
	open()
	first := r.next()
	if first.verified != 1 {
		t.Errorf("the signature of %s is not right", first.body)
	}
	ids := []string{first.id}
	for range 8 {
		s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	}
	var last arrival
	for want := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?page_size=200&type=muster.member.*", "").want(200).count(); len(ids) < want; {
		last = r.next()
		if last.id != ids[len(ids)-1] {
			ids = append(ids, last.id)
		}
		if last.verified != 1 {
			t.Errorf("the signature of %s is not right", last.body)
		}
	}
	events := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?page_size=200&type=muster.member.*", "").want(200)
	for i, id := range ids {
		if want := events.get("items", i, "id"); id != want {
			t.Errorf("event %d is %s, want %s", i, id, want)
		}
	}
	s.eventually(func() bool { return s.as(x.token, "GET", one, "").want(200).get("lag") == "0" })
	got := s.as(x.token, "GET", one, "").want(200)
	if got.get("position") != last.field(t, "sequence") || got.get("state") != "active" || strings.Contains(string(got.body), secret) {
		t.Errorf("%s", got.body)
	}

	// Pause, ten events, resume: ten.
	s.as(x.token, "POST", one+"/pause", `{"reason":"Maintenance"}`).want(200)
	if again := s.as(x.token, "GET", one, "").want(200); again.get("state") != "paused" || again.get("reason") != "requested: Maintenance" {
		t.Errorf("%s", again.body)
	}
	for range 10 {
		s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	}
	s.eventually(func() bool { return s.as(x.token, "GET", one, "").want(200).get("lag") == "10" })
	if len(r.requests) > 0 {
		t.Errorf("received while paused: %s", (<-r.requests).body)
	}
	s.as(x.token, "POST", one+"/resume", "").want(200)
	for range 10 {
		r.next()
	}
	s.eventually(func() bool { return s.as(x.token, "GET", one, "").want(200).get("lag") == "0" })

	// Both secrets verify during an overlap, and a replay is signed with them.
	rotated := s.as(x.token, "POST", one+"/rotate-secret", `{"overlap_seconds":3600}`).want(200)
	r.with(func(int) int { return 204 }, secret, rotated.get("secret"))
	s.as(x.token, "POST", one+"/rewind", `{"from":"earliest"}`).want(200)
	if again := r.next(); again.id != ids[0] || again.verified != 2 {
		t.Errorf("%+v, want %s", again, ids[0])
	}
	s.eventually(func() bool { return s.as(x.token, "GET", one, "").want(200).get("lag") == "0" })
	for len(r.requests) > 0 {
		<-r.requests
	}
	s.as(x.token, "POST", one+"/rotate-secret", "").want(200)
	if ping := s.as(x.token, "POST", one+"/ping", "").want(200); ping.get("outcome") != "delivered" || ping.get("position") != "<nil>" {
		t.Errorf("%s", ping.body)
	}
	if pinged := r.next(); pinged.field(t, "type") != "muster.subscription.ping" || pinged.verified != 0 {
		t.Errorf("%+v", pinged)
	}
	client, _ := s.issue(x.org, `"scopes":["subscriptions:all"],"user_id":"`+x.member+`"`)
	s.as(client, "POST", one+"/ping", "").want(403, "not_allowed")
	deliveries := s.as(x.token, "GET", one+"/deliveries?page_size=1", "").want(200)
	if deliveries.get("items", 0, "type") != "muster.subscription.ping" || deliveries.get("next_cursor") == "<nil>" {
		t.Errorf("%s", deliveries.body)
	}
	s.as(x.token, "GET", one+"/deliveries?cursor="+deliveries.get("next_cursor"), "").want(200)

	// What is gone is paused, and what cannot be taken is skipped.
	r.with(func(int) int { return 410 })
	s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	stuck := r.next()
	s.eventually(func() bool { return s.as(x.token, "GET", one, "").want(200).get("state") == "paused" })
	s.as(x.token, "POST", one+"/skip", `{"position":"`+last.field(t, "sequence")+`","reason":"x"}`).want(409, "not_next")
	s.as(x.token, "POST", one+"/skip", `{"position":"`+stuck.field(t, "sequence")+`"}`).want(422, "required")
	s.as(x.token, "POST", one+"/skip", `{"position":"`+stuck.field(t, "sequence")+`","reason":"cannot be read"}`).want(200)
	r.with(func(int) int { return 204 })
	s.as(x.token, "POST", one+"/resume", "").want(200)
	s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	if after := r.next(); after.id == stuck.id {
		t.Error("the event that was skipped is delivered")
	}
	s.as(x.token, "DELETE", one, "").want(204)
	s.as(x.token, "DELETE", one, "").want(204)
	s.as(x.token, "GET", one, "").want(404)
	for _, what := range []string{"created", "paused", "resumed", "rewound", "skipped", "secret_rotated", "deleted"} {
		if s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?type=muster.subscription."+what, "").want(200).count() == 0 {
			t.Errorf("there is no event muster.subscription.%s", what)
		}
	}
}

// eventually waits for something that follows from what was done.
func (s *service) eventually(holds func() bool) {
	s.t.Helper()
	for begin := time.Now(); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			s.t.Fatal("this has not come about")
		}
	}
}
