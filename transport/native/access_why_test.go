package native

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A check says which rule decided it, with the event behind the rule, whatever the rule is.
func TestExplainedChecks(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	ws, org := "/v1/workspaces/"+x.ws, "/v1/organizations/"+x.org
	token, id := s.issue(x.org, `"scopes":["all:all"]`)
	do := func(method, path, body string) {
		t.Helper()
		if got := s.as(token, method, path, body, "Muster-Reason", "Because"); got.status >= 300 {
			t.Fatalf("%s: %d %s", got.asked, got.status, got.body)
		}
	}
	soon := func() string { return s.now().Add(time.Minute).UTC().Format("2006-01-02T15:04:05.000Z") }
	asked := func(user, what string) answer {
		t.Helper()
		body := fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,%s}`, user, x.ws, what)
		if got := s.as(token, "POST", "/v1/access/check", body).want(200); string(got.body[len(got.body)-2:]) != "]}" {
			t.Errorf("an explanation that was not asked for: %s", got.body)
		}
		return s.as(token, "POST", "/v1/access/check?explain=true", body).want(200)
	}
	const edit = `"permission":"content.edit"`
	for _, c := range []struct {
		code, event string // the event's type; empty: none
		what        string
		make        func(user string)
	}{
		{"no_grant", "", edit, func(string) {}},
		{"no_grant", "", edit, func(user string) { do("PUT", org+"/members/"+user, `{"role":"member"}`) }},
		{"granted", "muster.member.added", edit, func(user string) { do("PUT", ws+"/members/"+user, `{"role":"editor"}`) }},
		{"granted", "muster.member.added", `"role":"viewer"`, func(user string) { do("PUT", ws+"/members/"+user, `{"role":"editor"}`) }},
		{"granted", "muster.organization.member_added", edit, func(user string) { do("PUT", org+"/members/"+user, `{"role":"admin"}`) }},
		{"role_too_low", "muster.member.added", `"role":"admin"`, func(user string) { do("PUT", ws+"/members/"+user, `{"role":"editor"}`) }},
		{"permission_not_granted", "muster.member.role_changed", edit, func(user string) {
			do("PUT", ws+"/members/"+user, `{"role":"editor"}`)
			do("PUT", ws+"/members/"+user, `{"role":"client"}`)
		}},
		{"permission_not_in_list", "muster.member.permissions_changed", edit, func(user string) {
			do("PUT", ws+"/members/"+user, `{"role":"editor"}`)
			do("PATCH", ws+"/members/"+user, `{"permissions":["content.view"]}`)
		}},
		{"suspended", "muster.member.suspended", edit, func(user string) {
			do("PUT", ws+"/members/"+user, `{"role":"editor"}`)
			do("POST", ws+"/members/"+user+"/suspend", "")
			do("PATCH", ws+"/members/"+user, `{"role":"viewer"}`) // is not what decided
		}},
		{"suspended_in_organization", "muster.organization.member_suspended", edit, func(user string) {
			do("PUT", ws+"/members/"+user, `{"role":"editor"}`)
			do("POST", org+"/members/"+user+"/suspend", "")
			do("PUT", org+"/users/"+user, fmt.Sprintf(`{"email":"%s@acme.example"}`, user))
		}},
		{"granted", "muster.member.added", edit, func(user string) {
			do("PUT", ws+"/members/"+user, `{"role":"editor"}`)
			do("POST", org+"/members/"+user+"/suspend", "")
			do("POST", org+"/members/"+user+"/reinstate", "")
		}},
		{"removed", "muster.member.removed", edit, func(user string) {
			do("PUT", ws+"/members/"+user, `{"role":"editor"}`)
			do("DELETE", ws+"/members/"+user, "")
		}},
		{"removed", "muster.member.removed", edit, func(user string) { // the organization's removal records the end at once
			do("PUT", ws+"/members/"+user, `{"role":"editor"}`)
			do("DELETE", org+"/members/"+user, "")
		}},
		{"expired", "", edit, func(user string) {
			do("PUT", ws+"/members/"+user, fmt.Sprintf(`{"role":"editor","expires_at":%q}`, soon()))
			s.clock.Add(int64(2 * time.Minute))
		}},
	} {
		user := newText()
		c.make(user)
		got := asked(user, c.what)
		allowed := fmt.Sprint(c.code == "granted")
		if got.get("allowed") != allowed || got.get("explanation", "code") != c.code || got.get("explanation", "detail") == "" {
			t.Errorf("%s: %s", c.code, got.body)
			continue
		}
		if c.event == "" {
			if got.get("explanation", "event") != "<nil>" {
				t.Errorf("%s: %s", c.code, got.body)
			}
			continue
		}
		if got.get("explanation", "event", "type") != c.event || got.get("explanation", "event", "authid") != id || got.get("explanation", "event", "reason") != "Because" ||
			got.get("explanation", "since") != got.get("explanation", "event", "time") {
			t.Errorf("%s: %s", c.code, got.body)
		}
		if allowed == "true" && (got.get("grants", 0, "origin", "reason") != "Because" || got.get("grants", 0, "origin", "granted_by", "authid") != id) {
			t.Errorf("%s: %s", c.code, got.body)
		}
	}

	// Somebody who was invited, until the invitation expires.
	invited := s.as(token, "POST", ws+"/members", `{"email":"grace@acme.example","role":"editor","invitation_expires_in":3600}`).want(201).get("user_id")
	if got := asked(invited, edit); got.get("explanation", "code") != "invited" || got.get("explanation", "event", "type") != "muster.member.invited" {
		t.Errorf("%s", got.body)
	}
	s.clock.Add(int64(2 * time.Hour))
	if got := asked(invited, edit); got.get("explanation", "code") != "invitation_expired" {
		t.Errorf("%s", got.body)
	}
	// Somebody who has left.
	do("PUT", ws+"/members/"+x.member, `{"role":"editor"}`)
	s.as(token, "POST", ws+"/members/"+x.member+"/leave", "", "Muster-On-Behalf-Of", x.member).want(200)
	if got := asked(x.member, edit); got.get("explanation", "code") != "left" || got.get("explanation", "event", "onbehalfof") != x.member {
		t.Errorf("%s", got.body)
	}
	// An archived workspace takes no access away, and the explanation says that it is archived.
	do("POST", ws+"/archive", "")
	if got := asked(x.owner, edit); got.get("allowed") != "true" || got.get("explanation", "workspace_archived_at") == "<nil>" {
		t.Errorf("%s", got.body)
	}
	// Each check of a batch is explained.
	batch := s.as(token, "POST", "/v1/access/batch-check?explain=true", fmt.Sprintf(`{"checks":[{"user_id":%q,"workspace_id":%q,%s},{"user_id":%q,"workspace_id":%q,%s}]}`,
		x.owner, x.ws, edit, x.member, x.ws, edit)).want(200)
	if batch.get("results", 0, "explanation", "code") != "granted" || batch.get("results", 1, "explanation", "code") != "left" {
		t.Errorf("%s", batch.body)
	}
	s.as(token, "POST", "/v1/access/check?explain=maybe", fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,%s}`, x.owner, x.ws, edit)).want(422, "invalid_value")
}

