package native

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/transport"
)

// These rules are about people who change the membership by which they manage, and about
// what belongs to themselves.
func TestRulesOfOneself(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.stage()
	member := func(name string) string { return "/v1/workspaces/{studio}/members/{" + name + "}" }
	// Nobody can issue a token for somebody who has left, so ron gets his before.
	x.do("PUT", member("ron"), `{"role":"editor"}`)
	x.token(everyScope + `,"user_id":"{ron}"`)
	x.token(everyScope + `,"user_id":"{ron}","workspace_id":"{studio}"`)
	x.do("DELETE", member("ron"), "")
	for _, c := range []struct {
		says, who, method, path, body, want string
	}{
		{"give what is on the own list", "bob", "PATCH", member("vic"), `{"permissions":["members.view"]}`, "yes"},
		{"give what is not, though the role has it", "bob", "PATCH", member("vic"), `{"permissions":["content.edit"]}`, "above"},
		{"widen the own list", "bob", "PATCH", member("bob"), `{"permissions":["members.view","members.manage","content.edit"]}`, "above"},
		{"take the own list away", "bob", "PATCH", member("bob"), `{"permissions":null}`, "above"},
		{"take a peer's list away", "bob", "PATCH", member("pia"), `{"permissions":null}`, "above"},
		{"give a role with more than the own list", "bob", "PATCH", member("vic"), `{"role":"editor"}`, "above"},
		{"take a role with more", "adam", "PATCH", member("adam"), `{"role":"biller"}`, "above"},
		{"take a role with more, by putting", "adam", "PUT", member("adam"), `{"role":"biller"}`, "above"},
		{"take a role with more, as an owner", "otto", "PATCH", member("otto"), `{"role":"biller"}`, "yes"},
		{"narrow the own list", "bob", "PATCH", member("bob"), `{"permissions":["members.view"]}`, "yes"},
		{"prolong the own time", "tim", "PATCH", member("tim"), `{"expires_at":"2999-01-01T00:00:00Z"}`, "no"},
		{"take the own end away", "tim", "PATCH", member("tim"), `{"expires_at":null}`, "no"},
		{"shorten the own time", "tim", "PATCH", member("tim"), `{"expires_at":"` + s.now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`, "yes"},
		{"raise oneself", "adam", "PATCH", member("adam"), `{"role":"owner"}`, "above"},
		{"lower oneself", "adam", "PATCH", member("adam"), `{"role":"viewer"}`, "yes"},
		{"lower oneself, the last owner", "sol", "PATCH", "/v1/workspaces/{solo}/members/{sol}", `{"role":"viewer"}`, "last"},
		{"leave as the last owner", "sol", "POST", "/v1/workspaces/{solo}/members/{sol}/leave", "", "last"},
		{"leave, suspended", "sue", "POST", member("sue") + "/leave", "", "yes"},
		{"decline an invitation", "ivy", "POST", member("ivy") + "/leave", "", "yes"},
		{"leave again", "ron", "POST", member("ron") + "/leave", "", "yes"},
		{"accept the own invitation", "ivy", "POST", member("ivy") + "/accept", "", "yes"},
		{"manage, suspended", "oona", "PATCH", member("vic"), `{"role":"client"}`, "no"},
		{"reinstate oneself", "oona", "POST", member("oona") + "/reinstate", "", "no"},
		{"manage, only invited", "iris", "PATCH", member("vic"), `{"role":"client"}`, "no"},
		{"manage, removed", "ron", "PATCH", member("vic"), `{"role":"client"}`, "no"},
		{"revoke the own token", "vic", "DELETE", "/v1/organizations/{org}/tokens/{vics}", "", "yes"},
		{"rotate the own token", "vic", "POST", "/v1/organizations/{org}/tokens/{vics}/rotate", "", "yes"},
	} {
		for _, how := range []struct {
			who, token string
			headers    []string
		}{
			{"", x.token(everyScope + `,"user_id":"{` + c.who + `}"`), nil},
			{", bound to their workspace", x.token(everyScope + `,"user_id":"{` + c.who + `}","workspace_id":"{` + home(c.path) + `}"`), nil},
			{", by a program", x.of("program"), []string{"Muster-On-Behalf-Of", x.things[c.who]}},
		} {
			want := c.want
			if strings.Contains(how.who, "bound") && reachOf(t, c.method, c.path) == transport.ReachOrganization {
				want = "scope"
			}
			if got := x.as(how.token, c.method, x.fill(c.path)+"?validate_only=true", x.fill(c.body), how.headers...); !got.is(want) {
				t.Errorf("%s%s, %s: %d %s, want %s", c.who, how.who, c.says, got.status, got.body, want)
			}
		}
	}
	// A user who is suspended in the organization can do nothing there but leave.
	x.do("POST", "/v1/organizations/{org}/members/{adam}/suspend", "")
	adam := x.of("admin")
	if got := x.as(adam, "PATCH", x.fill(member("vic")), `{"role":"client"}`); !got.is("no") {
		t.Errorf("suspended in the organization: %d %s", got.status, got.body)
	}
	x.as(adam, "POST", x.fill(member("adam"))+"/leave", "").want(200)
	// A token cannot issue one with more scopes or with a later end.
	narrow := x.token(`"scopes":["tokens:all","access:read"]`)
	brief := x.token(everyScope + `,"expires_at":"` + s.now().Add(time.Hour).UTC().Format(time.RFC3339) + `"`)
	for body, want := range map[string]string{
		`{"name":"x","scopes":["access:read"]}`:        "yes",
		`{"name":"x","scopes":["tokens:all"]}`:         "yes",
		`{"name":"x","scopes":["access:all"]}`:         "more",
		`{"name":"x","scopes":["all:read"]}`:           "more",
		`{"name":"x","scopes":["all:all"]}`:            "more",
		`{"name":"x","scopes":["actors:impersonate"]}`: "more",
	} {
		if got := x.as(narrow, "POST", x.fill("/v1/organizations/{org}/tokens"), body); !got.is(want) {
			t.Errorf("%s: %d %s, want %s", body, got.status, got.body, want)
		}
		if got := x.as(brief, "POST", x.fill("/v1/organizations/{org}/tokens"), body); !got.is("more") {
			t.Errorf("%s without an end, by a token with one: %d %s", body, got.status, got.body)
		}
	}
	// A person cannot act on behalf of another person.
	if got := x.as(x.of("orgowner"), "PATCH", x.fill(member("vic")), `{"role":"client"}`, "Muster-On-Behalf-Of", x.things["olga"]); !got.is("no") {
		t.Errorf("a person for another: %d %s", got.status, got.body)
	}
}

// home returns the workspace of a path.
func home(path string) string {
	if strings.Contains(path, "{solo}") {
		return "solo"
	}
	return "studio"
}

// A membership ends at its exact time. After that, the user counts neither as a member
// nor as an owner.
func TestRulesAfterTheEnd(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.stage()
	members := x.fill("/v1/workspaces/{studio}/members/")
	id := x.do("PATCH", members+x.things["adam"], fmt.Sprintf(`{"expires_at":%q}`, s.now().Add(time.Hour).UTC().Format(time.RFC3339))).get("id")
	adam := x.of("admin")
	x.as(adam, "PATCH", members+x.things["vic"], `{"role":"client"}`).want(200)
	s.clock.Add(int64(2 * time.Hour))
	x.as(adam, "PATCH", members+x.things["vic"], `{"role":"viewer"}`).want(403, "not_allowed")
	x.root("PATCH", members+x.things["adam"], `{"role":"viewer"}`).want(404, "not_found")
	was := x.root("GET", "/v1/memberships/"+id, "").want(200)
	again := x.root("PUT", members+x.things["adam"], `{"role":"viewer"}`).want(201)
	if was.get("state") != "removed" || again.get("state") != "active" || again.get("id") != was.get("id") {
		t.Errorf("%s\n%s", was.body, again.body)
	}
	x.root("DELETE", members+x.things["ivy"], "").want(204) // invited for 7 days
	s.clock.Add(int64(8 * 24 * time.Hour))
	x.root("POST", members+x.things["iris"]+"/accept", "").want(409, "not_invited")
	x.root("POST", members+x.things["iris"]+"/resend", "").want(404, "not_found")
}
