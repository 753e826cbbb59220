package native

import (
	"fmt"
	"testing"
)

func TestRoles(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	roles := "/v1/organizations/" + x.org + "/roles"
	list := s.as(x.token, "GET", roles, "").want(200)
	if list.count() != 5 || list.get("items", 0, "key") != "owner" || list.get("next_cursor") != "<nil>" {
		t.Errorf("%s", list.body)
	}
	viewer := s.as(x.token, "GET", roles+"/"+list.get("items", 3, "id"), "").want(200)
	if viewer.get("key") != "viewer" || viewer.get("level") != "20" || viewer.get("permissions", 1) != "members.view" ||
		viewer.get("built_in") != "true" || viewer.get("archived_at") != "<nil>" {
		t.Errorf("%s", viewer.body)
	}
	paged := s.as(x.token, "GET", roles+"?page_size=3", "").want(200)
	rest := s.as(x.token, "GET", roles+"?page_size=3&cursor="+paged.get("next_cursor"), "").want(200)
	if paged.count() != 3 || rest.count() != 2 || rest.get("items", 0, "key") != "viewer" || rest.get("next_cursor") != "<nil>" {
		t.Errorf("%s\n%s", paged.body, rest.body)
	}
	s.as(x.token, "GET", roles+"?cursor=king", "").want(422, "invalid_cursor")
}

func TestCustomRoles(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	roles, members := "/v1/organizations/"+x.org+"/roles", "/v1/workspaces/"+x.ws+"/members/"
	const body = `{"key":"reviewer","name":"Reviewer","level":25,"permissions":["reports.view","reports.comment"]}`
	made := s.as(x.token, "POST", roles, body, "Idempotency-Key", "k").want(201)
	role := roles + "/" + made.get("id")
	if got := s.as(x.token, "GET", role, "").want(200); string(got.body) != string(made.body) || got.header.Get("ETag") != made.header.Get("ETag") {
		t.Errorf("made %s\nread %s", made.body, got.body)
	}
	if again := s.as(x.token, "POST", roles, body, "Idempotency-Key", "k").want(201); string(again.body) != string(made.body) {
		t.Errorf("made  %s\nagain %s", made.body, again.body)
	}
	s.as(x.token, "POST", roles, body).want(409, "role_exists")
	for _, c := range []struct{ body, code, pointer string }{
		{`{"key":"Re viewer","name":"R","level":25,"permissions":[]}`, "invalid_key", "/key"},
		{`{"key":"r","name":"R","level":50,"permissions":[]}`, "out_of_range", "/level"},
		{`{"key":"r","name":"R","level":25,"permissions":["view"]}`, "invalid_permission", "/permissions/0"},
		{`{"key":"r","name":"R","level":25,"permissions":["a.b","a.b"]}`, "duplicate", "/permissions/1"},
		{`{"key":"r","name":"R","level":25}`, "required", "/permissions"},
	} {
		if got := s.as(x.token, "POST", roles, c.body).want(422, c.code); got.get("errors", 0, "pointer") != c.pointer {
			t.Errorf("%s", got.body)
		}
	}

	// The role can be given and is shown. A change of the role applies to all members who
	// have it.
	put := s.as(x.token, "PUT", members+x.member, `{"role":"reviewer"}`).want(200)
	if put.get("role", "name") != "Reviewer" || put.get("role", "level") != "25" {
		t.Errorf("%s", put.body)
	}
	check := func(what string) string {
		return s.as(x.token, "POST", "/v1/access/check", fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,%s}`, x.member, x.ws, what)).want(200).get("allowed")
	}
	if check(`"permission":"reports.comment"`) != "true" || check(`"role":"reviewer"`) != "true" || check(`"role":"editor"`) != "false" {
		t.Error("the role does not give what it says")
	}
	patched := s.as(x.token, "PATCH", role, `{"permissions":["reports.view"],"level":35}`, "If-Match", made.header.Get("ETag")).want(200)
	if patched.get("level") != "35" || patched.get("name") != "Reviewer" {
		t.Errorf("%s", patched.body)
	}
	if check(`"permission":"reports.comment"`) != "false" || check(`"role":"editor"`) != "true" {
		t.Error("the role does not give what it says now")
	}
	s.as(x.token, "PATCH", role, `{"name":"X"}`, "If-Match", made.header.Get("ETag")).want(412)
	s.as(x.token, "PATCH", role, `{"name":null}`).want(422, "required")
	s.as(x.token, "PATCH", role, `{"key":"other"}`).want(422, "unknown_field")
	permissions := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/permissions", "").want(200)
	if permissions.count() != 7 || permissions.get("items", 3) != "reports.view" {
		t.Errorf("%s", permissions.body)
	}

	// Members keep an archived role, but it cannot be given to anyone else.
	s.as(x.token, "DELETE", role, "").want(204)
	s.as(x.token, "DELETE", role, "").want(204)
	if got := s.as(x.token, "GET", role, "").want(200); got.get("archived_at") == "<nil>" {
		t.Errorf("%s", got.body)
	}
	if check(`"permission":"reports.view"`) != "true" {
		t.Error("the holder has lost the role")
	}
	s.as(x.token, "PUT", members+newText(), `{"role":"reviewer"}`).want(422, "unknown_role")
	for filter, want := range map[string]int{"": 6, "?archived=false": 5, "?archived=true": 1} {
		if got := s.as(x.token, "GET", roles+filter, "").want(200).count(); got != want {
			t.Errorf("%s: %d roles, want %d", filter, got, want)
		}
	}

	// Only those who act for the organization may change its roles.
	owner := s.as(x.token, "GET", roles, "").get("items", 0, "id")
	s.as(x.token, "PATCH", roles+"/"+owner, `{"name":"Boss"}`).want(409, "role_built_in")
	s.as(x.token, "DELETE", roles+"/"+owner, "").want(409, "role_built_in")
	s.as(x.token, "PATCH", roles+"/"+newText(), `{"name":"Boss"}`).want(404, "not_found")
	editor, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.member))
	s.as(editor, "POST", roles, `{"key":"mine","name":"Mine","level":1,"permissions":[]}`).want(403, "not_allowed")
	s.as(editor, "DELETE", role, "").want(403, "not_allowed")
	boss, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["roles:create"],"user_id":%q`, x.owner))
	s.as(boss, "POST", roles, `{"key":"mine","name":"Mine","level":1,"permissions":[]}`).want(201)
	s.as(boss, "GET", roles, "").want(403, "insufficient_scope")
	// A role of another organization cannot be seen, changed or given.
	y := s.tenant("Other")
	s.as(y.token, "GET", "/v1/organizations/"+y.org+"/roles/"+made.get("id"), "").want(404)
	s.as(y.token, "PATCH", "/v1/organizations/"+y.org+"/roles/"+made.get("id"), `{"name":"X"}`).want(404)
	s.as(y.token, "PUT", "/v1/workspaces/"+y.ws+"/members/"+newText(), `{"role":"mine"}`).want(422, "unknown_role")
}
