package native

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/muster-dev/muster/transport/openapi"
)

func TestRequestIDs(t *testing.T) {
	s := start(t, t.TempDir())
	for _, c := range []struct {
		sent string
		kept bool
	}{
		{"my-request.1:2/3", true},
		{strings.Repeat("x", 128), true},
		{strings.Repeat("x", 129), false},
		{"with space", false},
		{`with"quote`, false},
		{"é", false},
		{"", false},
	} {
		got := s.as("", "GET", "/livez", "", "X-Request-Id", c.sent).want(200).header.Get("X-Request-Id")
		if got == "" || (got == c.sent) != c.kept {
			t.Errorf("%q became %q", c.sent, got)
		}
	}
}

func TestIdempotency(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	body := fmt.Sprintf(`{"user_id":%q,"role":"viewer","email":"ada@acme.example"}`, newText())

	// Of 50 requests at once one is carried out, and all get the same answer.
	answers := make([]answer, 50)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = s.as(x.token, "POST", members, body, "Idempotency-Key", "key-1") })
	}
	all.Wait()
	first := 0
	for _, a := range answers {
		a.want(201)
		if string(a.body) != string(answers[0].body) || a.header.Get("Muster-Position") != answers[0].header.Get("Muster-Position") || a.header.Get("ETag") != answers[0].header.Get("ETag") {
			t.Errorf("%s\n%s", a.body, answers[0].body)
		}
		if a.header.Get("Idempotency-Replayed") == "" {
			first++
		}
	}
	if first != 1 {
		t.Errorf("%d answers say that they are the first", first)
	}
	if got := s.as(x.token, "GET", members, "").want(200).count(); got != 3 {
		t.Errorf("there are %d members", got)
	}

	// The key with any other request is refused, whatever the difference is.
	s.as(x.token, "POST", members, strings.ReplaceAll(body, "viewer", "editor"), "Idempotency-Key", "key-1").want(422, "idempotency_mismatch")
	s.as(x.token, "POST", members, body, "Idempotency-Key", "key-1", "Muster-Reason", "because").want(422, "idempotency_mismatch")
	s.as(x.token, "POST", members, body, "Idempotency-Key", "key-1", "If-None-Match", "*").want(422, "idempotency_mismatch")
	s.as(x.token, "DELETE", members+"/"+x.member, "", "Idempotency-Key", "key-1").want(422, "idempotency_mismatch")
	// The same key of another token is a different key.
	other, _ := s.issue(x.org, `"scopes":["all:all"]`)
	s.as(other, "POST", members, body, "Idempotency-Key", "key-1").want(409, "already_member")

	// Answers of every kind are the same after a restart.
	requests := []struct{ token, method, path, body string }{
		{x.token, "POST", members, body},
		{rootToken, "POST", "/v1/organizations", `{"name":"Keyed","owner":{"email":"k@k.example"}}`},
		{x.token, "POST", "/v1/organizations/" + x.org + "/workspaces", fmt.Sprintf(`{"name":"Keyed","owner_user_id":%q}`, x.owner)},
		{x.token, "PUT", members + "/" + newText(), `{"role":"client"}`},
		{x.token, "PATCH", members + "/" + x.member, `{"role":"client"}`},
		{x.token, "PATCH", members + "/" + x.member, `{"permissions":[],"expires_at":"2035-12-31T23:00:00Z"}`},
		{x.token, "POST", members + "/" + x.member + "/suspend", ""},
		{x.token, "POST", members + "/" + x.member + "/reinstate", ""},
		{x.token, "POST", "/v1/organizations/" + x.org + "/members/" + x.member + "/suspend", ""},
		{x.token, "POST", "/v1/organizations/" + x.org + "/members/" + x.member + "/reinstate", ""},
		{x.token, "POST", "/v1/organizations/" + x.org + "/roles", `{"key":"keyed","name":"Keyed","level":5,"permissions":[]}`},
		{x.token, "PUT", members + "/" + newText(), `{"role":"keyed"}`},
		{x.token, "DELETE", members + "/" + x.member, ""},
		{x.token, "PUT", "/v1/organizations/" + x.org + "/users/" + newText(), `{"email":"new@acme.example"}`},
		{x.token, "PUT", "/v1/organizations/" + x.org + "/members/" + x.member, `{"role":"admin"}`},
		{x.token, "DELETE", "/v1/organizations/" + x.org + "/members/" + x.member, ""},
		{x.token, "POST", "/v1/workspaces/" + x.ws + "/archive", ""},
		{x.token, "PATCH", "/v1/organizations/" + x.org, `{"name":"Renamed"}`},
	}
	before := make([]answer, len(requests))
	for i, r := range requests {
		before[i] = s.as(r.token, r.method, r.path, r.body, "Idempotency-Key", fmt.Sprint("key-", i+1))
	}
	s.root("POST", "/v1/workspaces/"+x.ws+"/restore", "").want(200)
	s.stop()
	s = start(t, dir)
	for i, r := range requests {
		after := s.as(r.token, r.method, r.path, r.body, "Idempotency-Key", fmt.Sprint("key-", i+1)).want(before[i].status)
		if after.header.Get("Idempotency-Replayed") != "true" || string(after.body) != string(before[i].body) ||
			after.header.Get("Muster-Position") != before[i].header.Get("Muster-Position") || after.header.Get("ETag") != before[i].header.Get("ETag") {
			t.Errorf("%s %s\nwas %v %s\nis  %v %s", r.method, r.path, before[i].header, before[i].body, after.header, after.body)
		}
	}
}

