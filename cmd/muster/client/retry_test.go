package client

import (
	"fmt"
	"net/http"
	"testing"
)

// A request is sent again if the service says when, and only then.
func TestRetrying(t *testing.T) {
	for _, c := range []struct {
		status      int
		code, after string
		busy, want  int // how often the service refuses, and the requests in all
	}{
		{http.StatusTooManyRequests, "rate_limited", "0", 2, 3},
		{http.StatusServiceUnavailable, "unavailable", "0", 1, 2},
		{http.StatusServiceUnavailable, "unavailable", "0", 100, 1 + mostRetries},
		{http.StatusServiceUnavailable, "unavailable", "", 100, 1},
		{http.StatusServiceUnavailable, "unavailable", "61", 100, 1},
		{http.StatusServiceUnavailable, "outcome_unknown", "0", 100, 1},
		{http.StatusConflict, "last_owner", "0", 100, 1},
	} {
		asked := 0
		client := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked <= c.busy {
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.WriteHeader(c.status)
				fmt.Fprintf(w, `{"status":%d,"code":%q,"detail":"later"}`, c.status, c.code)
				return
			}
			fmt.Fprint(w, `{"items":[1],"next_cursor":null}`)
		})
		var err error
		for _, err = range Pages[int](t.Context(), client, "/list") {
		}
		if asked != c.want || (err == nil) != (asked > c.busy) {
			t.Errorf("%s, Retry-After %q: %d requests, %v", c.code, c.after, asked, err)
		}
	}
}
