package transport

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/muster-dev/muster/domain"
)

func TestJWT(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	s := trusting(t, p)
	x := s.tenant("Acme")
	expires := time.Now().Add(time.Hour).Truncate(time.Second)
	token := key.sign(t, accessToken, p.claims(x, x.owner, map[string]any{"exp": expires.Unix(), "scope": "openid workspace_members:all tokens:all email nonsense:read tokens:all"}))
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

	// It makes none that is stronger than itself.
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

	// Nor does it act for anybody else, whatever its scopes.
	all := key.sign(t, accessToken, p.claims(x, x.owner, nil))
	s.as(all, "PUT", members+"/"+newText(), `{"role":"viewer"}`, "Muster-On-Behalf-Of", x.member).want(403, "not_allowed")
	s.as(all, "POST", "/v1/organizations", `{"name":"New","owner":{"email":"new@new.example"}}`).want(403, "insufficient_scope")

	// The user's role decides.
	editor := key.sign(t, accessToken, p.claims(x, x.member, nil))
	s.as(editor, "GET", members, "").want(200)
	s.as(editor, "PUT", members+"/"+newText(), `{"role":"viewer"}`).want(403, "not_allowed")
	s.as(editor, "POST", members+"/"+x.member+"/leave", "").want(200)

	s.clock.Store(int64(2 * time.Hour))
	s.as(token, "GET", "/v1/self", "").want(401, "invalid_token")
}

func TestJWTRefusals(t *testing.T) {
	key, stranger := rsaKey("key", 0), rsaKey("key", 1)
	p, other := newProvider(t, key), newProvider(t, stranger)
	s := trusting(t, p, other)
	x := s.tenant("Acme")
	unknown := newProvider(t, key)
	ago, later := time.Now().Add(-time.Hour).Unix(), time.Now().Add(2*clockLeeway).Unix()
	type claims = map[string]any
	for _, row := range []struct {
		name   string
		claims claims
		why    string // empty: it is taken
	}{
		{"good", nil, ""},
		{"several audiences", claims{"aud": []string{"https://other.example", audience}}, ""},
		{"a list of scopes", claims{"scope": []string{"openid", "access:read"}}, ""},
		{"no scopes", claims{"scope": nil}, ""},
		{"ids in upper case", claims{"sub": strings.ToUpper(x.owner), "organization_id": strings.ToUpper(x.org)}, ""},
		{"a clock that is ahead", claims{"iat": time.Now().Add(clockLeeway / 2).Unix()}, ""},
		{"another audience", claims{"aud": "https://other.example"}, "aud"},
		{"an audience that begins alike", claims{"aud": audience + "/"}, "aud"},
		{"no audience", claims{"aud": nil}, "aud"},
		{"expired", claims{"exp": ago}, "has expired"},
		{"endless", claims{"exp": nil}, "exp"},
		{"as good as endless", claims{"exp": 1e12}, "exp"},
		{"not yet", claims{"nbf": later}, "nbf"},
		{"made in the future", claims{"iat": later}, "iat"},
		{"times as text", claims{"exp": "soon"}, "claims cannot be read"},
		{"an issuer whom nobody trusts", claims{"iss": unknown.URL}, "iss"},
		{"no issuer", claims{"iss": nil}, "iss"},
		{"another issuer that is trusted", claims{"iss": other.URL}, "signature"},
		{"no organization", claims{"organization_id": nil}, "organization_id must be a UUID"},
		{"an organization by name", claims{"organization_id": "acme"}, "organization_id must be a UUID"},
		{"several organizations", claims{"organization_id": []string{x.org}}, "organization_id must be a UUID"},
		{"every organization", claims{"organization_id": domain.OrganizationID{}.String()}, "organization_id must be a UUID"},
		{"null as organization", claims{"organization_id": (*string)(nil)}, "organization_id must be a UUID"},
		{"no user", claims{"sub": nil}, "sub must be a UUID"},
		{"a user by name", claims{"sub": "auth0|5f7c8ec7c33c6c004bbafe82"}, "sub must be a UUID"},
		{"nobody", claims{"sub": domain.UserID{}.String()}, "sub must be a UUID"},
		{"scopes of another kind", claims{"scope": 7}, "scope must be"},
	} {
		got := s.as(key.sign(t, accessToken, p.claims(x, x.owner, row.claims)), "GET", "/v1/self", "")
		if row.why == "" {
			if got.want(200); got.get("user_id") != x.owner || got.get("organization_id") != x.org {
				t.Errorf("%s: %s", row.name, got.body)
			}
			continue
		}
		got.want(401, "invalid_token")
		if detail := got.get("detail"); !strings.Contains(detail, row.why) || got.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("%s: %v %s", row.name, got.header, detail)
		}
	}

	for typ, status := range map[jose.ContentType]int{"at+jwt": 200, "AT+JWT": 200, "application/at+jwt": 200, "JWT": 401, "": 401, "logout+jwt": 401, "dpop+jwt": 401} {
		if got := s.as(key.sign(t, typ, p.claims(x, x.owner, nil)), "GET", "/v1/self", ""); got.status != status {
			t.Errorf("typ %q: %d %s", typ, got.status, got.body)
		}
	}
	good := key.sign(t, accessToken, p.claims(x, x.owner, nil))
	parts := strings.Split(good, ".")
	forged := strings.Split(key.sign(t, accessToken, p.claims(x, x.member, nil)), ".")
	for _, text := range []string{
		parts[0] + "." + forged[1] + "." + parts[2],
		stranger.sign(t, accessToken, p.claims(x, x.owner, nil)), // under the name of the key
		rsaKey("encryption", 2).sign(t, accessToken, p.claims(x, x.owner, nil)),
		parts[0] + "." + parts[1] + ".", "..", "a.b.c", good + ".", "x" + good,
		key.sign(t, accessToken, p.claims(x, x.owner, map[string]any{"padding": strings.Repeat("x", maxJWT)})),
	} {
		s.as(text, "GET", "/v1/self", "").want(401, "invalid_token")
	}
	s.as(other.claimsToken(stranger, x), "GET", "/v1/self", "").want(200)
	s.as(good, "GET", "/v1/self", "").want(200)

	// Without issuers there are no JWTs.
	s.stop()
	plain := start(t, t.TempDir())
	plain.as(good, "GET", "/v1/self", "").want(401, "invalid_token")
}