// Lists of access say who gave each grant if they are asked to, and only then.
func TestReasonsOfAccess(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	token, id := s.issue(x.org, `"scopes":["all:all"]`)
	user := newText()
	s.as(token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+user, `{"role":"editor"}`, "Muster-Reason", "Ticket 4711").want(201)
	for _, path := range []string{"/v1/workspaces/" + x.ws + "/access?permission=content.edit", "/v1/organizations/" + x.org + "/users/" + user + "/workspaces?page_size=10"} {
		got := s.as(token, "GET", path+"&include=reasons", "").want(200)
		found := false
		for i := range got.count() {
			origin := got.get("items", i, "grants", 0, "origin", "granted_by", "authid")
			if origin == id {
				found = got.get("items", i, "grants", 0, "origin", "reason") == "Ticket 4711"
			} else if origin != "root" {
				t.Errorf("%s", got.body)
			}
		}
		if !found {
			t.Errorf("%s: %s", path, got.body)
		}
		plain := s.as(token, "GET", path, "").want(200)
		if plain.count() != got.count() || len(plain.body) >= len(got.body) {
			t.Errorf("%s", plain.body)
		}
		s.as(token, "GET", path+"&include=everything", "").want(422, "invalid_value")

		// A cursor keeps the parameter, as of now and as of then.
		s.as(token, "PUT", "/v1/workspaces/"+s.as(token, "POST", "/v1/organizations/"+x.org+"/workspaces", fmt.Sprintf(`{"name":"Second","owner_user_id":%q}`, x.owner)).want(201).get("id")+"/members/"+user, `{"role":"editor"}`, "Muster-Reason", "Ticket 4711").want(201)
		end := s.as(token, "GET", "/v1/organizations/"+x.org+"/events?after=latest", "").want(200).get("position")
		all := strings.Split(path, "?")[0]
		for _, moment := range []string{"", "&as_of=" + end} {
			next := s.as(token, "GET", all+"?page_size=1&include=reasons"+moment, "").want(200).get("next_cursor")
			if page := s.as(token, "GET", all+"?page_size=1&cursor="+next, "").want(200); page.count() != 1 || page.get("items", 0, "grants", 0, "origin", "granted_by", "authid") == "<nil>" {
				t.Errorf("%s", page.body)
			}
		}
	}
}

