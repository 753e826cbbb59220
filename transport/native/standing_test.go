package native

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Nobody can give anything to somebody who is suspended in the organization, and they can
// take nothing themselves.
func TestSuspendedGainNothing(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.stage()
	org, members := "/v1/organizations/{org}", "/v1/workspaces/{studio}/members"
	secret := x.do("POST", members+"/{ivy}/resend", "").get("invitation", "token")
	ednas := x.token(everyScope + `,"user_id":"{edna}"`)
	ivys := x.token(everyScope + `,"user_id":"{ivy}"`)
	_, x.things["ednas"] = x.issue(x.things["org"], x.fill(everyScope+`,"user_id":"{edna}"`))
	for _, who := range []string{"ivy", "edna", "max", "tim", "sue"} {
		x.do("POST", org+"/members/{"+who+"}/suspend", "")
	}
	for _, c := range []struct{ says, method, path, body string }{
		{"accept for them", "POST", members + "/{ivy}/accept", ""},
		{"resend their invitation", "POST", members + "/{ivy}/resend", ""},
		{"add them", "POST", members, `{"user_id":"{max}","role":"client"}`},
		{"put them", "PUT", members + "/{max}", `{"role":"client"}`},
		{"invite them elsewhere", "POST", "/v1/workspaces/{solo}/members", `{"email":"ivy@new.example","role":"client"}`},
		{"raise them", "PATCH", members + "/{edna}", `{"role":"admin"}`},
		{"give them more permissions", "PATCH", members + "/{edna}", `{"permissions":["billing.manage"]}`},
		{"prolong their time", "PATCH", members + "/{tim}", `{"expires_at":null}`},
		{"reinstate them in a workspace", "POST", members + "/{sue}/reinstate", ""},
		{"make them an owner", "POST", "/v1/workspaces/{studio}/transfer-ownership", `{"from_user_id":"{olga}","to_user_id":"{edna}"}`},
		{"make them a workspace's first owner", "POST", org + "/workspaces", `{"name":"X","owner_user_id":"{edna}"}`},
		{"give them a role in the organization", "PUT", org + "/members/{edna}", `{"role":"member"}`},
		{"give them a higher role in the organization", "PUT", org + "/members/{max}", `{"role":"admin"}`},
		{"issue a token for them", "POST", org + "/tokens", `{"name":"x","scopes":["access:read"],"user_id":"{edna}"}`},
		{"rotate a token of theirs", "POST", org + "/tokens/{ednas}/rotate", ""},
		{"add them in a batch", "POST", members + "/batch", `{"mode":"atomic","operations":[{"op":"add","user_id":"{max}","role":"client"}]}`},
	} {
		for _, query := range []string{"?validate_only=true", ""} {
			got := x.root(c.method, x.fill(c.path)+query, x.fill(c.body))
			if got.status != 409 || got.get("code") != "user_suspended" || !strings.Contains(got.get("detail"), "reinstate them first") {
				t.Errorf("%s: %d %s", c.says, got.status, got.body)
			}
		}
	}
	x.as(ivys, "POST", x.fill(members+"/{ivy}/accept"), "").want(403, "not_allowed")
	x.root("POST", x.fill(members+"/{ivy}/accept"), "", "Muster-On-Behalf-Of", x.things["ivy"]).want(403, "not_allowed")
	x.as("", "POST", acceptPath, fmt.Sprintf(`{"token":%q}`, secret)).want(404, "unknown_invitation")
	x.as(ednas, "POST", x.fill(org+"/tokens"), x.fill(`{"name":"x","scopes":["access:read"],"user_id":"{edna}"}`)).want(403, "not_allowed")
	x.as(ednas, "PUT", x.fill(org+"/users/{edna}"), `{"email":"edna@new.example"}`).want(403, "not_allowed")
	// Less is possible, and everything again for somebody who is reinstated.
	x.do("PATCH", members+"/{edna}", `{"role":"viewer"}`)
	x.do("POST", org+"/members/{ivy}/reinstate", "")
	x.as("", "POST", acceptPath, fmt.Sprintf(`{"token":%q}`, secret)).want(200)
	x.do("POST", org+"/members/{edna}/reinstate", "")
	x.do("PATCH", members+"/{edna}", `{"role":"admin"}`)
}

