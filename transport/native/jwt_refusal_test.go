package native

import (
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/auth/authtest"
)

func TestJWTRefusals(t *testing.T) {
	key, stranger := authtest.RSAKey("key", 0), authtest.RSAKey("key", 1)
	p, other := authtest.NewProvider(t, key), authtest.NewProvider(t, stranger)
	s := trusting(t, p, other)
	x := s.tenant("Acme")
	unknown := authtest.NewProvider(t, key)
	ago, later := time.Now().Add(-time.Hour).Unix(), time.Now().Add(2*time.Minute).Unix()
	type claims = map[string]any
	for _, row := range []struct {
		name   string
		claims claims
		why    string // empty if the JWT is accepted
	}{
		{"good", nil, ""},
		{"several audiences", claims{"aud": []string{"https://other.example", authtest.Audience}}, ""},
		{"a list of scopes", claims{"scope": []string{"openid", "access:read"}}, ""},
		{"no scopes", claims{"scope": nil}, ""},
		{"ids in upper case", claims{"sub": strings.ToUpper(x.owner), "organization_id": strings.ToUpper(x.org)}, ""},
		{"a clock that is ahead", claims{"iat": time.Now().Add(30 * time.Second).Unix()}, ""},
		{"another audience", claims{"aud": "https://other.example"}, "aud"},
		{"an audience that begins alike", claims{"aud": authtest.Audience + "/"}, "aud"},
		{"no audience", claims{"aud": nil}, "aud"},
		{"expired", claims{"exp": ago}, "has expired"},
		{"endless", claims{"exp": nil}, "exp"},
		{"as good as endless", claims{"exp": 1e12}, "exp"},
		{"not yet", claims{"nbf": later}, "nbf"},
		{"made in the future", claims{"iat": later}, "iat"},
		{"times as text", claims{"exp": "soon"}, "claims cannot be read"},
		{"an unknown issuer", claims{"iss": unknown.URL}, "iss"},
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
		got := s.as(key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, row.claims)), "GET", "/v1/self", "")
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
		if got := s.as(key.Sign(t, typ, p.Claims(x.org, x.owner, nil)), "GET", "/v1/self", ""); got.status != status {
			t.Errorf("typ %q: %d %s", typ, got.status, got.body)
		}
	}
	good := key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil))
	parts := strings.Split(good, ".")
	forged := strings.Split(key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.member, nil)), ".")
	for _, text := range []string{
		parts[0] + "." + forged[1] + "." + parts[2],
		stranger.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), // another key under the same name
		authtest.RSAKey("encryption", 2).Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)),
		parts[0] + "." + parts[1] + ".", "..", "a.b.c", good + ".", "x" + good,
		key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, map[string]any{"padding": strings.Repeat("x", 8<<10)})),
	} {
		s.as(text, "GET", "/v1/self", "").want(401, "invalid_token")
	}
	s.as(other.Token(stranger, x.org, x.owner), "GET", "/v1/self", "").want(200)
	s.as(good, "GET", "/v1/self", "").want(200)

	// A service without issuers accepts no JWT.
	s.stop()
	plain := start(t, t.TempDir())
	plain.as(good, "GET", "/v1/self", "").want(401, "invalid_token")
}

func TestJWTClaimNames(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	s := start(t, t.TempDir(), func(o *settings) {
		o.OIDC = auth.OIDC{
			Issuers: []string{p.URL}, Audience: authtest.Audience,
			OrganizationClaim: "https://acme.example/org", UserClaim: "https://acme.example/user", ScopeClaim: "permissions",
		}
	})
	x := s.tenant("Acme")
	self := s.as(key.Sign(t, authtest.AccessToken, p.Claims(x.org, newText(), map[string]any{
		"https://acme.example/org": x.org, "https://acme.example/user": x.member, "permissions": []string{"access:read"}, "organization_id": newText(),
	})), "GET", "/v1/self", "").want(200)
	if self.get("organization_id") != x.org || self.get("user_id") != x.member || self.get("scopes") != "[access:read]" {
		t.Errorf("%s", self.body)
	}
	refused := s.as(key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), "GET", "/v1/self", "").want(401, "invalid_token")
	if !strings.Contains(refused.get("detail"), "https://acme.example/org") {
		t.Errorf("%s", refused.body)
	}
}

// While an issuer cannot be reached its JWTs are 503, and everything else goes on.
func TestJWTOfUnavailableIssuer(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	p.Fail(authtest.HangUp)
	s := trusting(t, p)
	x := s.tenant("Acme")
	s.api.Discover(t.Context())
	token := p.Token(key, x.org, x.owner)
	refused := s.as(token, "GET", "/v1/self", "").want(503, "issuer_unavailable")
	if refused.header.Get("Retry-After") != "5" || strings.Contains(string(refused.body), p.URL) {
		t.Errorf("%v %s", refused.header, refused.body)
	}
	if got := refused.get("detail"); got != "the token cannot be checked, because its issuer's keys cannot be fetched; try again" {
		t.Errorf("%s", got)
	}
	s.root("GET", "/readyz", "").want(200)
	s.as(x.token, "GET", "/v1/self", "").want(200)

	p.Fail(nil)
	s.as(token, "GET", "/v1/self", "").want(503, "issuer_unavailable") // it was tried a moment ago
	s.clock.Add(int64(auth.FetchPause))
	s.as(token, "GET", "/v1/self", "").want(200)
}
