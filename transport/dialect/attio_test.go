package dialect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every user who was ever a member is listed, and nobody else is.
func TestAttioShows(t *testing.T) {
	s := start(t, 0)
	x, f := s.tenant("Acme"), face("attio")
	token, members := s.token(x.org, "user_management:read", bound(x.ws)), "/v1/workspaces/"+x.ws+"/members"
	for key, level := range map[string]int{"lead": 39, "chief": 40} {
		s.root("POST", "/v1/organizations/"+x.org+"/roles", fmt.Sprintf(`{"key":%q,"name":%[1]q,"level":%d,"permissions":[]}`, key, level)).want(201)
	}
	user, id := make(map[string]string), make(map[string]string)
	add := func(name, fields string) {
		t.Helper()
		got := s.root("POST", members, "{"+fields+"}").want(201)
		user[name], id[name] = got.get("user_id"), got.get("id")
	}
	somebody := func(role string) string { return fmt.Sprintf(`"user_id":%q,"role":%q`, newText(), role) }
	invited := func(name string) string { return fmt.Sprintf(`"email":"%s@acme.example","role":"viewer"`, name) }
	do := func(name, what string) {
		t.Helper()
		s.root("POST", members+"/"+user[name]+"/"+what, "").want(200)
	}
	remove := func(name string) {
		t.Helper()
		s.root("DELETE", members+"/"+user[name], "").want(204)
	}
	for _, role := range []string{"admin", "editor", "viewer", "client", "lead", "chief"} {
		add(role, somebody(role))
	}
	add("suspended", somebody("admin"))
	do("suspended", "suspend")
	add("removed", somebody("admin"))
	remove("removed")
	add("back", somebody("viewer"))
	remove("back")
	s.root("PUT", members+"/"+user["back"], `{"role":"admin"}`).want(201)
	add("expired", somebody("editor")+`,"expires_at":"`+s.now().Add(time.Minute).UTC().Format(time.RFC3339)+`"`)
	add("invited", invited("invited"))
	add("accepted", invited("accepted"))
	do("accepted", "accept")
	add("refused", invited("refused"))
	remove("refused")
	add("returning", invited("returning"))
	do("returning", "accept")
	remove("returning")
	if again := s.root("POST", members, "{"+invited("returning")+"}").want(201); again.get("id") != id["returning"] || again.get("state") != "invited" {
		t.Fatalf("%s", again.body)
	}
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+newText(), `{"role":"admin"}`).want(201) // has access without being a member
	s.clock.Add(time.Hour.Milliseconds())

	got := s.as(token, "GET", "/v2/workspace_members", "").want(200)
	for name, want := range map[string]string{
		"admin": "admin", "editor": "member", "viewer": "member", "client": "member", "lead": "member", "chief": "admin",
		"suspended": "suspended", "removed": "suspended", "back": "admin", "expired": "suspended",
		"invited": "", "accepted": "member", "refused": "", "returning": "suspended",
	} {
		listed, item := "", "/v2/workspace_members/"+id[name]
		for i := range strings.Count(string(got.body), `"access_level"`) {
			if got.get("data", i, "id", "workspace_member_id") == id[name] {
				listed = got.get("data", i, "access_level")
			}
		}
		if listed != want {
			t.Errorf("%s is listed as %q, want %q", name, listed, want)
		}
		if want == "" {
			s.as(token, "GET", item, "").refused(f, 404)
		} else if level := s.as(token, "GET", item, "").want(200).get("data", "access_level"); level != want {
			t.Errorf("%s is %s, want %s", name, level, want)
		}
	}
	if n := strings.Count(string(got.body), `"access_level"`); n != 14 || got.get("data", 0, "access_level") != "admin" { // includes the tenant's owner and editor
		t.Errorf("%d members: %s", n, got.body)
	}
	for path, want := range map[string]string{
		"email_address": user["viewer"] + "@unknown.invalid", "first_name": "", "last_name": "", "avatar_url": "<nil>", // has no profile in the directory
		"created_at": "2026-03-05T23:09:47.281000000Z",
	} {
		if got := s.as(token, "GET", "/v2/workspace_members/"+id["viewer"], "").get("data", path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

// The list has no pages, however long it is. Every member is listed once.
func TestAttioListsAll(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	var adds []string
	for range 450 {
		adds = append(adds, fmt.Sprintf(`{"op":"add","user_id":%q,"role":"viewer"}`, newText()))
	}
	s.root("POST", "/v1/workspaces/"+x.ws+"/members/batch", `{"mode":"atomic","operations":[`+strings.Join(adds, ",")+`]}`).want(200)
	got := s.as(s.token(x.org, "all:read", bound(x.ws)), "GET", "/v2/workspace_members", "").want(200)
	var ids []string
	for i := range 452 {
		ids = append(ids, got.get("data", i, "id", "workspace_member_id"))
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 452 || strings.Count(string(got.body), `"access_level"`) != 452 {
		t.Errorf("%d members", n)
	}
}

func TestAttioIdentifies(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	token := func(fields ...string) string { return s.token(x.org, "events:read", append(fields, bound(x.ws))...) }
	as := func(user string) string { return fmt.Sprintf(`"user_id":%q`, user) }
	self := func(token string) answer {
		t.Helper()
		return s.as(token, "GET", "/v2/self", "").want(200)
	}
	const member = "authorized_by_workspace_member_id"
	if got := self(token(as(x.member), `"expires_at":"2026-03-06T00:00:00Z"`)); got.get(member) != x.membership || !strings.Contains(string(got.body), `"exp":1772755200,"iat":1772752187`) {
		t.Errorf("%s", got.body)
	}
	if got := self(token()); got.get("exp") != "<nil>" {
		t.Errorf("%s", got.body)
	}
}

// A token is authorized by a member of its workspace, and that member can be read.
func TestAttioAuthorizer(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members/"
	owner := s.root("GET", members+x.owner, "").want(200).get("id")
	issue := func(by, user string) string {
		t.Helper()
		fields := fmt.Sprintf(`{"name":"CI","scopes":["user_management:read"],"workspace_id":%q`, x.ws)
		if user != "" {
			fields += fmt.Sprintf(`,"user_id":%q`, user)
		}
		return s.as(by, "POST", "/v1/organizations/"+x.org+"/tokens", fields+"}").want(201).get("secret")
	}
	of := func(user string) string { return s.token(x.org, "all:all", fmt.Sprintf(`"user_id":%q`, user)) }
	reader := s.token(x.org, "user_management:read", bound(x.ws))
	s.root("PUT", members+x.member, `{"role":"admin"}`).want(200)
	invited := s.root("POST", "/v1/workspaces/"+x.ws+"/members", `{"email":"new@acme.example","role":"viewer"}`).want(201).get("user_id")
	for name, c := range map[string]struct{ token, want string }{
		"issued by the operator":                   {issue(rootToken, ""), owner},
		"issued by a program":                      {issue(s.token(x.org, "all:all"), ""), owner},
		"issued by a member":                       {issue(of(x.member), x.member), x.membership},
		"bound to a member":                        {issue(rootToken, x.member), x.membership},
		"bound to somebody who is not a member":    {issue(rootToken, newText()), owner},
		"bound to somebody who has only an invite": {issue(rootToken, invited), owner},
	} {
		got := s.as(c.token, "GET", "/v2/self", "").want(200)
		id := got.get("authorized_by_workspace_member_id")
		if id != c.want {
			t.Errorf("%s: %s, want %s", name, got.body, c.want)
		}
		s.as(reader, "GET", "/v2/workspace_members/"+id, "").want(200)
	}
}

// Attio's name of the scope works like Muster's in every face. It only allows reading.
func TestAttioScope(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	attios, ours := s.token(x.org, "user_management:read", bound(x.ws)), s.token(x.org, "workspace_members:read", bound(x.ws))
	for _, token := range []string{attios, ours} {
		for _, path := range []string{
			"/v2/workspace_members", "/v1/workspaces/" + x.ws + "/members", "/api/v2/workspace-members", "/workspaces/" + x.ws + "/memberships",
		} {
			s.as(token, "GET", path, "").want(200)
		}
		s.as(token, "DELETE", "/v1/workspaces/"+x.ws+"/members/"+x.member, "").want(403)
		s.as(token, "GET", "/v1/workspaces/"+x.ws+"/access", "").want(403)
	}
}
