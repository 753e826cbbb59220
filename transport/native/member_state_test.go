package native

import (
	"fmt"
	"testing"
	"time"
)

func TestSuspension(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	member := "/v1/workspaces/" + x.ws + "/members/" + x.member
	access := "/v1/workspaces/" + x.ws + "/access/" + x.member
	suspended := s.as(x.token, "POST", member+"/suspend", "").want(200)
	if suspended.get("state") != "suspended" {
		t.Errorf("%s", suspended.body)
	}
	if got := s.as(x.token, "GET", member, "").want(200); string(got.body) != string(suspended.body) {
		t.Errorf("written %s\nread    %s", suspended.body, got.body)
	}
	s.as(x.token, "POST", member+"/suspend", "").want(200)
	s.as(x.token, "GET", access, "").want(404)
	if got := s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/members?state=suspended", "").want(200).count(); got != 1 {
		t.Errorf("%d are suspended", got)
	}
	editor, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.member))
	s.as(editor, "POST", member+"/reinstate", "").want(403, "not_allowed")
	if got := s.as(x.token, "POST", member+"/reinstate", "").want(200).get("state"); got != "active" {
		t.Errorf("the state is %s", got)
	}
	s.as(x.token, "GET", access, "").want(200)
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members/"+x.owner+"/suspend", "").want(409, "last_owner")
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members/"+newText()+"/suspend", "").want(404, "not_found")
	invited := s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", `{"email":"i@acme.example","role":"viewer"}`).want(201).get("user_id")
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members/"+invited+"/suspend", "").want(409, "not_active")
}

func TestLeave(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members/"
	editor, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["workspace_members:update"],"user_id":%q`, x.member))
	owner, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.owner))
	s.as(x.token, "POST", members+x.member+"/leave", "").want(403, "not_allowed")
	s.as(owner, "POST", members+x.member+"/leave", "").want(403, "not_allowed")
	s.as(owner, "POST", members+x.owner+"/leave", "").want(409, "last_owner")
	if left := s.as(editor, "POST", members+x.member+"/leave", "").want(200); left.get("state") != "removed" {
		t.Errorf("%s", left.body)
	}
	s.as(x.token, "POST", members+x.member+"/leave", "", "Muster-On-Behalf-Of", x.member).want(200)
	s.as(x.token, "GET", members+x.member, "").want(404)
}

func TestTransferOwnership(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	transfer, members := "/v1/workspaces/"+x.ws+"/transfer-ownership", "/v1/workspaces/"+x.ws+"/members/"
	to := fmt.Sprintf(`{"to_user_id":%q}`, x.member)
	s.as(x.token, "POST", transfer, to).want(422, "required")
	s.as(x.token, "POST", transfer, fmt.Sprintf(`{"to_user_id":%q,"from_user_id":%q}`, newText(), x.owner)).want(404)
	editor, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.member))
	s.as(editor, "POST", transfer, fmt.Sprintf(`{"to_user_id":%q,"from_user_id":%q}`, x.member, x.owner)).want(403, "not_allowed")
	owner, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["workspace_members:update"],"user_id":%q`, x.owner))
	done := s.as(owner, "POST", transfer, to, "Idempotency-Key", "k").want(200)
	if done.get("owner", "user_id") != x.member || done.get("owner", "role", "key") != "owner" ||
		done.get("former_owner", "user_id") != x.owner || done.get("former_owner", "role", "key") != "admin" {
		t.Errorf("%s", done.body)
	}
	if again := s.as(owner, "POST", transfer, to, "Idempotency-Key", "k").want(200); string(again.body) != string(done.body) {
		t.Errorf("was %s\nis  %s", done.body, again.body)
	}
	if got := s.as(x.token, "GET", members+x.member, "").want(200).get("role", "key"); got != "owner" {
		t.Errorf("the role is %s", got)
	}
	s.as(x.token, "POST", transfer, fmt.Sprintf(`{"to_user_id":%q}`, x.owner), "Muster-On-Behalf-Of", x.member).want(200)
}

