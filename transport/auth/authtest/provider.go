package authtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

// Audience is who the tokens of a provider are meant for.
const Audience = "https://muster.example"

// Provider is an OpenID provider. It serves its discovery document and its keys. A test
// can replace the keys.
type Provider struct {
	*httptest.Server
	// Mux serves the documents unless [Provider.Fail] has replaced it.
	Mux *http.ServeMux
	// Looks counts how often the keys were fetched.
	Looks atomic.Int64

	t  testing.TB
	mu sync.Mutex
	// published are the keys; mu guards them.
	published []any
	trouble   atomic.Pointer[http.HandlerFunc] // serves instead of Mux; nil: it does not
}

// NewProvider starts a provider with those keys. It ends with the test.
func NewProvider(t testing.TB, keys ...Key) *Provider {
	p := &Provider{t: t, Mux: http.NewServeMux()}
	p.Publish(keys...)
	p.Mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	p.Mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.Looks.Add(1)
		p.mu.Lock()
		defer p.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": p.published})
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if trouble := p.trouble.Load(); trouble != nil {
			(*trouble)(w, r)
			return
		}
		p.Mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// Publish replaces the provider's keys. It adds some that no client can use.
func (p *Provider) Publish(keys ...Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.published = []any{
		map[string]any{"kty": "OKP", "crv": "Ed448", "kid": "strange", "x": "AAAA"},
		map[string]any{"kty": "new"},
		jose.JSONWebKey{Key: RSAKeys()[2].Public(), KeyID: "encryption", Use: "enc"},
	}
	for _, k := range keys {
		p.published = append(p.published, k.Public())
	}
}

// Fail makes the provider fail: the handler serves every request. Nil makes it work
// again.
func (p *Provider) Fail(how http.HandlerFunc) {
	if how == nil {
		p.trouble.Store(nil)
		return
	}
	p.trouble.Store(&how)
}

// HangUp is a handler for [Provider.Fail] that closes the connection without an answer.
func HangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Token makes a valid token for the user of the organization, with every scope.
func (p *Provider) Token(key Key, org, user string) string {
	p.t.Helper()
	return key.Sign(p.t, AccessToken, p.Claims(org, user, nil))
}

// Claims returns the claims of a valid token, changed by more. A claim that is nil in
// more is left out.
func (p *Provider) Claims(org, user string, more map[string]any) map[string]any {
	claims := map[string]any{
		"iss": p.URL, "aud": Audience, "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "client_id": "console", "jti": uuid.NewString(),
		"sub": user, "organization_id": org, "scope": "openid all:all",
	}
	maps.Copy(claims, more)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}
