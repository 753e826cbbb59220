package transport

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestCheckOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"https://app.acme.example":      "",
		"http://localhost:3000":         "",
		"http://[::1]:3000":             "",
		"https://app.acme.example:8443": "",
		"*":                             "* is not taken",
		"https://*.acme.example":        "* is not taken",
		"null":                          "https:// or http://",
		"":                              "https:// or http://",
		"app.acme.example":              "https:// or http://",
		"ftp://app.acme.example":        "https:// or http://",
		"https://":                      "https:// or http://",
		"https://app.acme.example/":     "not even a slash",
		"https://app.acme.example/x":    "not even a slash",
		"https://app.acme.example?x":    "not even a slash",
		"https://a:b@app.acme.example":  "not even a slash",
		"https://App.acme.example":      "in lower case",
		"https://bücher.example":        "in ASCII",
		"https://app.acme.example:443":  "leave out the port",
		"http://app.acme.example:80":    "leave out the port",
		"http://app.acme.example:":      "leave out the port",
	} {
		err := CheckOrigin(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Pages of the configured origins can call the API from a browser, and see the headers of
// its answers. Pages of other origins cannot.
func TestOrigins(t *testing.T) {
	const allowed = "https://app.acme.example"
	served := func(origins ...string) *API {
		a, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace()}, Origins: origins})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ask := func(a *API, method, origin string, more ...string) http.Header {
		r, w := httptest.NewRequest(method, "/openapi/test.json", nil), httptest.NewRecorder()
		r.Header.Set("Origin", origin)
		for i := 0; i < len(more); i += 2 {
			r.Header.Set(more[i], more[i+1])
		}
		a.ServeHTTP(w, r)
		return w.Header()
	}
	preflight := []string{"Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "authorization,content-type,if-match,muster-reason"}
	a := served(allowed, "http://localhost:3000")
	for _, origin := range []string{allowed, "http://localhost:3000"} {
		got := ask(a, "OPTIONS", origin, preflight...)
		if got.Get("Access-Control-Allow-Origin") != origin || got.Get("Access-Control-Allow-Methods") != "PATCH" || got.Get("Access-Control-Max-Age") == "" ||
			!strings.Contains(got.Get("Access-Control-Allow-Headers"), "muster-reason") {
			t.Errorf("preflight of %s: %v", origin, got)
		}
		got = ask(a, "GET", origin)
		exposed := strings.Split(strings.ToLower(got.Get("Access-Control-Expose-Headers")), ", ")
		for _, name := range []string{"muster-position", "etag", "link", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id", "idempotency-replayed"} {
			if !slices.Contains(exposed, name) {
				t.Errorf("%s is not among %q", name, exposed)
			}
		}
		if got.Get("Access-Control-Allow-Origin") != origin || !slices.Contains(got.Values("Vary"), "Origin") || got.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("answer to %s: %v", origin, got)
		}
	}
	for name, a := range map[string]*API{"not configured": served(), "another origin": a} {
		for _, got := range []http.Header{ask(a, "OPTIONS", "https://evil.example", preflight...), ask(a, "GET", "https://evil.example"), ask(a, "GET", allowed+".evil.example")} {
			for header := range got {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("%s: %s", name, header)
				}
			}
		}
	}
	if _, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace()}, Origins: []string{"*"}}); err == nil {
		t.Error("every origin was allowed")
	}
}
