package roster

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// refusing puts a server in front of the service. It refuses a batch with the problem that
// refuse returns for its body, if that is not empty. A refusal can be tried again at once.
func (s *service) refusing(refuse func(operations int, body string) (status int, code string)) {
	s.t.Helper()
	behind, err := url.Parse(s.client.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.HasSuffix(r.URL.Path, "/batch") {
			if status, code := refuse(strings.Count(string(body), `"op":`), string(body)); code != "" {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"status":%d,"code":%q,"detail":"not now"}`, status, code)
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	s.t.Cleanup(front.Close)
	s.client.URL = front.URL
}

const fourPeople = "email,role\na@x.example,viewer\nb@x.example,viewer\nc@x.example,viewer\nd@x.example,viewer\n"

// When a batch is sent in halves, every line is counted once: as imported, or with the part
// that failed.
func TestFailureOfHalf(t *testing.T) {
	for _, c := range []struct{ wrong, want string }{
		{"a@x", "0 added, 0 suspended, 0 invited, failed 2-3, failed 4-5"},
		{"d@x", "0 added, 0 suspended, 2 invited, failed 4-5"},
	} {
		s := serve(t)
		org, owner := s.organization()
		s.refusing(func(operations int, body string) (int, string) {
			switch {
			case operations > 2:
				return http.StatusRequestEntityTooLarge, "command_too_large"
			case strings.Contains(body, c.wrong):
				return http.StatusServiceUnavailable, "outcome_unknown"
			}
			return 0, ""
		})
		r := s.imports(s.workspace(org, owner), fourPeople)
		if got := reported(&r); got != c.want {
			t.Errorf("%s: %s", c.wrong, got)
		}
		if last := r.Failed[len(r.Failed)-1].Detail; c.wrong == "d@x" && !strings.Contains(last, "it is unknown") || c.wrong == "a@x" && last != "these lines were not sent" {
			t.Errorf("%s: %s", c.wrong, last)
		}
	}
}

// A service that has no time for a batch gets it again.
func TestBusyService(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	asked := 0
	s.refusing(func(int, string) (int, string) {
		if asked++; asked <= 2 {
			return []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[asked-1], "not_now"
		}
		return 0, ""
	})
	r := s.imports(s.workspace(org, owner), fourPeople)
	if got := reported(&r); got != "0 added, 0 suspended, 4 invited" || asked != 3 {
		t.Errorf("%s after %d requests", got, asked)
	}
}
