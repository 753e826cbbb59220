package transport

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const audience = "https://muster.example"

// provider is an OpenID provider: its discovery document and its keys, which change.
type provider struct {
	*httptest.Server
	t   testing.TB
	mux *http.ServeMux

	mu        sync.Mutex
	published []any // keys

	looks atomic.Int64 // at its keys
	// trouble answers instead of it, when there is some.
	trouble atomic.Pointer[http.HandlerFunc]
}

func newProvider(t testing.TB, keys ...signingKey) *provider {
	p := &provider{t: t, mux: http.NewServeMux()}
	p.publish(keys...)
	p.mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	p.mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.looks.Add(1)
		p.mu.Lock()
		defer p.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": p.published})
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if trouble := p.trouble.Load(); trouble != nil {
			(*trouble)(w, r)
			return
		}
		p.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// publish makes these its keys, beside some that nobody can use.
func (p *provider) publish(keys ...signingKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.published = []any{
		map[string]any{"kty": "OKP", "crv": "Ed448", "kid": "strange", "x": "AAAA"},
		map[string]any{"kty": "new"},
		jose.JSONWebKey{Key: rsaKeys()[2].Public(), KeyID: "encryption", Use: "enc"},
	}
	for _, k := range keys {
		p.published = append(p.published, k.public())
	}
}

// fails makes the provider answer like that; nil: as it should.
func (p *provider) fails(how http.HandlerFunc) {
	if how == nil {
		p.trouble.Store(nil)
		return
	}
	p.trouble.Store(&how)
}

// text is a handler that answers with it.
func text(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// signingKey is a key of a provider.
type signingKey struct {
	id        string
	algorithm jose.SignatureAlgorithm
	key       crypto.Signer
}

var rsaKeys = sync.OnceValue(func() (keys [3]*rsa.PrivateKey) {
	for i := range keys {
		keys[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return keys
})

func rsaKey(id string, n int) signingKey { return signingKey{id, jose.RS256, rsaKeys()[n]} }

func (k signingKey) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.key.Public(), KeyID: k.id, Algorithm: string(k.algorithm), Use: "sig"}
}

// sign makes a JWT with that header's typ.
func (k signingKey) sign(t testing.TB, typ jose.ContentType, claims map[string]any) string {
	return signed(t, jose.SigningKey{Algorithm: k.algorithm, Key: jose.JSONWebKey{Key: k.key, KeyID: k.id}}, typ, claims)
}

func signed(t testing.TB, key jose.SigningKey, typ jose.ContentType, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(typ))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const accessToken jose.ContentType = "at+jwt"

// claims are those of a good token of the provider.
func (p *provider) claims(x tenant, user string, more map[string]any) map[string]any {
	claims := map[string]any{
		"iss": p.URL, "aud": audience, "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "client_id": "console", "jti": newText(),
		"sub": user, "organization_id": x.org, "scope": "openid all:all",
	}
	maps.Copy(claims, more)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// trusting is a service that takes the JWTs of the providers. Its time stands, and
// goes on with the clock only.
func trusting(t testing.TB, providers ...*provider) (s *service) {
	begun := time.Now()
	s = start(t, t.TempDir(), func(o *Options) {
		o.Now = func() time.Time { return begun.Add(time.Duration(s.clock.Load())) }
		o.OIDC = OIDC{Audience: audience, OrganizationClaim: "organization_id", UserClaim: "sub", ScopeClaim: "scope"}
		for _, p := range providers {
			o.OIDC.Issuers = append(o.OIDC.Issuers, p.URL)
		}
	})
	return s
}

// An issuer rotates its keys: a token with the new one opens at once, one with the
// old one until the keys are looked at again, which is a few minutes later.
func TestIssuerRotation(t *testing.T) {
	first, second := rsaKey("first", 0), rsaKey("second", 1)
	p := newProvider(t, first)
	s := trusting(t, p)
	x := s.tenant("Acme")
	old := first.sign(t, accessToken, p.claims(x, x.owner, nil))
	s.as(old, "GET", "/v1/self", "").want(200)

	s.clock.Add(int64(fetchPause))
	p.publish(first, second)
	s.as(second.sign(t, accessToken, p.claims(x, x.owner, nil)), "GET", "/v1/self", "").want(200)
	s.as(old, "GET", "/v1/self", "").want(200)

	p.publish(second)
	s.as(old, "GET", "/v1/self", "").want(200)
	s.clock.Add(int64(keysFresh - time.Second))
	s.as(old, "GET", "/v1/self", "").want(200)
	s.clock.Add(int64(time.Second))
	s.as(old, "GET", "/v1/self", "").want(401, "invalid_token")
	s.as(second.sign(t, accessToken, p.claims(x, x.owner, nil)), "GET", "/v1/self", "").want(200)
}

// Who makes up keys does not make Muster ask the issuer again and again.
func TestUnknownKeysAreBounded(t *testing.T) {
	known, made := rsaKey("known", 0), rsaKey("", 1)
	p := newProvider(t, known)
	s := trusting(t, p)
	x := s.tenant("Acme")
	s.api.Discover(t.Context())
	if got := p.looks.Load(); got != 1 {
		t.Fatalf("%d looks at the start", got)
	}
	var strangers sync.WaitGroup
	for range 4 {
		strangers.Go(func() {
			for range 10 {
				stranger := made
				stranger.id = newText()
				s.as(stranger.sign(t, accessToken, p.claims(x, x.owner, nil)), "GET", "/v1/self", "").want(401, "invalid_token")
			}
		})
	}
	strangers.Wait()
	s.as(made.sign(t, accessToken, p.claims(x, x.owner, nil)), "GET", "/v1/self", "").want(401, "invalid_token") // of no name at all
	if got := p.looks.Load(); got != 1 {
		t.Errorf("%d looks", got)
	}
	s.clock.Add(int64(fetchPause))
	made.id = "made up"
	for range 3 {
		s.as(made.sign(t, accessToken, p.claims(x, x.owner, nil)), "GET", "/v1/self", "").want(401, "invalid_token")
	}
	if got := p.looks.Load(); got != 2 {
		t.Errorf("%d looks after the pause", got)
	}
	// A wrong signature under a name that is known is no reason to look.
	s.clock.Add(int64(fetchPause))
	made.id = "known"
	s.as(made.sign(t, accessToken, p.claims(x, x.owner, nil)), "GET", "/v1/self", "").want(401, "invalid_token")
	if got := p.looks.Load(); got != 2 {
		t.Errorf("%d looks after a wrong signature", got)
	}
}

// An issuer that cannot be reached keeps nobody from working whose keys are known.
func TestIssuerOutage(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	p.fails(hangUp)
	s := trusting(t, p)
	x := s.tenant("Acme")
	s.api.Discover(t.Context())
	token := key.sign(t, accessToken, p.claims(x, x.owner, map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()}))
	refused := s.as(token, "GET", "/v1/self", "").want(503, "issuer_unavailable")
	if refused.header.Get("Retry-After") != "5" || strings.Contains(string(refused.body), p.URL) {
		t.Errorf("%v %s", refused.header, refused.body)
	}
	s.root("GET", "/readyz", "").want(200)
	s.as(x.token, "GET", "/v1/self", "").want(200)

	p.fails(nil)
	s.as(token, "GET", "/v1/self", "").want(503, "issuer_unavailable") // it was tried a moment ago
	s.clock.Add(int64(fetchPause))
	s.as(token, "GET", "/v1/self", "").want(200)

	// Down again: what is known counts for an hour, and unknown keys for nothing.
	p.fails(hangUp)
	s.clock.Add(int64(keysLast - time.Second))
	s.as(token, "GET", "/v1/self", "").want(200)
	unknown := rsaKey("unknown", 1).sign(t, accessToken, p.claims(x, x.owner, nil))
	s.as(unknown, "GET", "/v1/self", "").want(503, "issuer_unavailable")
	s.clock.Add(int64(fetchPause))
	s.as(token, "GET", "/v1/self", "").want(503, "issuer_unavailable")
	p.fails(nil)
	s.clock.Add(int64(fetchPause))
	s.as(token, "GET", "/v1/self", "").want(200)
}

// Whatever an issuer answers that is not its keys is an outage.
func TestIssuerTrouble(t *testing.T) {
	key := rsaKey("key", 0)
	p := newProvider(t, key)
	s := trusting(t, p)
	x := s.tenant("Acme")
	token := key.sign(t, accessToken, p.claims(x, x.owner, nil))
	discovery, keys := "/.well-known/openid-configuration", "/keys"
	document := func(issuer, padding string) string {
		return `{"issuer":"` + issuer + `","jwks_uri":"` + p.URL + `/keys","padding":"` + padding + `"}`
	}
	padding := strings.Repeat("x", maxIssuerDocument)
	published, err := json.Marshal(key.public())
	if err != nil {
		t.Fatal(err)
	}
	// Each is right but for one thing.
	for name, row := range map[string]struct {
		path, why string
		answer    http.HandlerFunc
	}{
		"an error":         {discovery, "503", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, padding, http.StatusServiceUnavailable) }},
		"silence":          {keys, "deadline", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		"half an answer":   {keys, "EOF", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "9"); hangUp(w, nil) }},
		"another address":  {discovery, "302", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, p.URL+"/moved", http.StatusFound) }},
		"another issuer":   {discovery, "calls itself", text(document(p.URL+"/", ""))},
		"no JSON":          {discovery, "reading", text(`<html>`)},
		"too much":         {discovery, "larger than", text(document(p.URL, padding))},
		"no keys":          {keys, "no keys", text(`{}`)},
		"too many keys":    {keys, "larger than", text(`{"keys":[` + string(published) + `],"padding":"` + padding + `"}`)},
		"keys without end": {keys, "reading", text(`{"keys":[`)},
	} {
		p.fails(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case row.path:
				row.answer(w, r)
			case "/moved":
				text(document(p.URL, ""))(w, r)
			default:
				p.mux.ServeHTTP(w, r)
			}
		})
		i := newIssuer(p.URL, time.Now, nil)
		if name == "silence" {
			i.patience = time.Millisecond
		}
		_, err := i.fetch(t.Context())
		if err == nil || !strings.Contains(err.Error(), row.why) || len(err.Error()) > 500 {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.fails(hangUp)
	s.as(token, "GET", "/v1/self", "").want(503, "issuer_unavailable")
	p.fails(nil)
	s.clock.Add(int64(fetchPause))
	// Who leaves while the keys are fetched does not keep them from all others.
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := s.api.issuers.byURL[p.URL].newer(left, nil); err != nil {
		t.Error(err)
	}
	s.as(token, "GET", "/v1/self", "").want(200)
}

