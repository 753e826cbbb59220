package native

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/auth/authtest"
)

// trusting returns a service that accepts the JWTs of the providers. Its time only
// changes with the clock.
func trusting(t testing.TB, providers ...*authtest.Provider) (s *service) {
	begun := time.Now()
	s = start(t, t.TempDir(), func(o *settings) {
		o.Now = func() time.Time { return begun.Add(time.Duration(s.clock.Load())) }
		o.OIDC = auth.OIDC{Audience: authtest.Audience, OrganizationClaim: "organization_id", UserClaim: "sub", ScopeClaim: "scope"}
		for _, p := range providers {
			o.OIDC.Issuers = append(o.OIDC.Issuers, p.URL)
		}
	})
	return s
}

func TestJWT(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	s := trusting(t, p)
	x := s.tenant("Acme")
	expires := time.Now().Add(time.Hour).Truncate(time.Second)
	token := key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, map[string]any{"exp": expires.Unix(), "scope": "openid workspace_members:all tokens:all email nonsense:read tokens:all"}))
	self := s.as(token, "GET", "/v1/self", "").want(200)
	for _, row := range []struct{ got, want string }{
		{self.get("token_id"), "<nil>"},
		{self.get("name"), p.URL},
		{self.get("organization_id"), x.org},
		{self.get("workspace_id"), "<nil>"},
		{self.get("user_id"), x.owner},
		{self.get("scopes"), "[workspace_members:all tokens:all]"},
		{self.get("expires_at"), expires.UTC().Format("2006-01-02T15:04:05.000Z")},
		{self.get("actor", "type"), "user"},
		{self.get("actor", "id"), x.owner},
	} {
		if row.got != row.want {
			t.Errorf("%s, want %s: %s", row.got, row.want, self.body)
		}
	}
	members := "/v1/workspaces/" + x.ws + "/members"
	added := s.as(token, "PUT", members+"/"+newText(), `{"role":"viewer"}`).want(201)
	event := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?type=muster.member.added&user_id="+added.get("user_id"), "").want(200)
	if event.get("items", 0, "authtype") != "user" || event.get("items", 0, "authid") != x.owner {
		t.Errorf("%s", event.body)
	}
	s.as(token, "GET", "/v1/workspaces/"+x.ws, "").want(403, "insufficient_scope")

	// A JWT cannot issue a token that is stronger than itself.
	tokens := "/v1/organizations/" + x.org + "/tokens"
	issue := func(user, scope string, until time.Time) answer {
		return s.as(token, "POST", tokens, fmt.Sprintf(`{"name":"x","scopes":[%q],"user_id":%q,"expires_at":%q}`, scope, user, until.Format(time.RFC3339)))
	}
	issue(x.owner, "workspace_members:read", expires).want(201)
	issue(x.owner, "workspace_members:read", expires.Add(time.Second)).want(403, "scope_above_own")
	issue(x.owner, "workspaces:read", expires).want(403, "scope_above_own")
	issue(x.member, "workspace_members:read", expires).want(403, "scope_above_own")
	s.as(token, "POST", tokens, `{"name":"x","scopes":["workspace_members:read"]}`).want(403, "scope_above_own")
	s.as(token, "POST", tokens+"/"+x.tokenID+"/rotate", "").want(403, "scope_above_own")

	// A JWT cannot act on behalf of another user, whatever its scopes.
	all := key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil))
	s.as(all, "PUT", members+"/"+newText(), `{"role":"viewer"}`, "Muster-On-Behalf-Of", x.member).want(403, "not_allowed")
	s.as(all, "POST", "/v1/organizations", `{"name":"New","owner":{"email":"new@new.example"}}`).want(403, "insufficient_scope")

	// The role of its user decides what a JWT may do.
	editor := key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.member, nil))
	s.as(editor, "GET", members, "").want(200)
	s.as(editor, "PUT", members+"/"+newText(), `{"role":"viewer"}`).want(403, "not_allowed")
	s.as(editor, "POST", members+"/"+x.member+"/leave", "").want(200)

	s.clock.Store(int64(2 * time.Hour))
	s.as(token, "GET", "/v1/self", "").want(401, "invalid_token")
}

// A JWT does not make its organization exist, and reaches no other one.
func TestJWTTenancy(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	s := trusting(t, p)
	x, other := s.tenant("Acme"), s.tenant("Other")
	own, foreign := key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), s.things(other)
	nowhere := tenant{org: newText()}
	lost := key.Sign(t, authtest.AccessToken, p.Claims(nowhere.org, x.owner, nil))
	for _, op := range tenantOperations(t, s) {
		if names(op) {
			s.ask(own, op, foreign).want(404, "not_found")
			s.ask(lost, op, foreign).want(404, "not_found")
		}
		void := absent()
		void["organization"] = nowhere.org
		switch got := s.ask(lost, op, void); op.OperationID {
		case "get-self", "batch-check-access": // its checks are not_found
			got.want(200)
		case "create-organization":
			got.want(403, "insufficient_scope")
		default:
			got.want(404, "not_found")
		}
	}
}

