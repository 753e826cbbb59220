package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// A JWT is accepted once its issuer can be reached, which may start after the service.
func TestServeJWT(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var up atomic.Bool
	var issuer string
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !up.Load():
			panic(http.ErrAbortHandler)
		case r.URL.Path == "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": issuer, "jwks_uri": issuer + "/jwks"})
		case r.URL.Path == "/jwks":
			_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1"}}})
		}
	}))
	defer provider.Close()
	issuer = provider.URL

	data := t.TempDir()
	p := newProcess(t, data, nativeOnly, "--oidc-audience", "https://muster.example", "--oidc-organization-claim", "https://acme.example/org")
	p.env = []string{"MUSTER_OIDC_ISSUER=https://127.0.0.1:1 , " + issuer}
	p.start()
	p.ready()
	s := p.api.found()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": issuer, "aud": "https://muster.example", "sub": s.owner, "https://acme.example/org": s.org,
		"scope": "openid profile workspace_members:all", "exp": time.Now().Add(time.Hour).Unix(),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	ada := p.api
	ada.token = token
	ada.must(503, "GET", "/v1/self", "")
	up.Store(true)
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		r, err := ada.do("GET", "/v1/self", "")
		if err != nil {
			t.Fatal(err)
		}
		if r.status == http.StatusOK {
			break
		}
		if r.status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	ada.must(201, "POST", s.members(), editor("5f0b7a52-2c7c-4a5e-9a55-0c1c5d7f6a11"))
	ada.must(403, "GET", s.events(), "")
	p.stop()
	if log := p.log.String(); strings.Count(log, "the keys of an issuer could not be fetched") < 2 || strings.Contains(log, token) {
		t.Errorf("it has said:\n%s", log)
	}
	history := replayed(t, s, "--data", data)
	if last := history[len(history)-1]; !strings.Contains(last, `"authtype":"user","authid":"`+s.owner+`"`) {
		t.Error(last)
	}
}
