package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A request without a usable response is an error in Muster's own words.
func TestNoResponse(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"items":`)
	}
	page := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }
	for _, test := range []struct {
		name    string
		ctx     context.Context
		handler http.HandlerFunc // nil: nothing listens
		want    string           // with the URL for %s
	}{
		{"interrupted", cancelled, page, "interrupted"},
		{"too late", late, page, "no answer from the service at %s within 30 s"},
		{"cut off", t.Context(), cut, "the service at %s closed the connection before its response was complete"},
		{"half a body", t.Context(), half, "the service at %s closed the connection before its response was complete"},
		{"no JSON", t.Context(), page, "the service at %s is not Muster (--url)"},
		{"nothing there", t.Context(), nil, "the service at %s cannot be reached: connection refused: is it running there? (--url)"},
	} {
		c := &Client{URL: gone.URL}
		if test.handler != nil {
			c = serving(t, test.handler)
		}
		want := test.want
		if len(want) > len("interrupted") {
			want = fmt.Sprintf(test.want, c.URL)
		}
		var answer map[string]any
		err := c.Call(test.ctx, http.MethodGet, "/", nil, &answer)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, not %s", test.name, err, want)
		}
		if test.ctx.Err() != nil && !errors.Is(err, test.ctx.Err()) {
			t.Errorf("%s: the error hides %v", test.name, test.ctx.Err())
		}
	}
}

// What cannot be sent is no reason to look for the service.
func TestHeaderOfTwoLines(t *testing.T) {
	c := serving(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	err := c.CallWith(t.Context(), http.MethodPost, "/", map[string]string{"Muster-Reason": "a\nb"}, nil, nil)
	if err == nil || err.Error() != "Muster-Reason: one line without control characters is expected" {
		t.Error(err)
	}
}