// An issuer that is reached over TLS does not point to keys that are not.
func TestKeysOverTLS(t *testing.T) {
	var url string
	p := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"issuer":"` + url + `","jwks_uri":"http://127.0.0.1:1/keys"}`))
	}))
	defer p.Close()
	url = p.URL
	i := newIssuer(url, time.Now, nil)
	i.client = p.Client()
	if _, err := i.fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "https is expected") {
		t.Errorf("%v", err)
	}
}

// All algorithms with a key that its issuer keeps to itself will do, and no other.
func TestAlgorithms(t *testing.T) {
	var keys []signingKey
	for _, a := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512} {
		keys = append(keys, signingKey{string(a), a, rsaKeys()[0]})
	}
	for a, curve := range map[jose.SignatureAlgorithm]elliptic.Curve{jose.ES256: elliptic.P256(), jose.ES384: elliptic.P384(), jose.ES512: elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, signingKey{string(a), a, key})
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys = append(keys, signingKey{"EdDSA", jose.EdDSA, edwards})
	if len(keys) != len(signatures) {
		t.Fatalf("%d algorithms are tested, %d accepted", len(keys), len(signatures))
	}
	p := newProvider(t, keys...)
	s := trusting(t, p)
	x := s.tenant("Acme")
	claims := p.claims(x, x.owner, nil)
	for _, k := range keys {
		s.as(k.sign(t, accessToken, claims), "GET", "/v1/self", "").want(200)
	}
	// Without a name any key of the kind is tried.
	nameless := keys[0]
	nameless.id = ""
	s.as(nameless.sign(t, accessToken, claims), "GET", "/v1/self", "").want(200)

	// A key is for the algorithm that it was published for.
	other := keys[0]
	other.algorithm = jose.PS256
	s.as(other.sign(t, accessToken, claims), "GET", "/v1/self", "").want(401, "invalid_token")

	// What everybody knows proves nothing.
	der, err := x509.MarshalPKIXPublicKey(keys[0].key.Public())
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := keys[0].public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{der, jwk} {
		for _, a := range []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512} {
			text := signed(t, jose.SigningKey{Algorithm: a, Key: jose.JSONWebKey{Key: secret, KeyID: "RS256"}}, accessToken, claims)
			s.as(text, "GET", "/v1/self", "").want(401, "invalid_token")
		}
	}
	payload := strings.Split(keys[0].sign(t, accessToken, claims), ".")[1]
	for _, a := range []string{"none", "None", "", "RS256"} {
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + a + `","typ":"at+jwt","kid":"RS256"}`))
		s.as(header+"."+payload+".", "GET", "/v1/self", "").want(401, "invalid_token")
	}
	// Nor does a key that comes with the token.
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: rsaKeys()[1]}, (&jose.SignerOptions{EmbedJWK: true}).WithType(accessToken))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	s.as(text, "GET", "/v1/self", "").want(401, "invalid_token")
}
