package native

import (
	"errors"
	"strings"
	"testing"
)

func TestService(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for _, path := range []string{"/livez", "/healthz", "/readyz"} {
		if got := s.as("", "GET", path, "").want(200); got.get("status") != "ok" || got.get("version") != "test" {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	reason := errors.New("the log is on holiday")
	s.notReady.Store(&reason)
	if got := s.as("", "GET", "/readyz", "").want(503, "not_ready").get("detail"); got != "the log is on holiday" {
		t.Errorf("the reason is %s", got)
	}
	s.as("", "GET", "/livez", "").want(200)

	s.as(x.token, "GET", "/v1/workspaces/"+x.ws, "").want(200)
	metrics := string(s.as("", "GET", "/metrics", "").want(200).body)
	for _, line := range []string{
		`muster_http_requests_total{method="GET",route="/v1/workspaces/{workspace}",status="200"} 1`,
		`muster_http_request_duration_seconds_count{method="GET",route="/v1/workspaces/{workspace}"} 1`,
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("/metrics does not say %s", line)
		}
	}
	if strings.Contains(metrics, x.ws) {
		t.Error("/metrics names an id")
	}

	document := s.as("", "GET", "/openapi.json", "").want(200)
	if document.get("openapi") != "3.1.0" || document.get("info", "title") != "Muster" {
		t.Errorf("%.200s", document.body)
	}
	if got := s.as("", "GET", "/openapi.yaml", "").want(200); !strings.Contains(string(got.body), "\nopenapi: 3.1.0\n") {
		t.Errorf("%.200s", got.body)
	}
	for path, media := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/problems": "text/html; charset=utf-8",
		"/docs/elements.js": "text/javascript; charset=utf-8", "/docs/elements.css": "text/css; charset=utf-8",
	} {
		if got := s.as("", "GET", path, "").want(200); got.header.Get("Content-Type") != media || len(got.body) == 0 {
			t.Errorf("%s: %v", path, got.header)
		}
	}
	s.as("", "GET", "/debug/pprof/", "").want(404, "not_found")
}
