package auth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/transport/auth/authtest"
)

// Anything else that an issuer sends in place of its keys counts as an outage.
func TestIssuerTrouble(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	s := trusting(t, p)
	x := newTenant()
	token := key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil))
	discovery, keys := "/.well-known/openid-configuration", "/keys"
	document := func(issuer, padding string) string {
		return `{"issuer":"` + issuer + `","jwks_uri":"` + p.URL + `/keys","padding":"` + padding + `"}`
	}
	padding := strings.Repeat("x", maxIssuerDocument)
	published, err := json.Marshal(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	// Each is right except for one thing.
	for name, row := range map[string]struct {
		path, why string
		answer    http.HandlerFunc
	}{
		"an error": {discovery, "503", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, padding, http.StatusServiceUnavailable) }},
		"silence":  {keys, "deadline", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		"half an answer": {keys, "EOF", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			authtest.HangUp(w, nil)
		}},
		"another address":  {discovery, "302", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, p.URL+"/moved", http.StatusFound) }},
		"another issuer":   {discovery, "calls itself", text(document(p.URL+"/", ""))},
		"no JSON":          {discovery, "reading", text(`<html>`)},
		"too much":         {discovery, "larger than", text(document(p.URL, padding))},
		"no keys":          {keys, "no keys", text(`{}`)},
		"too many keys":    {keys, "larger than", text(`{"keys":[` + string(published) + `],"padding":"` + padding + `"}`)},
		"keys without end": {keys, "reading", text(`{"keys":[`)},
	} {
		p.Fail(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case row.path:
				row.answer(w, r)
			case "/moved":
				text(document(p.URL, ""))(w, r)
			default:
				p.Mux.ServeHTTP(w, r)
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
	p.Fail(authtest.HangUp)
	s.refuses(t, token, ErrIssuerUnavailable)
	p.Fail(nil)
	s.clock.Add(int64(FetchPause))
	// A request that ends during a fetch does not end the fetch for all others.
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := s.issuers.byURL[p.URL].newer(left, nil); err != nil {
		t.Error(err)
	}
	s.opens(t, token, x)
}

// The keys of an issuer that is reached over TLS are fetched over TLS, too.
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

// text is a handler that writes the text.
func text(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }
}
