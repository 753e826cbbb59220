package native

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/openapi"
)

func TestProblems(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	const secret = "s3cr3t" // must not appear in an answer
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code, pointer            string
	}{
		{"no such path", "GET", "/v1/nothing", "", nil, 404, "not_found", ""},
		{"no such root", "GET", "/", "", nil, 404, "not_found", ""},
		{"another method", "DELETE", "/v1/organizations", "", nil, 405, "method_not_allowed", ""},
		{"a method of our own", "FROB", members, "", nil, 405, "method_not_allowed", ""},
		{"malformed id", "GET", "/v1/workspaces/" + secret, "", nil, 422, "invalid_id", "path.workspace"},
		{"malformed event", "GET", "/v1/organizations/" + x.org + "/events/" + secret, "", nil, 422, "invalid_id", "path.event"},
		{"malformed id in a query", "GET", "/v1/organizations/" + x.org + "/events?user_id=" + secret, "", nil, 422, "invalid_id", "query.user_id"},
		{"unknown parameter", "GET", members + "?" + secret + "x=1", "", nil, 422, "unknown_parameter", "query." + secret + "x"},
		{"page too small", "GET", members + "?page_size=0", "", nil, 422, "out_of_range", "query.page_size"},
		{"page too large", "GET", members + "?page_size=201", "", nil, 422, "out_of_range", "query.page_size"},
		{"page of words", "GET", members + "?page_size=" + secret, "", nil, 422, "invalid_value", "query.page_size"},
		{"unknown state", "GET", members + "?state=" + secret, "", nil, 422, "invalid_value", "query.state"},
		{"unknown order", "GET", members + "?order_by=" + secret, "", nil, 422, "invalid_value", "query.order_by"},
		{"foreign cursor", "GET", members + "?cursor=" + secret, "", nil, 422, "invalid_cursor", ""},
		{"no body", "POST", members, "", []string{"Content-Type", "application/json"}, 400, "body_required", ""},
		{"half a body", "POST", members, `{"user_id":"` + secret, nil, 400, "malformed_json", ""},
		{"two bodies", "POST", members, `{} {}`, nil, 400, "malformed_json", ""},
		{"not UTF-8", "POST", members, "{\"role\":\"\xff\"}", nil, 400, "malformed_json", ""},
		{"a field twice", "POST", members, `{"role":"viewer","role":"owner"}`, nil, 422, "duplicate_field", "/role"},
		{"unknown field", "POST", members, `{"permits":["` + secret + `"]}`, nil, 422, "unknown_field", "/permits"},
		{"other case", "POST", members, `{"Role":"viewer"}`, nil, 422, "unknown_field", "/Role"},
		{"unknown nested field", "POST", members, `{"name":{"middle":"` + secret + `"}}`, nil, 422, "unknown_field", "/name/middle"},
		{"wrong type", "POST", members, `{"role":{"key":"` + secret + `"}}`, nil, 422, "wrong_type", "/role"},
		{"not an object", "POST", members, `["` + secret + `"]`, nil, 422, "wrong_type", ""},
		{"malformed id in a body", "POST", members, `{"user_id":"` + secret + `"}`, nil, 422, "invalid_id", "/user_id"},
		{"number for an id", "POST", members, `{"user_id":1}`, nil, 422, "wrong_type", "/user_id"},
		{"missing field", "POST", members, `{"role":"viewer"}`, nil, 422, "required", "/user_id"},
		{"null for a field", "POST", members, `{"role":"viewer","user_id":null}`, nil, 422, "required", "/user_id"},
		{"nobody", "PUT", members + "/00000000-0000-0000-0000-000000000000", `{"role":"viewer"}`, nil, 422, "invalid_id", "path.user"},
		{"malformed permission", "POST", members, `{"role":"viewer","user_id":"` + newText() + `","permissions":["a.b","` + secret + ` x"]}`, nil, 422, "invalid_permission", "/permissions/1"},
		{"permission of the wrong type", "PATCH", members + "/" + x.member, `{"permissions":[7]}`, nil, 422, "wrong_type", "/permissions/0"},
		{"time of the wrong form in a patch", "PATCH", members + "/" + x.member, `{"expires_at":"` + secret + `"}`, nil, 422, "invalid_time", "/expires_at"},
		{"null for what cannot go", "PATCH", members + "/" + x.member, `{"role":null}`, nil, 422, "required", "/role"},
		{"membership that has ended", "PUT", members + "/" + newText(), `{"role":"viewer","expires_at":"2001-01-01T00:00:00Z"}`, nil, 422, "in_the_past", "/expires_at"},
		{"long invitation", "POST", members, `{"role":"viewer","email":"a@b.c","invitation_expires_in":2592001}`, nil, 422, "out_of_range", "/invitation_expires_in"},
		{"short invitation", "POST", members, `{"role":"viewer","email":"a@b.c","invitation_expires_in":0}`, nil, 422, "out_of_range", "/invitation_expires_in"},
		{"invitation of somebody known", "POST", members, `{"role":"viewer","user_id":"` + newText() + `","invitation_expires_in":60}`, nil, 422, "invalid_value", "/invitation_expires_in"},
		{"count of a page", "GET", members + "?count=true&cursor=x", "", nil, 422, "invalid_value", "query.count"},
		{"name alone", "POST", members, `{"role":"viewer","user_id":"` + newText() + `","name":{"first":"A"}}`, nil, 422, "required", "/email"},
		{"unknown role", "POST", members, `{"role":"` + secret + `","user_id":"` + newText() + `"}`, nil, 422, "unknown_role", "/role"},
		{"malformed e-mail", "POST", members, `{"role":"viewer","user_id":"` + newText() + `","email":"` + secret + `"}`, nil, 422, "invalid_email", "/email"},
		{"malformed time", "POST", "/v1/organizations/" + x.org + "/tokens", `{"name":"x","scopes":["all:all"],"expires_at":"` + secret + `"}`, nil, 422, "invalid_time", "/expires_at"},
		{"unknown scope", "POST", "/v1/organizations/" + x.org + "/tokens", `{"name":"x","scopes":["all:all","` + secret + `"]}`, nil, 422, "unknown_scope", "/scopes/1"},
		{"scope of the wrong type", "POST", "/v1/organizations/" + x.org + "/tokens", `{"name":"x","scopes":[7]}`, nil, 422, "wrong_type", "/scopes/0"},
		{"form", "POST", members, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_media_type", ""},
		{"form for an id that is none", "POST", "/v1/workspaces/x/members", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_media_type", ""},
		{"merge patch as POST", "POST", members, "{}", []string{"Content-Type", "application/merge-patch+json"}, 415, "unsupported_media_type", ""},
		{"JSON patch", "PATCH", members + "/" + x.member, "[]", []string{"Content-Type", "application/json-patch+json"}, 415, "unsupported_media_type", ""},
		{"large body", "POST", members, `{"role":"` + strings.Repeat("x", openapi.MaxBody) + `"}`, nil, 413, "body_too_large", ""},
		{"for nobody", "DELETE", members + "/" + newText(), "", []string{"Muster-On-Behalf-Of", "00000000-0000-0000-0000-000000000000"}, 422, "invalid_id", "header.Muster-On-Behalf-Of"},
		{"for nothing", "DELETE", members + "/" + newText(), "", []string{"Muster-On-Behalf-Of", ""}, 422, "invalid_id", "header.Muster-On-Behalf-Of"},
		{"without Bearer", "GET", members, "", []string{"Authorization", x.token}, 401, "invalid_token", ""},
		{"long key", "DELETE", members + "/" + newText(), "", []string{"Idempotency-Key", strings.Repeat("k", 256)}, 422, "too_long", "header.Idempotency-Key"},
		{"long reason", "DELETE", members + "/" + newText(), "", []string{"Muster-Reason", strings.Repeat("é", 501)}, 422, "too_long", "header.Muster-Reason"},
		{"malformed reason", "DELETE", members + "/" + newText(), "", []string{"Muster-Reason", "\xff"}, 422, "invalid_characters", "header.Muster-Reason"},
		{"malformed ETag", "DELETE", members + "/" + newText(), "", []string{"If-Match", secret}, 422, "invalid_value", "header.If-Match"},
		{"other than none", "DELETE", members + "/" + newText(), "", []string{"If-None-Match", `"1"`}, 422, "invalid_value", "header.If-None-Match"},
		{"malformed position", "GET", members, "", []string{"Muster-Min-Position", secret}, 422, "invalid_value", "header.Muster-Min-Position"},
		{"position of no partition", "GET", members, "", []string{"Muster-Min-Position", "7-1"}, 422, "invalid_value", "header.Muster-Min-Position"},
		{"position of the future", "GET", members, "", []string{"Muster-Min-Position", "0-999999999"}, 422, "unknown_position", "header.Muster-Min-Position"},
		{"no token", "GET", members, "", []string{"Authorization", ""}, 401, "missing_token", ""},
		{"another scheme", "GET", members, "", []string{"Authorization", "Basic " + secret}, 401, "invalid_token", ""},
		{"noise for a token", "GET", members, "", []string{"Authorization", "Bearer " + secret}, 401, "invalid_token", ""},
		{"token of nobody", "GET", members, "", []string{"Authorization", "Bearer " + auth.NewSecret(auth.OrganizationSecret)}, 401, "invalid_token", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			got := s.as(x.token, c.method, c.path, c.body, c.headers...).want(c.status, c.code)
			if strings.Contains(strings.ReplaceAll(got.get("detail"), c.pointer, ""), secret) {
				t.Errorf("the detail repeats what was sent: %s", got.body)
			}
			path, _, _ := strings.Cut(c.path, "?")
			if got.get("instance") != path || got.get("request_id") != got.header.Get("X-Request-Id") || got.get("status") != fmt.Sprint(c.status) {
				t.Errorf("%s", got.body)
			}
			if !strings.HasPrefix(got.get("type"), "/docs/problems#") || got.get("title") == "" {
				t.Errorf("%s", got.body)
			}
			if c.pointer != "" && got.get("errors", 0, "pointer") != c.pointer {
				t.Errorf("want %s: %s", c.pointer, got.body)
			}
			switch c.status {
			case 401:
				if got.header.Get("WWW-Authenticate") == "" {
					t.Error("there is no WWW-Authenticate")
				}
			case 405:
				if got.header.Get("Allow") == "" {
					t.Error("there is no Allow")
				}
			case 503:
				if got.header.Get("Retry-After") == "" {
					t.Error("there is no Retry-After")
				}
			}
			page := string(s.as("", "GET", "/docs/problems", "").want(200).body)
			if anchor := strings.TrimPrefix(got.get("type"), "/docs/problems#"); !strings.Contains(page, `id="`+anchor+`"`) {
				t.Errorf("/docs/problems does not explain %s", anchor)
			}
		})
	}
}

