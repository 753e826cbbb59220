package native

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// A write is answered although the read models do not show it yet, and commands that follow
// go on. Reads of its organization wait, and are refused after a while. Reads of others do
// not wait.
func TestWritesDoNotWait(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	other := s.tenant("Other")
	for s.log.Partition(other.organization(t)) == s.log.Partition(x.organization(t)) {
		other = s.tenant("Other")
	}
	members := "/v1/workspaces/" + x.ws + "/members"
	for _, token := range []string{x.token, other.token} { // both are known, and all is shown
		s.as(token, "GET", "/v1/self", "").want(200)
	}
	resume := s.Pause(t)
	user := newText()
	s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"editor"}`, user)).want(201)
	s.as(x.token, "POST", members+"/"+user+"/suspend", "").want(200)
	exists := s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"editor"}`, user)).want(409, "already_member")
	ws := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/workspaces", fmt.Sprintf(`{"name":"New","owner_user_id":%q}`, x.owner)).want(201).get("id")
	s.as(x.token, "PUT", "/v1/workspaces/"+ws+"/members/"+user, `{"role":"viewer"}`).want(201)
	for _, token := range []string{other.token, rootToken} {
		s.as(token, "GET", "/v1/workspaces/"+other.ws+"/members", "").want(200)
		s.as(token, "GET", "/v1/organizations/"+other.org+"/members", "").want(200)
	}
	s.as(other.token, "POST", "/v1/workspaces/"+other.ws+"/members", fmt.Sprintf(`{"user_id":%q,"role":"editor"}`, user)).want(201)
	var waiting sync.WaitGroup
	for _, token := range []string{x.token, rootToken} {
		for _, path := range []string{members, members + "/" + user, "/v1/organizations/" + x.org + "/events", "/v1/organizations/" + x.org + "/users/" + user + "/workspaces"} {
			waiting.Go(func() {
				if got := s.as(token, "GET", path, ""); got.status != 503 || got.get("code") != "read_model_behind" || got.header.Get("Retry-After") != "1" {
					t.Errorf("%s: %d %s", got.asked, got.status, got.body)
				}
			})
		}
	}
	waiting.Wait()
	resume()
	if got := s.as(x.token, "GET", "/v1/memberships/"+exists.get("membership_id"), "").want(200); got.get("user_id") != user || got.get("state") != "suspended" {
		t.Errorf("%s", got.body)
	}
	if got := s.as(x.token, "GET", "/v1/workspaces/"+ws+"/members", "").want(200); got.count() != 2 {
		t.Errorf("%s", got.body)
	}
}

