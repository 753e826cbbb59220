package native

import (
	"fmt"
	"testing"
)

func TestMemberLifecycle(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	ada := newText()

	added := s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer","email":"Ada@acme.example","name":{"first":"Ada"}}`, ada)).want(201)
	for _, c := range []struct {
		want string
		path []any
	}{
		{ada, []any{"user_id"}},
		{x.ws, []any{"workspace_id"}},
		{x.org, []any{"organization_id"}},
		{"Ada@acme.example", []any{"email"}},
		{"Ada", []any{"name", "first"}},
		{"", []any{"name", "last"}},
		{"<nil>", []any{"avatar_url"}},
		{"viewer", []any{"role", "key"}},
		{"20", []any{"role", "level"}},
		{"active", []any{"state"}},
		{"<nil>", []any{"permissions"}},
		{"true", []any{"accepted"}},
		{x.tokenID, []any{"added_by"}},
		{"<nil>", []any{"expires_at"}},
	} {
		if got := added.get(c.path...); got != c.want {
			t.Errorf("%v is %s, want %s", c.path, got, c.want)
		}
	}
	if added.header.Get("ETag") != `"`+added.get("version")+`"` || added.header.Get("Muster-Position") == "" {
		t.Errorf("headers %v", added.header)
	}

	// A read after a write has the same bytes.
	got := s.as(x.token, "GET", members+"/"+ada, "").want(200)
	if string(added.body) != string(got.body) || got.header.Get("ETag") != added.header.Get("ETag") {
		t.Errorf("written %s\nread    %s", added.body, got.body)
	}
	if byID := s.as(x.token, "GET", "/v1/memberships/"+added.get("id"), "").want(200); string(byID.body) != string(got.body) {
		t.Errorf("by id %s", byID.body)
	}

	again := s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, ada)).want(409, "already_member")
	if again.get("membership_id") != added.get("id") {
		t.Errorf("in the way is %s", again.body)
	}
	s.as(x.token, "PUT", members+"/"+ada, `{"role":"editor"}`).want(200)
	s.as(x.token, "PATCH", members+"/"+ada, `{"role":"admin"}`, "Content-Type", "application/merge-patch+json").want(200)
	if got := s.as(x.token, "GET", members+"/"+ada, "").want(200).get("role", "key"); got != "admin" {
		t.Errorf("the role is %s", got)
	}
	s.as(x.token, "DELETE", members+"/"+ada, "").want(204)
	s.as(x.token, "DELETE", members+"/"+ada, "").want(204)
	s.as(x.token, "GET", members+"/"+ada, "").want(404, "not_found")
	if got := s.as(x.token, "GET", "/v1/memberships/"+added.get("id"), "").want(200).get("state"); got != "removed" {
		t.Errorf("the state is %s", got)
	}
	// A user who is added again has the same membership.
	if got := s.as(x.token, "PUT", members+"/"+ada, `{"role":"client"}`).want(201).get("id"); got != added.get("id") {
		t.Errorf("the membership is %s, was %s", got, added.get("id"))
	}
}
