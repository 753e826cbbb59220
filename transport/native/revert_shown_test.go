package native

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// A token that may not read events sees no profile in what a revert returns, whether it is tried
// or done.
func TestRevertShowsNoProfile(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	user := newText()
	path := "/v1/organizations/" + x.org + "/users/" + user
	s.as(x.token, "PUT", path, `{"email":"first@secret.example","name":{"first":"Secret","last":"Person"}}`).want(200)
	s.as(x.token, "PUT", path, `{"email":"second@secret.example"}`).want(200)
	revert := "/v1/organizations/" + x.org + "/events/" + s.last(x, "user.profile_set", user) + "/revert"
	narrow, _ := s.issue(x.org, `"scopes":["users:update"]`)
	wide, _ := s.issue(x.org, `"scopes":["users:update","events:read"]`)
	if tried := s.as(wide, "POST", revert+"?validate_only=true", "").want(200); !strings.Contains(string(tried.body), "first@secret.example") {
		t.Errorf("whoever may read it is not shown it: %s", tried.body)
	}
	for _, more := range []string{"?validate_only=true", ""} {
		got := s.as(narrow, "POST", revert+more, "").want(200)
		if strings.Contains(strings.ToLower(string(got.body)), "secret") || got.get("events", 0, "type") != "muster.user.profile_set" {
			t.Errorf("%q: %s", more, got.body)
		}
	}
}

// Of those who revert an event at the same time one does, and the others are told so.
func TestRevertAtOnce(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for range 20 {
		user := newText()
		s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+user, `{"role":"viewer"}`).want(201)
		event := s.last(x, "member.added", user)
		var all sync.WaitGroup
		var mu sync.Mutex
		statuses := make(map[int]int)
		for range 8 {
			all.Go(func() {
				got := s.revert(x, event, "")
				mu.Lock()
				defer mu.Unlock()
				statuses[got.status]++
			})
		}
		all.Wait()
		if statuses[http.StatusOK] != 1 || statuses[http.StatusConflict] != 7 {
			t.Fatalf("statuses: %v", statuses)
		}
	}
}
