package dialect

import (
	"fmt"
	"strings"
	"testing"
)

// What Instantly has no word for is shown by the closest word that does not promise more.
func TestInstantlyShows(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	token := s.token(x.org, "all:all", bound(x.ws))
	s.root("POST", "/v1/organizations/"+x.org+"/roles", `{"key":"lead","name":"Lead","level":39,"permissions":[]}`).want(201)
	stranger := newText()
	id := s.root("POST", "/v1/workspaces/"+x.ws+"/members", fmt.Sprintf(
		`{"user_id":%q,"role":"lead","permissions":["content.edit","crm.view"]}`, stranger)).want(201).get("id")
	item := "/api/v2/workspace-members/" + id

	got := s.as(token, "GET", item, "").want(200)
	for path, want := range map[string]string{
		"email": stranger + "@unknown.invalid", "user_email": "<nil>", // has no profile in the directory
		"role": "editor", "permissions": "[crm.view]", "accepted": "true",
		"issuer_id": "<nil>", // added by the root token
	} {
		if got.get(path) != want {
			t.Errorf("%s is %s, want %s", path, got.get(path), want)
		}
	}
	if strings.Contains(string(got.body), `"name"`) {
		t.Errorf("somebody unknown has a name: %s", got.body)
	}

	// The issuer of a member is null if a program added the member. If a user did so with
	// a token of their own, it is that user.
	invited := s.as(token, "POST", "/api/v2/workspace-members", `{"email":"new@acme.example","role":"view"}`).want(200)
	if invited.get("issuer_id") != "<nil>" || invited.get("accepted") != "false" || invited.get("role") != "view" {
		t.Errorf("%s", invited.body)
	}
	owners := s.token(x.org, "all:all", bound(x.ws), fmt.Sprintf(`"user_id":%q`, x.owner))
	invited = s.as(owners, "POST", "/api/v2/workspace-members", `{"email":"newer@acme.example","role":"admin","permissions":[]}`).want(200)
	if invited.get("issuer_id") != x.owner || invited.get("permissions") != "[]" || invited.get("user_email") != "newer@acme.example" {
		t.Errorf("%s", invited.body)
	}
	s.root("POST", "/v1/workspaces/"+x.ws+"/members/"+invited.get("user_id")+"/accept", "").want(200)
	if got := s.as(token, "GET", "/api/v2/workspace-members/"+invited.get("id"), "").want(200); got.get("accepted") != "true" {
		t.Errorf("%s", got.body)
	}

	// Suspended members are listed, and so are owners. Users who only inherit access are
	// not.
	s.root("POST", "/v1/workspaces/"+x.ws+"/members/"+stranger+"/suspend", "").want(200)
	s.root("PUT", "/v1/organizations/"+x.org+"/members/"+newText(), `{"role":"admin"}`).want(201)
	list := s.as(token, "GET", "/api/v2/workspace-members", "").want(200)
	if n := strings.Count(string(list.body), `"workspace_id"`); n != 5 || list.get("items", 0, "role") != "owner" || strings.Contains(string(list.body), "next") {
		t.Errorf("%d items: %s", n, list.body)
	}
}

// The rules of the domain apply in this dialect, too.
func TestInstantlyRules(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	f := face("instantly")
	member := "/api/v2/workspace-members/" + x.membership
	// An editor cannot manage members, whatever the scopes of their token.
	editors := s.token(x.org, "all:all", bound(x.ws), fmt.Sprintf(`"user_id":%q`, x.member))
	s.as(editors, "PATCH", member, `{"role":"admin"}`).refused(f, 403)
	// A member without permissions of their own cannot give permissions beyond their
	// role.
	s.root("PATCH", "/v1/workspaces/"+x.ws+"/members/"+x.member, `{"role":"admin"}`).want(200)
	s.as(editors, "POST", "/api/v2/workspace-members", `{"email":"new@acme.example","role":"view","permissions":["crm.view"]}`).refused(f, 403)
	token := s.token(x.org, "all:all", bound(x.ws))
	changed := s.as(token, "PATCH", member, `{"role":"client"}`, "Muster-Reason", "Left the project").want(200)
	if changed.header.Get("Muster-Position") == "" || changed.header.Get("ETag") == "" {
		t.Errorf("%v", changed.header)
	}
	s.as(token, "PATCH", member, `{"role":"view"}`, "If-Match", `"1"`).refused(f, 412)
	s.as(token, "GET", member, "", "Muster-Min-Position", changed.header.Get("Muster-Position")).want(200)
	if events := string(s.root("GET", "/v1/organizations/"+x.org+"/events", "").want(200).body); !strings.Contains(events, "Left the project") {
		t.Error("the reason is in no event")
	}
	s.as(token, "PATCH", member+"?validate_only=true", `{"role":"admin"}`).want(200)
	if got := s.as(token, "GET", member, "").want(200).get("role"); got != "client" {
		t.Errorf("what was only tried has made a %s", got)
	}
	s.root("POST", "/v1/workspaces/"+x.ws+"/archive", "").want(200)
	s.as(token, "PATCH", member, `{"role":"view"}`).refused(f, 409)
	s.as(token, "GET", member, "").want(200)
}