// Suspending the last active owner of workspaces in the organization is refused with the
// names of the workspaces, unless an owner of the organization insists.
func TestSuspendingTheLastOwner(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.stage()
	org := x.fill("/v1/organizations/{org}")
	suspend := x.fill(org + "/members/{sol}/suspend")
	second := x.do("POST", org+"/workspaces", `{"name":"Second","owner_user_id":"{sol}"}`).get("id")
	for _, how := range []struct{ token, query string }{
		{x.of("program"), ""}, {x.of("orgowner"), ""}, {x.of("orgowner"), "?force=false"}, {x.of("orgadmin"), ""}, {x.of("orgadmin"), "?force=true"},
	} {
		got := x.as(how.token, "POST", suspend+how.query, "").want(409, "last_owner")
		named := got.get("workspace_ids")
		if !strings.Contains(named, second) || !strings.Contains(named, x.things["solo"]) || !strings.Contains(got.get("detail"), "2 workspaces") {
			t.Errorf("%s", got.body)
		}
	}
	x.as(x.of("orgowner"), "POST", suspend+"?force=maybe", "").want(422)
	// An owner can insist, once per key.
	key := []string{"Idempotency-Key", "k"}
	x.as(x.of("orgowner"), "POST", suspend+"?force=true", "", key...).want(200)
	x.as(x.of("orgowner"), "POST", suspend+"?force=true", "", key...).want(200)
	x.as(x.of("orgowner"), "POST", suspend, "", key...).want(422, "idempotency_mismatch")
	// The organization can give the workspace another owner. Only then it can
	// take the suspended one away.
	sols := "/v1/workspaces/{solo}/members/{sol}"
	x.root("DELETE", x.fill(sols), "").want(409, "last_owner")
	x.root("PUT", x.fill("/v1/workspaces/{solo}/members/{vic}"), `{"role":"owner"}`).want(201)
	x.root("DELETE", x.fill(sols), "").want(204)
	x.do("POST", org+"/members/{sol}/reinstate", "")
	x.root("PATCH", "/v1/workspaces/"+second+"/members/"+x.things["sol"], `{"role":"admin"}`).want(409, "last_owner")
}

// Somebody whose only membership ends belongs to the organization before that instant and
// not from it on, whether or not an event says so.
func TestTokensGoByTheClock(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.stage()
	user := newText()
	end := s.now().Add(time.Hour).UTC().Truncate(time.Second)
	x.do("POST", "/v1/workspaces/{studio}/members", fmt.Sprintf(`{"user_id":%q,"role":"editor","expires_at":%q}`, user, end.Format(time.RFC3339)))
	own, id := x.issue(x.things["org"], everyScope+fmt.Sprintf(`,"user_id":%q`, user))
	tokens := x.fill("/v1/organizations/{org}/tokens")
	body := fmt.Sprintf(`{"name":"x","scopes":["access:read"],"user_id":%q}`, user)
	x.as(own, "POST", tokens, body).want(201)
	x.as(own, "POST", tokens+"/"+id+"/rotate", `{"overlap_seconds":7200}`).want(200)
	s.clock.Add(int64(time.Hour))
	x.as(own, "POST", tokens, body).want(403, "not_allowed")
	x.as(own, "POST", tokens+"/"+id+"/rotate", "").want(403, "not_allowed")
	x.root("POST", tokens, body).want(403, "not_allowed")
	x.as(own, "GET", x.fill("/v1/workspaces/{studio}/members"), "").want(403, "not_allowed")
	if got := x.root("GET", x.fill("/v1/organizations/{org}/events?type=muster.member.expired"), "").want(200); got.count() != 0 {
		t.Errorf("an event says that the membership has expired, so the test shows nothing: %s", got.body)
	}
}

// An answer that is given again is a read. Somebody who was suspended or removed since gets
// none, except about themselves.
func TestNoReplayForTheSuspended(t *testing.T) {
	for _, how := range []struct{ says, method, path string }{
		{"suspended", "POST", "/suspend"}, {"removed", "DELETE", ""},
	} {
		t.Run(how.says, func(t *testing.T) {
			s := start(t, t.TempDir())
			x := s.tenant("Acme")
			org, members := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws+"/members"
			admin, leaver, added := newText(), newText(), newText()
			for _, user := range []string{admin, leaver} {
				s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"admin"}`, user)).want(201)
			}
			own, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, admin))
			program, _ := s.issue(x.org, `"scopes":["all:all"]`)
			add := func(token, key string, more ...string) answer {
				return s.as(token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, added), append(more, "Idempotency-Key", key)...)
			}
			add(own, "own").want(201)
			s.as(x.token, "DELETE", members+"/"+added, "").want(204)
			add(program, "behalf", "Muster-On-Behalf-Of", admin).want(201)
			add(own, "own").want(201)
			s.as(x.token, how.method, org+"/members/"+admin+how.path, "")
			add(own, "own").want(403, "not_allowed")
			add(program, "behalf", "Muster-On-Behalf-Of", admin).want(403, "not_allowed")

			leavers, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, leaver))
			for range 2 {
				s.as(leavers, "POST", members+"/"+leaver+"/leave", "", "Idempotency-Key", "leave").want(200)
			}
		})
	}
}