func TestSuspensionInOrganization(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	member := "/v1/organizations/" + x.org + "/members/" + x.member
	access := "/v1/workspaces/" + x.ws + "/access/" + x.member
	// A user without a role in the organization can be suspended in it, too.
	suspended := s.as(x.token, "POST", member+"/suspend", "").want(200)
	if suspended.get("suspended_at") == "<nil>" || suspended.get("role") != "<nil>" || suspended.get("email") != "ed@acme.example" {
		t.Errorf("%s", suspended.body)
	}
	s.as(x.token, "GET", access, "").want(404)
	if got := s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/members/"+x.member, "").want(200).get("state"); got != "active" {
		t.Errorf("the membership is %s", got)
	}
	if got := s.as(x.token, "POST", member+"/reinstate", "").want(200).get("suspended_at"); got != "<nil>" {
		t.Errorf("suspended at %s", got)
	}
	s.as(x.token, "POST", member+"/reinstate", "").want(200)
	s.as(x.token, "GET", access, "").want(200)
	s.as(x.token, "PUT", member, `{"role":"admin"}`).want(201)
	s.as(x.token, "POST", member+"/suspend", "").want(200)
	s.as(x.token, "GET", access, "").want(404)
	if got := s.as(x.token, "GET", member, "").want(200); got.get("suspended_at") == "<nil>" || got.get("role") != "admin" {
		t.Errorf("%s", got.body)
	}
	s.as(x.token, "POST", "/v1/organizations/"+x.org+"/members/"+x.owner+"/suspend", "").want(409, "last_owner")
	s.as(x.token, "POST", "/v1/organizations/"+x.org+"/members/"+newText()+"/suspend", "").want(404, "not_found")
	if got := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/members/"+x.owner+"/reinstate", "").want(200); got.get("suspended_at") != "<nil>" {
		t.Errorf("%s", got.body)
	}
}

// Removing a user from the organization ends everything that they have there.
func TestOffboarding(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	second := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/workspaces", fmt.Sprintf(`{"name":"Second","owner_user_id":%q}`, x.owner)).want(201).get("id")
	s.as(x.token, "PUT", "/v1/workspaces/"+second+"/members/"+x.member, `{"role":"admin"}`).want(201)
	member := "/v1/organizations/" + x.org + "/members/" + x.member
	s.as(x.token, "DELETE", member, "").want(204)
	for _, ws := range []string{x.ws, second} {
		s.as(x.token, "GET", "/v1/workspaces/"+ws+"/members/"+x.member, "").want(404)
	}
	ended := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?type=muster.member.removed", "").want(200)
	if ended.count() != 2 || ended.get("items", 0, "commandid") != ended.get("items", 1, "commandid") {
		t.Errorf("%s", ended.body)
	}
	s.as(x.token, "DELETE", member, "").want(204)
}

// A membership ends at its exact time, in every read.
func TestExpiringMembership(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	member := "/v1/workspaces/" + x.ws + "/members/" + x.member
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000Z")
	if got := s.as(x.token, "PATCH", member, fmt.Sprintf(`{"expires_at":%q,"permissions":["a.b"]}`, end)).want(200); got.get("expires_at") != end || got.get("permissions", 0) != "a.b" {
		t.Errorf("%s", got.body)
	}
	if got := s.as(x.token, "PATCH", member, `{"role":"viewer"}`).want(200); got.get("expires_at") != end || got.get("permissions", 0) != "a.b" {
		t.Errorf("what was left out has changed: %s", got.body)
	}
	if got := s.as(x.token, "PATCH", member, `{"permissions":[]}`).want(200); got.get("permissions") != "[]" {
		t.Errorf("%s", got.body)
	}
	if got := s.as(x.token, "PATCH", member, `{"permissions":null}`).want(200); got.get("permissions") != "<nil>" || got.get("expires_at") != end {
		t.Errorf("%s", got.body)
	}
	if got := s.as(x.token, "PATCH", member, `{}`).want(200); got.get("expires_at") != end {
		t.Errorf("%s", got.body)
	}
	id := s.as(x.token, "GET", member, "").want(200).get("id")
	s.clock.Store(int64(2 * time.Hour))
	s.as(x.token, "GET", member, "").want(404)
	s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/access/"+x.member, "").want(404)
	if got := s.as(x.token, "GET", "/v1/memberships/"+id, "").want(200).get("state"); got != "removed" {
		t.Errorf("the state is %s", got)
	}
	s.as(x.token, "PATCH", member, `{"role":"viewer"}`).want(404)
	// A PUT without an end removes the end.
	if got := s.as(x.token, "PUT", member, `{"role":"viewer"}`).want(201); got.get("id") != id || got.get("expires_at") != "<nil>" || got.get("state") != "active" {
		t.Errorf("%s", got.body)
	}
}