// claimsToken is a good token of the provider.
func (p *provider) claimsToken(key signingKey, x tenant) string {
	return key.sign(p.t, accessToken, p.claims(x, x.owner, nil))
}

func TestJWTClaimNames(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	s := start(t, t.TempDir(), func(o *Options) {
		o.OIDC = OIDC{
			Issuers: []string{p.URL}, Audience: audience,
			OrganizationClaim: "https://acme.example/org", UserClaim: "https://acme.example/user", ScopeClaim: "permissions",
		}
	})
	x := s.tenant("Acme")
	self := s.as(key.sign(t, accessToken, p.claims(x, newText(), map[string]any{
		"https://acme.example/org": x.org, "https://acme.example/user": x.member, "permissions": []string{"access:read"}, "organization_id": newText(),
	})), "GET", "/v1/self", "").want(200)
	if self.get("organization_id") != x.org || self.get("user_id") != x.member || self.get("scopes") != "[access:read]" {
		t.Errorf("%s", self.body)
	}
	refused := s.as(key.sign(t, accessToken, p.claims(x, x.owner, nil)), "GET", "/v1/self", "").want(401, "invalid_token")
	if !strings.Contains(refused.get("detail"), "https://acme.example/org") {
		t.Errorf("%s", refused.body)
	}
}

// What a JWT says of organizations makes none exist, and opens no other.
func TestJWTTenancy(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	s := trusting(t, p)
	x, other := s.tenant("Acme"), s.tenant("Other")
	own, foreign := key.sign(t, accessToken, p.claims(x, x.owner, nil)), s.things(other)
	nowhere := tenant{org: newText()}
	lost := key.sign(t, accessToken, p.claims(nowhere, x.owner, nil))
	for _, op := range tenantOperations(t, s) {
		if names(op) {
			s.ask(own, op, foreign).want(404, "not_found")
			s.ask(lost, op, foreign).want(404, "not_found")
		}
		void := absent()
		void["organization"] = nowhere.org
		switch got := s.ask(lost, op, void); op.OperationID {
		case "get-self", "batch-check-access": // which says not_found of each check
			got.want(200)
		case "create-organization":
			got.want(403, "insufficient_scope")
		default:
			got.want(404, "not_found")
		}
	}
}

// Who is suspended in the organization or does not belong to it any more writes
// nothing, whatever the issuer still says of them. Reads go by scopes, as with any
// token.
func TestJWTOfSomebodyWhoIsOut(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	s := trusting(t, p)
	x := s.tenant("Acme")
	admin := newText()
	members := "/v1/organizations/" + x.org + "/members/" + admin
	s.as(x.token, "PUT", members, `{"role":"admin"}`).want(201)
	token := key.sign(t, accessToken, p.claims(x, admin, nil))
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

// A key belongs to the user in the organization and not to one of their JWTs, which
// live for minutes.
func TestJWTIdempotency(t *testing.T) {
	key, second := rsaKey("key", 0), rsaKey("key", 1)
	p, q := newProvider(t, key), newProvider(t, second)
	s := trusting(t, p, q)
	x := s.tenant("Acme")
	boss := newText()
	s.as(x.token, "PUT", "/v1/organizations/"+x.org+"/members/"+boss, `{"role":"owner"}`).want(201)
	someone := newText()
	add := func(token string) answer {
		return s.as(token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+someone, `{"role":"viewer"}`, "Idempotency-Key", "k").want(201)
	}
	add(p.claimsToken(key, x))
	if again := add(p.claimsToken(key, x)); again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("a refreshed token: %v %s", again.header, again.body)
	}
	// Somebody else's key is another: the member is there already.
	for name, token := range map[string]string{
		"another user":        key.sign(t, accessToken, p.claims(x, boss, nil)),
		"another issuer":      q.claimsToken(second, x),
		"one of Muster's own": x.token,
	} {
		got := s.as(token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+someone, `{"role":"viewer"}`, "Idempotency-Key", "k").want(200)
		if got.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s: %v", name, got.header)
		}
	}
}

