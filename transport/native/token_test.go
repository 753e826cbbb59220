package native

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-dev/muster/transport/auth"
)

func TestTokens(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	tokens := "/v1/organizations/" + x.org + "/tokens"
	issued := s.as(x.token, "POST", tokens, `{"name":"Billing","scopes":["access:read","workspaces:all"]}`).want(201)
	secret, id := issued.get("secret"), issued.get("id")
	if !auth.IsToken(secret) || !strings.HasPrefix(secret, "tot_") {
		t.Errorf("the secret is %s", secret)
	}
	for _, path := range []string{tokens, tokens + "/" + id, "/v1/organizations/" + x.org + "/events"} {
		if got := s.as(x.token, "GET", path, "").want(200); strings.Contains(string(got.body), secret) {
			t.Errorf("%s shows the secret", path)
		}
	}
	self := s.as(secret, "GET", "/v1/self", "").want(200)
	if self.get("token_id") != id || self.get("organization_id") != x.org || self.get("scopes", 0) != "access:read" || self.get("actor", "type") != "token" {
		t.Errorf("%s", self.body)
	}
	if self := s.root("GET", "/v1/self", "").want(200); self.get("token_id") != "<nil>" || self.get("actor", "id") != "root" {
		t.Errorf("%s", self.body)
	}

	// A token is refused from the moment its revocation is answered, however often it was
	// used before.
	s.as(secret, "GET", "/v1/workspaces/"+x.ws, "").want(200)
	s.as(x.token, "DELETE", tokens+"/"+id, "").want(204)
	s.as(secret, "GET", "/v1/self", "").want(401, "invalid_token")
	s.as(x.token, "DELETE", tokens+"/"+id, "").want(204)
	s.as(x.token, "DELETE", tokens+"/"+newText(), "").want(404)
	if got := s.as(x.token, "GET", tokens+"/"+id, "").want(200); got.get("revoked_at") == "<nil>" {
		t.Errorf("%s", got.body)
	}

	// Nobody can issue a token with more scopes than their own.
	narrow, _ := s.issue(x.org, `"scopes":["tokens:all","access:read"]`)
	s.as(narrow, "POST", tokens, `{"name":"x","scopes":["access:read"]}`).want(201)
	s.as(narrow, "POST", tokens, `{"name":"x","scopes":["workspaces:read"]}`).want(403, "scope_above_own")
	s.as(x.token, "POST", tokens, `{"name":"x","scopes":[]}`).want(422, "required")
	s.as(x.token, "POST", tokens, `{"name":"x","scopes":["access:read"],"expires_at":"2001-01-01T00:00:00Z"}`).want(422, "in_the_past")
	s.as(x.token, "POST", tokens, fmt.Sprintf(`{"name":"x","scopes":["access:read"],"workspace_id":%q}`, newText())).want(422, "unknown_workspace")
}

// A replay shows the same token without its secret, of which only the hash was kept.
func TestTokenIdempotency(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	issue := func() answer {
		return s.as(x.token, "POST", "/v1/organizations/"+x.org+"/tokens", `{"name":"x","scopes":["access:read"]}`, "Idempotency-Key", "k").want(201)
	}
	first, second := issue(), issue()
	if first.get("id") != second.get("id") || second.get("secret") != "<nil>" || second.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%s\n%s", first.body, second.body)
	}
}

func TestTokenRotation(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	first, id := s.issue(x.org, `"scopes":["access:read"]`)
	rotate := "/v1/organizations/" + x.org + "/tokens/" + id + "/rotate"
	opens := func(secret string, status int) {
		t.Helper()
		if got := s.as(secret, "GET", "/v1/self", "").want(status); status == 200 && got.get("token_id") != id {
			t.Errorf("%s", got.body)
		}
	}
	opens(first, 200)
	rotated := s.as(x.token, "POST", rotate, `{"overlap_seconds":3600}`, "Idempotency-Key", "k").want(200)
	second := rotated.get("secret")
	if second == first || !auth.IsToken(second) || rotated.get("id") != id || rotated.get("former_secret_expires_at") == "<nil>" {
		t.Errorf("%s", rotated.body)
	}
	if again := s.as(x.token, "POST", rotate, `{"overlap_seconds":3600}`, "Idempotency-Key", "k").want(200); again.get("secret") != "<nil>" || again.get("former_secret_expires_at") != rotated.get("former_secret_expires_at") {
		t.Errorf("%s", again.body)
	}
	s.as(x.token, "POST", rotate+"?validate_only=true", "").want(200)
	opens(first, 200)
	opens(second, 200)
	s.clock.Store(int64(time.Hour))
	opens(first, 401)
	opens(second, 200)
	// Without an overlap the previous secret ends at once, and so does the one before it.
	third := s.as(x.token, "POST", rotate, "").want(200).get("secret")
	opens(second, 401)
	opens(third, 200)
	for _, overlap := range []string{"604801", "-1", "9223372036854775807"} {
		s.as(x.token, "POST", rotate, `{"overlap_seconds":`+overlap+`}`).want(422, "out_of_range")
	}
	s.as(third, "POST", rotate, "").want(403, "insufficient_scope")
	narrow, _ := s.issue(x.org, `"scopes":["tokens:create"]`)
	s.as(narrow, "POST", rotate, "").want(403, "scope_above_own")
	boss, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.owner))
	s.as(boss, "POST", rotate, "").want(403, "scope_above_own")
	s.as(x.token, "DELETE", "/v1/organizations/"+x.org+"/tokens/"+id, "").want(204)
	s.as(x.token, "POST", rotate, "").want(409, "token_ended")
	opens(third, 401)
}