func TestMemberLists(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	s.as(x.token, "POST", members, `{"email":"zoe@acme.example","role":"admin","name":{"first":"Abe"}}`).want(201)
	for order, want := range map[string]string{
		"email": "ed@acme.example", "-email": "zoe@acme.example", "name": "zoe@acme.example", "-name": "owner@acme.example",
		"role": "ed@acme.example", "-role": "owner@acme.example", "created_at": "owner@acme.example", "-created_at": "zoe@acme.example",
	} {
		got := s.as(x.token, "GET", members+"?count=true&page_size=1&order_by="+order, "").want(200)
		if got.get("items", 0, "email") != want || got.get("count") != "3" {
			t.Errorf("by %s: %s", order, got.body)
		}
	}
	for filter, want := range map[string]string{"state=invited": "1", "role=editor": "1", "q=owner": "1", "state=removed": "0"} {
		if got := s.as(x.token, "GET", members+"?count=true&"+filter, "").want(200).get("count"); got != want {
			t.Errorf("%s: %s", filter, got)
		}
	}
	if got := s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/access?count=true&role=owner", "").want(200).get("count"); got != "1" {
		t.Errorf("%s", got)
	}
	users := "/v1/organizations/" + x.org + "/users"
	if got := s.as(x.token, "GET", users+"?order_by=-email&q=z", "").want(200); got.count() != 1 {
		t.Errorf("%s", got.body)
	}
	if got := s.as(x.token, "GET", users+"?order_by=name", "").want(200).get("items", 0, "email"); got != "zoe@acme.example" {
		t.Errorf("%s", got)
	}
	s.as(x.token, "GET", users+"?order_by=role", "").want(422, "invalid_value")
	if got := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/members?role=owner&q=own&order_by=email", "").want(200).count(); got != 1 {
		t.Errorf("%d owners", got)
	}
}

// A member who is added as suspended never has access, and is told apart from an invited
// one.
func TestSuspendedFromTheBeginning(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members, user := "/v1/workspaces/"+x.ws+"/members", newText()
	added := s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"editor","suspended":true}`, user)).want(201)
	if added.get("state") != "suspended" || added.get("accepted") != "true" {
		t.Errorf("%s", added.body)
	}
	s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/access/"+user, "").want(404)
	s.as(x.token, "POST", members+"/"+user+"/reinstate", "").want(200)
	s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/access/"+user, "").want(200)
	s.as(x.token, "POST", members, `{"email":"nora@acme.example","role":"editor","suspended":true}`).want(422, "invalid_value")

	batch := s.as(x.token, "POST", members+"/batch", fmt.Sprintf(`{"mode":"atomic","operations":[{"op":"add","user_id":%q,"role":"owner","suspended":true}]}`, newText())).want(200)
	if batch.get("results", 0, "membership", "state") != "suspended" || batch.get("results", 0, "status") != "201" {
		t.Errorf("%s", batch.body)
	}
	s.as(x.token, "POST", members+"/batch", fmt.Sprintf(`{"mode":"atomic","operations":[{"op":"update","user_id":%q,"suspended":true}]}`, user)).want(422, "invalid_value")
}