// Problems name the limits and the choices that there are.
func TestDetails(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	for _, c := range []struct {
		method, path, body string
		headers            []string
		want               string
	}{
		{"GET", members + "?page_size=0", "", nil, "query.page_size: a number of at least 1 is expected"},
		{"GET", members + "?page_size=201", "", nil, "query.page_size: a number of at most 200 is expected"},
		{"GET", members + "?state=gone", "", nil, "query.state: one of these is expected: invited, active, suspended, removed"},
		{"GET", members + "?order_by=age", "", nil, "query.order_by: one of these is expected: created_at, -created_at, email, -email, name, -name, role, -role"},
		{"GET", "/v1/organizations/" + x.org + "/events?after=" + strings.Repeat("x", 101), "", nil, "query.after: at most 100 characters are expected"},
		{"DELETE", members + "/" + newText(), "", []string{"Idempotency-Key", strings.Repeat("k", 256)}, "header.Idempotency-Key: at most 255 characters are expected"},
		{"POST", members, "a=b", []string{"Content-Type", "text/plain"}, "Content-Type: application/json is expected"},
		{"PATCH", members + "/" + x.member, "a=b", []string{"Content-Type", "text/plain"}, "Content-Type: application/merge-patch+json or application/json is expected"},
		{"GET", members + "?cursor=x", "", nil, "the cursor does not belong to this list: no list has given it out; send the next_cursor of the page before, or none to begin"},
		{"GET", members + "?cursor=e30x", "", nil, "the cursor does not belong to this list: no list has given it out; send the next_cursor of the page before, or none to begin"},
		{"GET", "/v1/organizations?cursor=x", "", nil, "the cursor does not belong to this list: it has one page only"},
	} {
		if got := s.as(x.token, c.method, c.path, c.body, c.headers...).get("detail"); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.method, c.path, got, c.want)
		}
	}
}

