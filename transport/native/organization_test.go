package native

import (
	"fmt"
	"testing"
)

func TestOrganizations(t *testing.T) {
	s := start(t, t.TempDir())
	made := s.root("POST", "/v1/organizations", `{"name":"Acme","owner":{"email":"ada@acme.example","name":{"first":"Ada"}}}`).want(201)
	org := "/v1/organizations/" + made.get("id")
	if got := s.root("GET", org, "").want(200); string(got.body) != string(made.body) {
		t.Errorf("made %s\nread %s", made.body, got.body)
	}
	owner := s.root("GET", org+"/members", "").want(200)
	if owner.get("items", 0, "role") != "owner" || owner.get("items", 0, "email") != "ada@acme.example" {
		t.Errorf("%s", owner.body)
	}
	renamed := s.root("PATCH", org, `{"name":"Acme Studios"}`).want(200)
	if renamed.get("name") != "Acme Studios" || renamed.header.Get("ETag") == made.header.Get("ETag") {
		t.Errorf("%s", renamed.body)
	}
	s.root("PATCH", org, `{"name":" x"}`).want(422, "surrounding_space")

	x := s.tenant("Other")
	if got := s.root("GET", "/v1/organizations", "").want(200).count(); got != 2 {
		t.Errorf("the root token sees %d organizations", got)
	}
	own := s.as(x.token, "GET", "/v1/organizations", "").want(200)
	if own.count() != 1 || own.get("items", 0, "id") != x.org {
		t.Errorf("the organization's token sees %s", own.body)
	}
	s.as(x.token, "POST", "/v1/organizations", `{"name":"Mine","owner":{"email":"a@b.c"}}`).want(403, "insufficient_scope")
}

func TestOrganizationMembers(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/organizations/" + x.org + "/members"
	access := "/v1/workspaces/" + x.ws + "/access/"
	s.as(x.token, "GET", members+"/"+x.member, "").want(404)
	s.as(x.token, "DELETE", members+"/"+newText(), "").want(404)
	put := s.as(x.token, "PUT", members+"/"+x.member, `{"role":"admin"}`).want(201)
	if put.get("email") != "ed@acme.example" || put.get("name", "last") != "Editor" {
		t.Errorf("%s", put.body)
	}
	if got := s.as(x.token, "GET", members+"/"+x.member, "").want(200); string(got.body) != string(put.body) || got.header.Get("ETag") != put.header.Get("ETag") {
		t.Errorf("written %s\nread    %s", put.body, got.body)
	}
	s.as(x.token, "PUT", members+"/"+x.member, `{"role":"admin"}`).want(200)
	s.as(x.token, "PUT", members+"/"+x.member, `{"role":"king"}`).want(422, "unknown_role")

	// The inherited role is shown together with the membership.
	both := s.as(x.token, "GET", access+x.member, "").want(200)
	if both.get("role", "key") != "admin" || both.get("grants", 0, "source") != "organization" || both.get("grants", 1, "source") != "direct" {
		t.Errorf("%s", both.body)
	}
	s.as(x.token, "PUT", members+"/"+x.member, `{"role":"member"}`).want(200)
	if got := s.as(x.token, "GET", access+x.member, "").want(200).get("role", "key"); got != "editor" {
		t.Errorf("the role is %s", got)
	}
	// The access of a user without a membership comes and goes with their role.
	someone := newText()
	s.as(x.token, "PUT", members+"/"+someone, `{"role":"owner"}`).want(201)
	if got := s.as(x.token, "GET", access+someone, "").want(200); got.get("email") != "<nil>" || got.get("name") != "<nil>" {
		t.Errorf("%s", got.body)
	}
	s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/members/"+someone, "").want(404)
	s.as(x.token, "DELETE", members+"/"+someone, "").want(204)
	s.as(x.token, "GET", access+someone, "").want(404)
	s.as(x.token, "DELETE", members+"/"+x.owner, "").want(409, "last_owner")
}

func TestUsers(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	users := "/v1/organizations/" + x.org + "/users"
	someone := newText()
	s.as(x.token, "GET", users+"/"+someone, "").want(404)
	put := s.as(x.token, "PUT", users+"/"+someone, `{"email":"Grace@acme.example","name":{"first":"Grace","last":"Hopper"},"avatar_url":"https://acme.example/grace.png"}`).want(200)
	if got := s.as(x.token, "GET", users+"/"+someone, "").want(200); string(got.body) != string(put.body) || got.header.Get("ETag") != put.header.Get("ETag") {
		t.Errorf("written %s\nread    %s", put.body, got.body)
	}
	// What a PUT leaves out stays, and what it says to be empty is removed.
	for _, c := range []struct{ body, want string }{
		{`{"email":"Grace@acme.example"}`, "Grace@acme.example Grace Hopper https://acme.example/grace.png"},
		{`{}`, "Grace@acme.example Grace Hopper https://acme.example/grace.png"},
		{`{"name":{"last":"Murray"}}`, "Grace@acme.example Grace Murray https://acme.example/grace.png"},
		{`{"avatar_url":null}`, "Grace@acme.example Grace Murray <nil>"},
		{`{"name":{"first":""}}`, "Grace@acme.example  Murray <nil>"},
		{`{"email":" gracé@acme.example"}`, "gracé@acme.example  Murray <nil>"},
		{`{"email":"Grace@acme.example"}`, "Grace@acme.example  Murray <nil>"},
	} {
		got := s.as(x.token, "PUT", users+"/"+someone, c.body).want(200)
		if is := fmt.Sprint(got.get("email"), " ", got.get("name", "first"), " ", got.get("name", "last"), " ", got.get("avatar_url")); is != c.want {
			t.Errorf("%s: %s, want %s", c.body, is, c.want)
		}
	}
	for body, code := range map[string]string{
		`{"email":""}`: "invalid_email", `{"avatar_url":""}`: "invalid_url", `{"email":"<a@b.example>"}`: "invalid_email",
		`{"name":{"first":"a\u200bb"}}`: "invalid_characters", `{"avatar_url":"https://"}`: "invalid_url", `{"avatar_url":"https://a/ b"}`: "invalid_url",
	} {
		s.as(x.token, "PUT", users+"/"+someone, body).want(422, code)
	}
	s.as(x.token, "PUT", users+"/"+newText(), `{"name":{"first":"Eve"}}`).want(422, "required")
	s.as(x.token, "PUT", users+"/"+newText(), `{"email":"grace@ACME.example"}`).want(409, "email_taken")
	s.as(x.token, "PUT", users+"/"+someone, `{"email":"grace@acme.example","avatar_url":"http://acme.example"}`).want(422, "invalid_url")
	if got := s.as(x.token, "GET", users, "").want(200).count(); got != 3 {
		t.Errorf("there are %d users", got)
	}

	// People can change their own profile, but not those of others.
	mine, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.member))
	s.as(mine, "PUT", users+"/"+x.member, `{"email":"ed@acme.example","name":{"first":"Edward"}}`).want(200)
	s.as(mine, "PUT", users+"/"+someone, `{"email":"other@acme.example"}`).want(403, "not_allowed")
}
