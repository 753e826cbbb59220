package dialect

import (
	"fmt"
	"strings"
	"testing"
)

// Teamwork has five levels. Any other role is shown as the closest level that allows no
// more.
func TestTeamworkShows(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	token, members := s.token(x.org, "all:all"), "/v1/workspaces/"+x.ws+"/members"
	roles := map[string]string{"owner": "4", "admin": "3", "editor": "2", "viewer": "1", "client": "0", "chief": "3", "lead": "2", "intern": "0"}
	for key, level := range map[string]int{"chief": 49, "lead": 39, "intern": 1} {
		s.root("POST", "/v1/organizations/"+x.org+"/roles", fmt.Sprintf(`{"key":%q,"name":%[1]q,"level":%d,"permissions":[]}`, key, level)).want(201)
	}
	list := func() answer { return s.as(token, "GET", "/api/v1/Workspaces/"+x.ws+"/members", "").want(200) }
	for role, level := range roles {
		id := s.root("POST", members, fmt.Sprintf(`{"user_id":%q,"role":%q}`, newText(), role)).want(201).get("id")
		got := list()
		last := strings.Count(string(got.body), `"accessLevel"`) - 1
		if got.get(last, "id") != id || got.get(last, "accessLevel") != level {
			t.Errorf("%s is shown as %s, want %s", role, got.body, level)
		}
	}
	// A user who is added is a member at once, with the built-in role of the level.
	for level, role := range []string{"client", "viewer", "editor", "admin", "owner"} {
		user := newText()
		added := s.as(token, "POST", "/api/v1/Workspaces/"+x.ws+"/members", fmt.Sprintf(`{"userId":%q,"accessLevel":%d}`, user, level)).want(201)
		got := s.root("GET", members+"/"+user, "").want(200)
		if got.get("role", "key") != role || got.get("state") != "active" || got.get("id") != added.get("id") || added.get("accessLevel") != fmt.Sprint(level) {
			t.Errorf("%s is %s", added.body, got.body)
		}
	}
	// People who are invited or suspended are listed as members. Removed members are not,
	// and neither are users who only inherit access.
	before := strings.Count(string(list().body), `"accessLevel"`)
	invited := s.root("POST", members, `{"email":"new@acme.example","role":"viewer"}`).want(201)
	s.root("POST", members+"/"+x.member+"/suspend", "").want(200)
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+newText(), `{"role":"admin"}`).want(201)
	if n := strings.Count(string(list().body), `"accessLevel"`); n != before+1 {
		t.Errorf("%d members, want one more than %d", n, before)
	}
	s.as(token, "PUT", "/api/v1/Workspaces/members/"+invited.get("id")+"/access", `{"role":2}`).want(200)
	if got := s.root("GET", members+"/"+invited.get("user_id"), ""); got.get("state") != "invited" || got.get("role", "key") != "editor" {
		t.Errorf("%s", got.body)
	}
	s.root("DELETE", members+"/"+x.member, "").want(204)
	s.as(token, "PUT", "/api/v1/Workspaces/members/"+x.membership+"/access", `{"role":1}`).refused(face("teamwork"), 404)
	if n := strings.Count(string(list().body), `"accessLevel"`); n != before {
		t.Errorf("%d members, want %d", n, before)
	}
}