// A JSON body is accepted under every media type that means JSON.
func TestMediaTypes(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	member := "/v1/workspaces/" + x.ws + "/members/" + x.member
	for _, media := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/merge-patch+json", "Application/Merge-Patch+JSON; charset=utf-8"} {
		s.as(x.token, "PATCH", member, `{"role":"viewer"}`, "Content-Type", media).want(200)
	}
	refused := s.as(x.token, "PATCH", member, `{"role":"viewer"}`, "Content-Type", "text/plain").want(415)
	if refused.header.Get("Accept-Patch") == "" {
		t.Errorf("%v", refused.header)
	}
	for _, accept := range []string{"*/*", "application/json", "application/problem+json", "text/html", "json"} {
		got := s.as(x.token, "GET", member, "", "Accept", accept).want(200)
		if got.header.Get("Content-Type") != "application/json" {
			t.Errorf("Accept %s: %v", accept, got.header)
		}
	}
}

// A problem names all fields that are wrong.
func TestProblemOfSeveralFields(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	got := s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", `{}`).want(422, "required")
	if got.get("errors", 0, "pointer") != "/user_id" || got.get("errors", 1, "pointer") != "/role" {
		t.Errorf("%s", got.body)
	}
	got = s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/members?page_size=0&frob=1", "").want(422)
	if got.get("errors", 0, "pointer") != "query.frob" {
		t.Errorf("%s", got.body)
	}
}

// A body of exactly 1 MiB is accepted.
func TestLargestBody(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	body := `{"role":"viewer"}`
	body += strings.Repeat(" ", openapi.MaxBody-len(body))
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", body).want(422, "required")
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", body+" ").want(413, "body_too_large")
}