// What a write has made can be used at once, even if the read models must be asked for it,
// and what it has taken away cannot.
func TestWritesCountAtOnce(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, members := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws+"/members"
	tokens := org + "/tokens"
	token := func(fields string) (secret, id string) {
		s.t.Helper()
		got := s.as(x.token, "POST", tokens, `{"name":"x",`+fields+`}`).want(201)
		return got.get("secret"), got.get("id")
	}
	get := func(secret string) answer { return s.as(secret, "GET", members, "") }
	add := func(secret string) answer {
		return s.as(secret, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, newText()))
	}
	const all = `"scopes":["all:all"]`
	ask := func(name string, status int, prepare func() func() answer) {
		t.Run(name, func(t *testing.T) {
			s.as(x.token, "GET", org, "").want(200)
			resume := s.Pause(t)
			asked := prepare()
			answered := make(chan answer, 1)
			go func() { answered <- asked() }()
			select {
			case got := <-answered:
				t.Errorf("%s was answered without the read models: %d %s", got.asked, got.status, got.body)
			case <-time.After(100 * time.Millisecond):
				resume()
				if got := <-answered; got.status != status {
					t.Errorf("%s: %d %s, want %d", got.asked, got.status, got.body, status)
				}
			}
		})
	}
	ask("new token, read", 200, func() func() answer {
		secret, _ := token(all)
		return func() answer { return get(secret) }
	})
	ask("new token, write", 201, func() func() answer {
		secret, _ := token(all)
		return func() answer { return add(secret) }
	})
	_, id := s.issue(x.org, all)
	ask("rotated token", 200, func() func() answer {
		secret := s.as(x.token, "POST", tokens+"/"+id+"/rotate", "").want(200).get("secret")
		return func() answer { return get(secret) }
	})
	for name, request := range map[string]func(string) answer{"read": get, "write": add} {
		used, usedID := s.issue(x.org, all)
		get(used).want(200)
		ask("revoked token, "+name, 401, func() func() answer {
			s.as(x.token, "DELETE", tokens+"/"+usedID, "").want(204)
			return func() answer { return request(used) }
		})
		fresh, freshID := s.issue(x.org, all) // never used
		ask("revoked token that was never used, "+name, 401, func() func() answer {
			s.as(x.token, "DELETE", tokens+"/"+freshID, "").want(204)
			return func() answer { return request(fresh) }
		})
		turned, turnedID := s.issue(x.org, all)
		get(turned).want(200)
		ask("secret before a rotation, "+name, 401, func() func() answer {
			s.as(x.token, "POST", tokens+"/"+turnedID+"/rotate", "").want(200)
			return func() answer { return request(turned) }
		})
	}
	secret, _ := s.issue(x.org, all+fmt.Sprintf(`,"user_id":%q`, x.member))
	get(secret).want(200)
	ask("suspended user", 403, func() func() answer {
		s.as(x.token, "POST", org+"/members/"+x.member+"/suspend", "").want(200)
		return func() answer { return get(secret) }
	})
	ask("reinstated user", 200, func() func() answer {
		s.as(x.token, "POST", org+"/members/"+x.member+"/reinstate", "").want(200)
		return func() answer { return get(secret) }
	})
	issue := func() answer {
		return s.as(secret, "POST", tokens, fmt.Sprintf(`{"name":"x","scopes":["access:read"],"user_id":%q}`, x.member), "Idempotency-Key", "k")
	}
	issue().want(201)
	ask("replay to a suspended user", 403, func() func() answer {
		s.as(x.token, "POST", org+"/members/"+x.member+"/suspend", "").want(200)
		return issue
	})
	s.as(x.token, "POST", org+"/members/"+x.member+"/reinstate", "").want(200)
	ask("invitation", 200, func() func() answer {
		secret := s.as(x.token, "POST", members, `{"email":"ivy@acme.example","role":"viewer"}`).want(201).get("invitation", "token")
		return func() answer { return s.as("", "POST", acceptPath, fmt.Sprintf(`{"token":%q}`, secret)) }
	})
	ask("workspace, by the root token", 201, func() func() answer {
		ws := s.as(x.token, "POST", org+"/workspaces", fmt.Sprintf(`{"name":"New","owner_user_id":%q}`, x.owner)).want(201).get("id")
		return func() answer {
			return s.root("POST", "/v1/workspaces/"+ws+"/members", fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, newText()))
		}
	})
	ask("role", 200, func() func() answer {
		id := s.as(x.token, "POST", org+"/roles", `{"key":"reviewer","name":"Reviewer","level":25,"permissions":[]}`).want(201).get("id")
		return func() answer { return s.as(x.token, "PATCH", org+"/roles/"+id, `{"name":"R"}`) }
	})
	ask("token to rotate", 200, func() func() answer {
		_, id := token(all)
		return func() answer { return s.as(x.token, "POST", tokens+"/"+id+"/rotate", "") }
	})
}

// However slow the read models are, every client reads what it has written.
func TestReadYourWritesUnderLoad(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	stop := make(chan struct{})
	var slow, clients sync.WaitGroup
	slow.Go(func() {
		for {
			resume := s.Pause(t)
			time.Sleep(20 * time.Millisecond)
			resume()
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	for range 16 {
		clients.Go(func() {
			for n := range 10 {
				user := newText()
				s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, user)).want(201)
				switch n % 3 {
				case 0:
					s.as(x.token, "GET", members+"/"+user, "").want(200)
				case 1:
					if got := s.as(x.token, "POST", "/v1/access/check", fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"role":"viewer"}`, user, x.ws)).want(200); got.get("allowed") != "true" {
						t.Errorf("%s: %s", got.asked, got.body)
					}
				default:
					s.as(x.token, "DELETE", members+"/"+user, "").want(204)
					s.as(x.token, "GET", members+"/"+user, "").want(404)
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	slow.Wait()
}