func TestJWTRateLimit(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	now := time.Now()
	s := start(t, t.TempDir(), func(o *Options) {
		o.RateLimit, o.Now = 2, func() time.Time { return now }
		o.OIDC = OIDC{Issuers: []string{p.URL}, Audience: audience, OrganizationClaim: "organization_id", UserClaim: "sub", ScopeClaim: "scope"}
	})
	x := tenant{org: newText(), owner: newText()}
	for range 2 {
		s.as(p.claimsToken(key, x), "GET", "/v1/self", "").want(200)
	}
	s.as(p.claimsToken(key, x), "GET", "/v1/self", "").want(429, "rate_limited")
	s.as(key.sign(t, accessToken, p.claims(x, newText(), nil)), "GET", "/v1/self", "").want(200)
}

// A signature is checked once for as long as the keys count, however often its JWT
// comes.
func TestJWTsAreRemembered(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	s := trusting(t, p)
	x := s.tenant("Acme")
	token := p.claimsToken(key, x)
	s.as(token, "GET", "/v1/self", "").want(200)
	known, _ := s.api.issuers.bySecret.Peek(hashToken(token))
	if found, err := s.api.issuers.find(t.Context(), hashToken(token), token); err != nil || found != known.bearer || found == nil {
		t.Errorf("%v %v", found, err)
	}
	// Another look at the keys, and they are checked anew.
	s.clock.Add(int64(keysFresh))
	if found, err := s.api.issuers.find(t.Context(), hashToken(token), token); err != nil || found == known.bearer {
		t.Errorf("%v %v", found, err)
	}
	for i := range maxBearers + 10 {
		s.api.issuers.bySecret.Add(domain.Hash{byte(i), byte(i >> 8)}, checked{})
	}
	s.as(p.claimsToken(key, x), "GET", "/v1/self", "").want(200)
	if got := s.api.issuers.bySecret.Len(); got != maxBearers {
		t.Errorf("%d are remembered", got)
	}
}

// A stream ends when the JWT that it was opened with expires.
func TestJWTStream(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	s := trusting(t, p)
	x := s.tenant("Acme")
	f := s.follow(p.claimsToken(key, x), "/v1/organizations/"+x.org+"/events?after=latest")
	workspace := "/v1/workspaces/" + x.ws
	s.as(x.token, "PATCH", workspace, `{"name":"Second"}`).want(200)
	if e, ok := f.next(); !ok || e.kind != "muster.workspace.renamed" {
		t.Errorf("%+v", e)
	}
	s.clock.Store(int64(2 * time.Hour))
	s.as(x.token, "PATCH", workspace, `{"name":"Third"}`).want(200)
	for range 2 { // one more when the stream was on its way to wait
		if e, ok := f.next(); !ok {
			return
		} else if e.kind != "muster.workspace.renamed" {
			t.Errorf("%+v", e)
		}
		s.as(x.token, "PATCH", workspace, `{"name":"Fourth"}`).want(200)
	}
	t.Error("the stream goes on")
}

// Keys change while many use them.
func TestJWTsAtOnce(t *testing.T) {
	key, next := rsaKey("key", 0), rsaKey("next", 1)
	p := newProvider(t, key, next)
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
				s.as(p.claimsToken(signer, x), "GET", "/v1/self", "").want(200)
				s.clock.Add(int64(keysFresh / 10))
			}
		})
	}
	users.Wait()
}

func FuzzJWT(f *testing.F) {
	key := rsaKey("key", 0)
	p := newProvider(f, key)
	s := trusting(f, p)
	x := s.tenant("Acme")
	good := p.claimsToken(key, x)
	owner, err := s.api.issuers.find(f.Context(), hashToken(good), good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(strings.Replace(good, ".", ".e30", 1))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := s.api.issuers.find(t.Context(), hashToken(text), text)
		if err == nil && found.identity != owner.identity { // base64 has more than one spelling
			t.Errorf("%q opens for %v", text, found.actor)
		}
	})
}