func TestTokenExpiry(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	secret, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["access:read"],"expires_at":%q`, time.Now().Add(time.Hour).Format(time.RFC3339)))
	s.as(secret, "GET", "/v1/self", "").want(200)
	s.clock.Store(int64(2 * time.Hour))
	s.as(secret, "GET", "/v1/self", "").want(401, "invalid_token")
	s.as(x.token, "GET", "/v1/self", "").want(200)
}

// A revoked token is refused in every request that begins after the revocation was
// answered, even while other requests are using it.
func TestRevocationIsAtOnce(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for range 20 {
		secret, id := s.issue(x.org, `"scopes":["all:read"]`)
		stop := make(chan struct{})
		var users sync.WaitGroup
		for range 4 {
			users.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						s.as(secret, "GET", "/v1/self", "")
					}
				}
			})
		}
		s.as(x.token, "DELETE", "/v1/organizations/"+x.org+"/tokens/"+id, "").want(204)
		for range 10 {
			s.as(secret, "GET", "/v1/self", "").want(401, "invalid_token")
		}
		close(stop)
		users.Wait()
	}
}

// A token that is bound to a user writes what the user's role allows.
func TestUserBoundTokens(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	editor, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.member))
	owner, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.owner))
	if !strings.HasPrefix(editor, "tpt_") {
		t.Errorf("the token begins with %.4s", editor)
	}
	if self := s.as(editor, "GET", "/v1/self", "").want(200); self.get("actor", "type") != "user" || self.get("actor", "id") != x.member || self.get("user_id") != x.member {
		t.Errorf("%s", self.body)
	}
	someone := newText()
	s.as(editor, "GET", members, "").want(200)
	s.as(editor, "PUT", members+"/"+someone, `{"role":"viewer"}`).want(403, "not_allowed")
	s.as(owner, "PUT", members+"/"+someone, `{"role":"viewer"}`).want(201)
	s.as(owner, "PUT", members+"/"+x.member, `{"role":"admin"}`).want(200)
	// As an admin they may, but not above their own level.
	s.as(editor, "PUT", members+"/"+someone, `{"role":"owner"}`).want(403, "role_above_own")
	added := s.as(editor, "PUT", members+"/"+newText(), `{"role":"viewer"}`).want(201)
	if added.get("added_by") != x.member {
		t.Errorf("%s", added.body)
	}
}

// A token whose user is suspended in the organization, or has nothing in it any more,
// cannot read for as long as that lasts.
func TestTokensOfTheBarred(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, members := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws+"/members"
	token := func(user string) string {
		secret, _ := s.issue(x.org, `"scopes":["all:all"],"user_id":"`+user+`"`)
		return secret
	}
	stranger, invited := newText(), s.root("POST", members, `{"email":"ivy@acme.example","role":"viewer"}`).want(201).get("user_id")
	ed, owner, ivy, nobody := token(x.member), token(x.owner), token(invited), token(stranger)
	check := fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"role":"viewer"}`, x.owner, x.ws)
	reads := func(token string, status int) {
		t.Helper()
		var code []string
		if status == 403 {
			code = []string{"not_allowed"}
		}
		s.as(token, "GET", members, "").want(status, code...)
		s.as(token, "GET", org+"/events", "").want(status, code...)
		s.as(token, "POST", "/v1/access/check", check).want(status, code...)
		s.as(token, "GET", "/v1/self", "").want(200)
	}
	for _, one := range []string{ed, owner, ivy, nobody} {
		reads(one, 200)
	}

	s.root("POST", org+"/members/"+x.member+"/suspend", "").want(200)
	reads(ed, 403)
	s.root("POST", org+"/members/"+x.member+"/reinstate", "").want(200)
	reads(ed, 200)

	leave := []string{"Idempotency-Key", "leave"}
	s.as(ed, "POST", members+"/"+x.member+"/leave", "", leave...).want(200)
	reads(ed, 403)
	s.as(ed, "POST", members+"/"+x.member+"/leave", "", leave...).want(200) // a replay
	s.root("POST", members, `{"user_id":"`+x.member+`","role":"client"}`).want(201)
	reads(ed, 200)

	s.root("DELETE", members+"/"+invited, "").want(204)
	reads(ivy, 403)
	s.root("PUT", org+"/members/"+stranger, `{"role":"member"}`).want(201)
	s.root("DELETE", org+"/members/"+stranger, "").want(204)
	reads(nobody, 403)
	reads(owner, 200)
}

func TestOnBehalfOf(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members/"
	s.as(x.token, "PUT", members+newText(), `{"role":"viewer"}`, "Muster-On-Behalf-Of", x.member).want(403, "not_allowed")
	s.as(x.token, "PUT", members+newText(), `{"role":"viewer"}`, "Muster-On-Behalf-Of", "somebody").want(422, "invalid_id")
	done := s.as(x.token, "PUT", members+newText(), `{"role":"viewer"}`, "Muster-On-Behalf-Of", x.owner).want(201)
	if done.get("added_by") != x.owner {
		t.Errorf("%s", done.body)
	}
	event := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?type=muster.member.added&user_id="+done.get("user_id"), "").want(200)
	if event.get("items", 0, "onbehalfof") != x.owner || event.get("items", 0, "authid") != x.tokenID {
		t.Errorf("%s", event.body)
	}
	plain, _ := s.issue(x.org, `"scopes":["workspace_members:all"]`)
	s.as(plain, "PUT", members+newText(), `{"role":"viewer"}`, "Muster-On-Behalf-Of", x.owner).want(403, "insufficient_scope")
}
