package native

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/muster-dev/muster/transport"
)

func TestRateLimit(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	other, _ := s.issue(x.org, `"scopes":["access:read"]`)
	now := time.Now()
	face, err := Face(Options{Ready: func(context.Context) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	limited, err := transport.New(transport.Options{
		Log: s.log, Models: s.Models, RootToken: rootToken, RateLimit: 3, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return now }, Faces: []transport.Face{face},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(token string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest("GET", "/v1/self", nil), httptest.NewRecorder()
		r.Header.Set("Authorization", "Bearer "+token)
		limited.ServeHTTP(w, r)
		return w
	}
	header := func(w *httptest.ResponseRecorder, name string) string {
		if values := w.Header()["X-RateLimit-"+name]; len(values) == 1 {
			return values[0]
		}
		return ""
	}
	for _, remaining := range []string{"2", "1", "0"} {
		w := ask(x.token)
		if w.Code != 200 || header(w, "Limit") != "3" || header(w, "Remaining") != remaining || header(w, "Reset") != "1" {
			t.Errorf("%d %v, want %s remaining", w.Code, w.Header(), remaining)
		}
	}
	if w := ask(x.token); w.Code != 429 || w.Header().Get("Retry-After") != "1" || header(w, "Remaining") != "0" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	// Each token has a limit of its own.
	for _, token := range []string{other, rootToken} {
		if w := ask(token); w.Code != 200 || header(w, "Remaining") != "2" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
	now = now.Add(400 * time.Millisecond)
	if w := ask(x.token); w.Code != 200 {
		t.Errorf("a third of a second later: %d", w.Code)
	}
	if w := ask(x.token); w.Code != 429 {
		t.Errorf("and once more: %d", w.Code)
	}
	now = now.Add(time.Second)
	if w := ask(x.token); w.Code != 200 || header(w, "Remaining") != "2" {
		t.Errorf("a second later: %d %v", w.Code, w.Header())
	}
	// Requests without a valid token are not counted, and a service without a limit sends
	// no such headers.
	if w := ask("noise"); w.Code != 401 || header(w, "Limit") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if got := s.as(x.token, "GET", "/v1/self", "").want(200); got.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("%v", got.header)
	}
}