func TestPreconditions(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	member := "/v1/workspaces/" + x.ws + "/members/" + x.member
	tag := s.as(x.token, "GET", member, "").want(200).header.Get("ETag")
	someone := "/v1/workspaces/" + x.ws + "/members/" + newText()

	s.as(x.token, "PATCH", member, `{"role":"viewer"}`, "If-Match", `"1"`).want(412, "precondition_failed")
	s.as(x.token, "PATCH", member, `{"role":"viewer"}`, "If-Match", "W/"+tag).want(412, "precondition_failed")
	s.as(x.token, "PUT", member, `{"role":"viewer"}`, "If-None-Match", "*").want(412, "precondition_failed")
	s.as(x.token, "PUT", someone, `{"role":"viewer"}`, "If-Match", "*").want(412, "precondition_failed")
	changed := s.as(x.token, "PATCH", member, `{"role":"viewer"}`, "If-Match", `"1", `+tag).want(200).header.Get("ETag")
	if changed == tag {
		t.Errorf("the ETag is still %s", tag)
	}
	s.as(x.token, "PATCH", member, `{"role":"viewer"}`, "If-Match", tag).want(412, "precondition_failed")
	s.as(x.token, "PUT", someone, `{"role":"viewer"}`, "If-None-Match", "*").want(201)
	s.as(x.token, "DELETE", member, "", "If-Match", "*").want(204)

	for _, path := range []string{"/v1/organizations/" + x.org, "/v1/workspaces/" + x.ws, "/v1/organizations/" + x.org + "/users/" + x.member, "/v1/organizations/" + x.org + "/tokens/" + x.tokenID} {
		tag := s.as(x.token, "GET", path, "").want(200).header.Get("ETag")
		for _, match := range []string{tag, "W/" + tag, `"0", ` + tag, "*"} {
			if got := s.as(x.token, "GET", path, "", "If-None-Match", match).want(304); len(got.body) > 0 || got.header.Get("ETag") != tag {
				t.Errorf("%s: %v %s", path, got.header, got.body)
			}
		}
		s.as(x.token, "GET", path, "", "If-None-Match", `"0"`).want(200)
	}
}