// A user who is suspended in the organization, or no longer part of it, can neither read
// nor write, even if the issuer still issues JWTs for them.
func TestJWTOfSomebodyWhoIsOut(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	s := trusting(t, p)
	x := s.tenant("Acme")
	admin := newText()
	members := "/v1/organizations/" + x.org + "/members/" + admin
	s.as(x.token, "PUT", members, `{"role":"admin"}`).want(201)
	token := key.Sign(t, authtest.AccessToken, p.Claims(x.org, admin, nil))
	add := func() answer {
		return s.as(token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`)
	}
	issue := func() answer {
		return s.as(token, "POST", "/v1/organizations/"+x.org+"/tokens", fmt.Sprintf(`{"name":"x","scopes":["access:read"],"user_id":%q,"expires_at":%q}`,
			admin, time.Now().Add(time.Minute).Format(time.RFC3339)))
	}
	add().want(201)
	issue().want(201)
	s.as(x.token, "POST", members+"/suspend", "").want(200)
	add().want(403, "not_allowed")
	issue().want(403, "not_allowed")
	s.as(x.token, "POST", members+"/reinstate", "").want(200)
	add().want(201)
	s.as(x.token, "DELETE", members, "").want(204)
	add().want(403, "not_allowed")
	issue().want(403, "not_allowed")
	s.as(token, "GET", "/v1/workspaces/"+x.ws, "").want(403, "not_allowed")
}

// An idempotency key belongs to the user in the organization, not to a single JWT. JWTs
// only live for minutes.
func TestJWTIdempotency(t *testing.T) {
	key, second := authtest.RSAKey("key", 0), authtest.RSAKey("key", 1)
	p, q := authtest.NewProvider(t, key), authtest.NewProvider(t, second)
	s := trusting(t, p, q)
	x := s.tenant("Acme")
	boss := newText()
	s.as(x.token, "PUT", "/v1/organizations/"+x.org+"/members/"+boss, `{"role":"owner"}`).want(201)
	someone := newText()
	add := func(token string) answer {
		return s.as(token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+someone, `{"role":"viewer"}`, "Idempotency-Key", "k").want(201)
	}
	add(p.Token(key, x.org, x.owner))
	if again := add(p.Token(key, x.org, x.owner)); again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("a refreshed token: %v %s", again.header, again.body)
	}
	// With any other identity the same key is a different key, so the command is carried
	// out again and finds the member.
	for name, token := range map[string]string{
		"another user":        key.Sign(t, authtest.AccessToken, p.Claims(x.org, boss, nil)),
		"another issuer":      q.Token(second, x.org, x.owner),
		"one of Muster's own": x.token,
	} {
		got := s.as(token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+someone, `{"role":"viewer"}`, "Idempotency-Key", "k").want(200)
		if got.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s: %v", name, got.header)
		}
	}
}

func TestJWTRateLimit(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	now := time.Now()
	s := start(t, t.TempDir(), func(o *settings) {
		o.RateLimit, o.Now = 2, func() time.Time { return now }
		o.OIDC = auth.OIDC{Issuers: []string{p.URL}, Audience: authtest.Audience, OrganizationClaim: "organization_id", UserClaim: "sub", ScopeClaim: "scope"}
	})
	x := tenant{org: newText(), owner: newText()}
	for range 2 {
		s.as(p.Token(key, x.org, x.owner), "GET", "/v1/self", "").want(200)
	}
	s.as(p.Token(key, x.org, x.owner), "GET", "/v1/self", "").want(429, "rate_limited")
	s.as(key.Sign(t, authtest.AccessToken, p.Claims(x.org, newText(), nil)), "GET", "/v1/self", "").want(200)
}

// A stream ends when the JWT that it was opened with expires.
func TestJWTStream(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	s := trusting(t, p)
	x := s.tenant("Acme")
	f := s.follow(p.Token(key, x.org, x.owner), "/v1/organizations/"+x.org+"/events?after=latest")
	workspace := "/v1/workspaces/" + x.ws
	s.as(x.token, "PATCH", workspace, `{"name":"Second"}`).want(200)
	if e, ok := f.next(); !ok || e.kind != "muster.workspace.renamed" {
		t.Errorf("%+v", e)
	}
	s.clock.Store(int64(2 * time.Hour))
	s.as(x.token, "PATCH", workspace, `{"name":"Third"}`).want(200)
	for range 2 { // one more event if the stream was just about to wait
		if e, ok := f.next(); !ok {
			return
		} else if e.kind != "muster.workspace.renamed" {
			t.Errorf("%+v", e)
		}
		s.as(x.token, "PATCH", workspace, `{"name":"Fourth"}`).want(200)
	}
	t.Error("the stream goes on")
}

// Keys are fetched again while many JWTs are being checked.
func TestJWTsAtOnce(t *testing.T) {
	key, next := authtest.RSAKey("key", 0), authtest.RSAKey("next", 1)
	p := authtest.NewProvider(t, key, next)
	s := trusting(t, p)
	x := s.tenant("Acme")
	var users sync.WaitGroup
	for n := range 4 {
		users.Go(func() {
			for range 20 {
				signer := key
				if n%2 == 1 {
					signer = next
				}
				s.as(p.Token(signer, x.org, x.owner), "GET", "/v1/self", "").want(200)
				s.clock.Add(int64(30 * time.Second))
			}
		})
	}
	users.Wait()
}