// Access can be changed by owners of the workspace and by owners and admins of the
// organization. A program can change it within its scopes, and on behalf of a person if
// the person can. This holds for every way to write, at the moment of the write.
func TestTeamworkRules(t *testing.T) {
	s := start(t, 0)
	x, f := s.tenant("Acme"), face("teamwork")
	members := "/v1/workspaces/" + x.ws + "/members"
	s.root("POST", "/v1/organizations/"+x.org+"/roles", `{"key":"chief","name":"Chief","level":49,"permissions":["members.manage"]}`).want(201)
	as := func(user string) string { return s.token(x.org, "all:all", fmt.Sprintf(`"user_id":%q`, user)) }
	in := func(role string) string {
		user := newText()
		s.root("POST", members, fmt.Sprintf(`{"user_id":%q,"role":%q}`, user, role)).want(201)
		return user
	}
	runs := func(role string) string {
		user := newText()
		s.root("PUT", "/v1/organizations/"+x.org+"/members/"+user, fmt.Sprintf(`{"role":%q}`, role)).want(201)
		return user
	}
	program := s.token(x.org, "all:all")
	both := runs("admin") // an admin of the organization who is a viewer of the workspace
	s.root("POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, both)).want(201)
	suspended := in("owner")
	s.root("POST", members+"/"+suspended+"/suspend", "").want(200)
	admin := in("admin")
	for _, c := range []struct {
		name, token string
		more        []string
		may         bool
	}{
		{"a program", program, nil, true},
		{"a program of the workspace", s.token(x.org, "all:all", bound(x.ws)), nil, true},
		{"the operator", rootToken, nil, true},
		{"the owner", as(x.owner), nil, true},
		{"an owner", as(in("owner")), nil, true},
		{"the organization's owner", as(runs("owner")), nil, true},
		{"the organization's admin", as(runs("admin")), nil, true},
		{"the organization's admin, who is a viewer", as(both), nil, true},
		{"the organization's member", as(runs("member")), nil, false},
		{"an admin", as(admin), nil, false},
		{"a chief", as(in("chief")), nil, false},
		{"an editor", as(in("editor")), nil, false},
		{"a suspended owner", as(suspended), nil, false},
		{"a stranger", as(newText()), nil, false},
		{"a program for the owner", program, []string{"Muster-On-Behalf-Of", x.owner}, true},
		{"a program for an admin", program, []string{"Muster-On-Behalf-Of", admin}, false},
	} {
		status := func(done int) int {
			if c.may {
				return done
			}
			return 403
		}
		check := func(got answer, done int) {
			t.Helper()
			if got.status != status(done) {
				t.Errorf("%s: %s: %d %s, want %d", c.name, got.asked, got.status, got.body, status(done))
			} else if got.status == 403 {
				got.refused(f, 403)
			}
		}
		access := "/api/v1/Workspaces/members/" + x.membership + "/access"
		for _, level := range []int{0, 4, 1} { // includes the highest level, which all who may write here can give
			check(s.as(c.token, "PUT", access, fmt.Sprintf(`{"role":%d}`, level), c.more...), 200)
		}
		check(s.as(c.token, "PUT", "/api/v1/Workspaces/members/access", fmt.Sprintf(`{"memberId":%q,"newAccessLevel":2}`, x.membership), c.more...), 200)
		check(s.as(c.token, "POST", "/api/v1/Workspaces/"+x.ws+"/members", fmt.Sprintf(`{"userId":%q,"accessLevel":0}`, newText()), c.more...), 201)
	}

	// The stricter rule of this dialect does not apply in other faces.
	s.as(as(admin), "PATCH", members+"/"+x.member, `{"role":"viewer"}`).want(200)

	// Permissions and the end of a membership stay as they are, because this face does
	// not know them.
	s.root("PATCH", members+"/"+x.member, `{"permissions":["reports.view"],"expires_at":"2030-01-01T00:00:00Z"}`).want(200)
	access := "/api/v1/Workspaces/members/" + x.membership + "/access"
	changed := s.as(program, "PUT", access, `{"role":3}`, "Muster-Reason", "Stands in", "Idempotency-Key", "once").want(200)
	if got := s.root("GET", members+"/"+x.member, ""); got.get("role", "key") != "admin" || got.get("permissions") != "[reports.view]" || got.get("expires_at") != "2030-01-01T00:00:00.000Z" {
		t.Errorf("%s", got.body)
	}
	if changed.header.Get("Muster-Position") == "" || changed.header.Get("ETag") == "" {
		t.Errorf("%v", changed.header)
	}
	if again := s.as(program, "PUT", access, `{"role":3}`, "Muster-Reason", "Stands in", "Idempotency-Key", "once").want(200); again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%v", again.header)
	}
	s.as(program, "PUT", access, `{"role":3}`, "If-Match", `"1"`).refused(f, 412)
	s.root("POST", "/v1/workspaces/"+x.ws+"/archive", "").want(200)
	s.as(program, "PUT", access, `{"role":1}`).refused(f, 409)
}

// Bodies are accepted with any of Teamwork's media types, and with no other.
func TestTeamworkMediaTypes(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	token, access := s.token(x.org, "all:all"), "/api/v1/Workspaces/members/"+x.membership+"/access"
	for media, status := range map[string]int{
		"application/json": 200, "Application/JSON;charset=utf-8": 200, "text/json": 200, "text/json; charset=utf-8": 200,
		"application/problem+json": 200, "application/vnd.x+json; v=1": 200,
		"application/*+json": 200, "text/plain": 415, "text/x+json": 415, "application/xml": 415, "application/jsonx": 415,
		"application/+jsonx": 415, "application/xjson": 415, "json": 415,
	} {
		s.as(token, "PUT", access, `{"role":1}`, "Content-Type", media).want(status)
	}
	s.as(s.token(x.org, "all:all", bound(x.ws)), "PATCH", "/api/v2/workspace-members/"+x.membership, `{"role":"view"}`, "Content-Type", "text/json").want(415)
}