func TestValidateOnly(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	events := "/v1/organizations/" + x.org + "/events"
	before := s.as(x.token, "GET", events, "").want(200).get("position")
	members := "/v1/workspaces/" + x.ws + "/members"
	someone := newText()

	would := s.as(x.token, "PUT", members+"/"+someone+"?validate_only=true", `{"role":"viewer"}`).want(201)
	if would.get("user_id") != someone || would.header.Get("Muster-Position") != "" {
		t.Errorf("%v %s", would.header, would.body)
	}
	s.as(x.token, "DELETE", members+"/"+x.member+"?validate_only=true", "").want(204)
	s.as(x.token, "DELETE", members+"/"+x.owner+"?validate_only=true", "").want(409, "last_owner")
	s.root("POST", "/v1/organizations?validate_only=true", `{"name":"New","owner":{"email":"a@b.c"}}`).want(201)
	if secret := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/tokens?validate_only=true", `{"name":"x","scopes":["access:read"]}`).want(201).get("secret"); secret != "<nil>" {
		t.Errorf("a token that was not issued has the secret %s", secret)
	}
	s.as(x.token, "PUT", members+"/"+someone+"?validate_only=perhaps", `{"role":"viewer"}`).want(422, "invalid_value")

	s.as(x.token, "GET", members+"/"+someone, "").want(404)
	if after := s.as(x.token, "GET", events, "").want(200).get("position"); after != before {
		t.Errorf("the organization's events end at %s, was %s", after, before)
	}
}

func TestPositions(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	member := "/v1/workspaces/" + x.ws + "/members/" + x.member
	first := s.as(x.token, "PATCH", member, `{"role":"viewer"}`).want(200)
	position := first.header.Get("Muster-Position")
	s.as(x.token, "GET", member, "", "Muster-Min-Position", position).want(200)
	// A write that changes nothing still returns the resource, its ETag and a position.
	again := s.as(x.token, "PATCH", member, `{"role":"viewer"}`).want(200)
	if again.header.Get("Muster-Position") == "" || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("%v", again.header)
	}
	if got := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?after="+position, "").want(200).count(); got != 0 {
		t.Errorf("a write that changes nothing has %d events", got)
	}
}

func TestLists(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	for i := range 7 {
		s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer","email":"p%d@acme.example"}`, newText(), i)).want(201)
	}
	seen := make(map[string]bool)
	cursor := "" // with the name of the parameter
	for pages := 1; ; pages++ {
		page := s.as(x.token, "GET", members+"?role=viewer&page_size=3"+cursor, "").want(200)
		for i := range page.count() {
			if id := page.get("items", i, "id"); seen[id] {
				t.Errorf("%s stands twice", id)
			} else {
				seen[id] = true
			}
		}
		if cursor = page.get("next_cursor"); cursor == "<nil>" {
			if pages != 3 || len(seen) != 7 {
				t.Errorf("%d members on %d pages", len(seen), pages)
			}
			break
		}
		cursor = "&cursor=" + cursor
	}
	first := s.as(x.token, "GET", members+"?role=viewer&page_size=3", "").want(200).get("next_cursor")
	// A cursor keeps the filter of its list, and is refused with another one.
	if got := s.as(x.token, "GET", members+"?cursor="+first, "").want(200).get("items", 0, "role", "key"); got != "viewer" {
		t.Errorf("the cursor has gone on to %s", got)
	}
	s.as(x.token, "GET", members+"?role=editor&cursor="+first, "").want(422, "invalid_cursor")
	s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/access?cursor="+first, "").want(422, "invalid_cursor")
}

func TestSecurityHeaders(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	got := s.as(x.token, "GET", "/v1/self", "").want(200).header
	if got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", got)
	}
	docs := s.as("", "GET", "/docs", "").want(200)
	if docs.header.Get("Content-Security-Policy") != openapi.PagePolicy || !strings.Contains(string(docs.body), "elements-api") {
		t.Errorf("%v", docs.header)
	}
}