// What has changed the definition of a role is what an explanation names, if that decided.
func TestExplainedByRoles(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, ws := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws
	make := func(key string, level int, permissions string) string {
		return s.as(x.token, "POST", org+"/roles", fmt.Sprintf(`{"key":%q,"name":"Role","level":%d,"permissions":[%s]}`, key, level, permissions)).want(201).get("id")
	}
	author, rank := make("author", 20, `"content.view","content.edit"`), make("rank", 10, `"content.view"`)
	user, listed, both := newText(), newText(), newText()
	added := s.as(x.token, "PUT", ws+"/members/"+user, `{"role":"author"}`).want(201).header.Get("Muster-Position")
	own := s.as(x.token, "PUT", ws+"/members/"+listed, `{"role":"author","permissions":["content.view"]}`).want(201).header.Get("Muster-Position")
	alike := s.as(x.token, "PUT", ws+"/members/"+both, `{"role":"author","permissions":["content.view","content.edit"]}`).want(201).header.Get("Muster-Position")
	change := func(role, body string) string {
		return s.as(x.token, "PATCH", org+"/roles/"+role, body).want(200).header.Get("Muster-Position")
	}
	check := func(who, what, code, position string) {
		t.Helper()
		got := s.as(x.token, "POST", "/v1/access/check?explain=true", fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,%s}`, who, x.ws, what)).want(200)
		if got.get("explanation", "code") != code || got.get("explanation", "event", "position") != position {
			t.Errorf("%s: want %s at %s: %s", what, code, position, got.body)
		}
	}
	const edit, view = `"permission":"content.edit"`, `"permission":"content.view"`
	check(user, edit, "granted", added)
	taken := change(author, `{"permissions":["content.view"]}`)
	change(author, `{"name":"Writer"}`) // is not what decided
	check(user, edit, "permission_not_granted", taken)
	check(user, view, "granted", added)
	check(listed, view, "granted", own)
	given := change(author, `{"permissions":["content.view","content.edit"]}`)
	check(both, edit, "granted", alike) // by the membership's own list, which is the role's again
	check(user, edit, "granted", given)
	check(listed, edit, "permission_not_in_list", own)

	check(user, `"role":"rank"`, "granted", added)
	higher := change(rank, `{"level":30}`)
	check(user, `"role":"rank"`, "role_too_low", higher)
	check(user, `"role":"admin"`, "role_too_low", added)
	equal := change(author, `{"level":30}`)
	check(user, `"role":"rank"`, "granted", equal)
	again := s.as(x.token, "PATCH", ws+"/members/"+user, `{"role":"rank"}`).want(200).header.Get("Muster-Position")
	check(user, edit, "permission_not_granted", again)
}
