package native

import (
	"fmt"
	"strings"
	"testing"
)

// last returns the id of the organization's last event of the type that is about the user.
func (s *service) last(x tenant, kind, user string) string {
	s.t.Helper()
	path := "/v1/organizations/" + x.org + "/events?page_size=200&type=muster." + kind
	if user != "" {
		path += "&user_id=" + user
	}
	found := s.as(x.token, "GET", path, "").want(200)
	return found.get("items", found.count()-1, "id")
}

func (s *service) revert(x tenant, event, more string, headers ...string) answer {
	s.t.Helper()
	return s.as(x.token, "POST", "/v1/organizations/"+x.org+"/events/"+event+"/revert"+more, "", headers...)
}

// Each kind of event is undone: afterwards everything is as it was before it.
func TestRevert(t *testing.T) {
	s := start(t, t.TempDir())
	for _, c := range []struct {
		kind   string
		prior  []string // requests before: METHOD PATH BODY
		does   string   // the request whose event is reverted
		path   string   // of what it changes
		fields []string // which are as before
		types  string   // of the events that undo it
	}{
		{kind: "member.added", does: `PUT {member} {"role":"viewer"}`, path: "{member}", types: "muster.member.removed"},
		{kind: "member.role_changed", prior: []string{`PUT {member} {"role":"viewer"}`}, does: `PATCH {member} {"role":"admin"}`, path: "{member}", fields: []string{"role"}, types: "muster.member.role_changed"},
		{
			kind: "member.removed", prior: []string{
				`PUT {member} {"role":"viewer","permissions":["workspace.view"]}`, `PATCH {member} {"role":"editor","expires_at":"2999-01-01T00:00:00Z"}`,
			},
			does: `DELETE {member} `, path: "{member}", fields: []string{"id", "role", "permissions", "expires_at", "state"}, types: "muster.member.added",
		},
		{
			kind: "member.removed", prior: []string{`PUT {member} {"role":"viewer"}`, `POST {member}/suspend `},
			does: `DELETE {member} `, path: "{member}", fields: []string{"id", "role", "state"}, types: "muster.member.added muster.member.suspended",
		},
		{kind: "member.permissions_changed", prior: []string{`PUT {member} {"role":"viewer","permissions":["a.b"]}`}, does: `PATCH {member} {"permissions":null}`, path: "{member}", fields: []string{"permissions"}, types: "muster.member.permissions_changed"},
		{kind: "member.expiry_changed", prior: []string{`PUT {member} {"role":"viewer"}`}, does: `PATCH {member} {"expires_at":"2999-01-01T00:00:00Z"}`, path: "{member}", fields: []string{"expires_at"}, types: "muster.member.expiry_changed"},
		{kind: "member.suspended", prior: []string{`PUT {member} {"role":"viewer"}`}, does: `POST {member}/suspend `, path: "{member}", fields: []string{"state"}, types: "muster.member.reinstated"},
		{kind: "organization.renamed", does: `PATCH {org} {"name":"Other"}`, path: "{org}", fields: []string{"name"}, types: "muster.organization.renamed"},
		{kind: "organization.member_added", does: `PUT {org}/members/{user} {"role":"member"}`, path: "{org}/members/{user}", types: "muster.organization.member_removed"},
		{kind: "organization.member_role_changed", prior: []string{`PUT {org}/members/{user} {"role":"member"}`}, does: `PUT {org}/members/{user} {"role":"admin"}`, path: "{org}/members/{user}", fields: []string{"role"}, types: "muster.organization.member_role_changed"},
		{kind: "organization.member_suspended", prior: []string{`PUT {org}/members/{user} {"role":"member"}`}, does: `POST {org}/members/{user}/suspend `, path: "{org}/members/{user}", fields: []string{"suspended_at", "role"}, types: "muster.organization.member_reinstated"},
		{
			kind: "user.profile_set", prior: []string{`PUT {org}/users/{user} {"email":"one@x.example","name":{"first":"One","last":"Two"},"avatar_url":"https://x.example/a"}`},
			does: `PUT {org}/users/{user} {"email":"two@x.example","name":{"first":"Three","last":""},"avatar_url":null}`,
			path: "{org}/users/{user}", fields: []string{"email", "name", "avatar_url"}, types: "muster.user.profile_set",
		},
		{kind: "workspace.renamed", does: `PATCH {workspace} {"name":"Other"}`, path: "{workspace}", fields: []string{"name"}, types: "muster.workspace.renamed"},
		{kind: "workspace.archived", does: `POST {workspace}/archive `, path: "{workspace}", fields: []string{"archived_at"}, types: "muster.workspace.restored"},
		{kind: "role.updated", does: `PATCH {role} {"name":"Other","level":7,"permissions":["c.d"]}`, path: "{role}", fields: []string{"name", "level", "permissions"}, types: "muster.role.updated"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			s.t = t
			x, user := s.tenant("Acme"), newText()
			role := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/roles", `{"key":"own","name":"Own","level":5,"permissions":["a.b"]}`).want(201).get("id")
			fill := strings.NewReplacer("{member}", "/v1/workspaces/"+x.ws+"/members/"+user, "{org}", "/v1/organizations/"+x.org,
				"{workspace}", "/v1/workspaces/"+x.ws, "{user}", user, "{role}", "/v1/organizations/"+x.org+"/roles/"+role)
			do := func(request string) {
				t.Helper()
				part := strings.SplitN(fill.Replace(request), " ", 3)
				if got := s.as(x.token, part[0], part[1], part[2]); got.status >= 300 {
					t.Fatalf("%s: %d %s", request, got.status, got.body)
				}
			}
			show := func() string {
				t.Helper()
				all := "there\n"
				got := s.as(x.token, "GET", fill.Replace(c.path), "")
				if got.status == 404 {
					return "nothing"
				}
				got.want(200)
				for _, field := range c.fields {
					all += got.get(field) + "\n"
				}
				return all
			}
			for _, request := range c.prior {
				do(request)
			}
			before := show()
			do(c.does)
			after := show()
			if after == before {
				t.Fatalf("nothing has changed: %s", before)
			}
			about := user
			if !strings.Contains(c.does, "{user}") && !strings.Contains(c.does, "{member}") {
				about = ""
			}
			event := s.last(x, c.kind, about)

			tried := s.revert(x, event, "?validate_only=true").want(200)
			if tried.header.Get("Muster-Position") != "" || show() != after {
				t.Error("validate_only has done it")
			}
			done := s.revert(x, event, "", "Muster-Reason", "a slip", "Idempotency-Key", "once").want(200)
			if got := show(); got != before {
				t.Errorf("%q, before the event it was %q", got, before)
			}
			again := s.revert(x, event, "", "Muster-Reason", "a slip", "Idempotency-Key", "once").want(200)
			if string(again.body) != string(done.body) || again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("Muster-Position") != done.header.Get("Muster-Position") {
				t.Errorf("again with the same key: %s, first %s", again.body, done.body)
			}
			for i, kind := range strings.Fields(c.types) {
				for field, want := range map[string]string{"type": kind, "causationid": event, "reason": "a slip"} {
					if got := done.get("events", i, field); got != want {
						t.Errorf("%s of event %d is %s, not %s", field, i, got, want)
					}
				}
				if got, want := tried.get("events", i, "data"), done.get("events", i, "data"); got != want || tried.get("events", i, "type") != kind {
					t.Errorf("validate_only says %s, and it became %s", got, want)
				}
			}
			if last := done.get("events", len(strings.Fields(c.types))-1, "sequence"); last != done.header.Get("Muster-Position") || done.get("reverted", "id") != event {
				t.Errorf("the last event is %s, and Muster-Position %s", last, done.header.Get("Muster-Position"))
			}
			since := s.revert(x, event, "").want(409, "changed_since")
			if since.get("event_id") != done.get("events", 0, "id") {
				t.Errorf("changed since: %s", since.body)
			}
		})
	}
	s.t = t
}

// A revert is refused if another event has changed the same since, with its id, and only then.
func TestRevertWhatHasChanged(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	member := "/v1/workspaces/" + x.ws + "/members/" + x.member
	s.as(x.token, "PATCH", member, `{"role":"viewer"}`).want(200)
	first := s.last(x, "member.role_changed", x.member)
	s.as(x.token, "PATCH", member, `{"expires_at":"2999-01-01T00:00:00Z"}`).want(200) // something else
	s.revert(x, first, "?validate_only=true").want(200)
	s.as(x.token, "PATCH", member, `{"role":"admin"}`).want(200)
	second := s.last(x, "member.role_changed", x.member)
	if got := s.revert(x, first, "").want(409, "changed_since").get("event_id"); got != second {
		t.Errorf("changed by %s, not %s", got, second)
	}
	s.as(x.token, "PATCH", member, `{"role":"viewer"}`).want(200) // as the first event left it, but not by it
	s.revert(x, first, "").want(409, "changed_since")
	s.revert(x, first, "", "If-Match", `"1"`).want(412, "precondition_failed")

	last := s.last(x, "member.role_changed", x.member)
	version := s.as(x.token, "GET", member, "").get("version")
	s.revert(x, last, "?validate_only=true", "If-Match", `"`+version+`"`).want(200)
	s.revert(x, last, "", "If-Match", `"1"`).want(412, "precondition_failed")
	s.revert(x, last, "").want(200)
	if got := s.as(x.token, "GET", member, "").get("role", "key"); got != "admin" {
		t.Errorf("the role is %s", got)
	}
}

// The rules of the change back hold.
func TestRevertKeepsTheRules(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members/"
	second := newText()
	s.as(x.token, "PUT", members+second, `{"role":"owner"}`).want(201)
	added := s.last(x, "member.added", second)
	s.as(x.token, "DELETE", members+x.owner, "").want(204)
	s.revert(x, added, "").want(409, "last_owner")

	exact, _ := s.issue(x.org, `"scopes":["workspace_members:delete"]`)
	almost, _ := s.issue(x.org, `"scopes":["workspace_members:update","events:read"]`)
	third := newText()
	s.as(x.token, "PUT", members+third, `{"role":"viewer"}`).want(201)
	event := s.last(x, "member.added", third)
	path := "/v1/organizations/" + x.org + "/events/" + event + "/revert"
	if got := s.as(almost, "POST", path, "").want(403, "insufficient_scope").get("detail"); !strings.Contains(got, "workspace_members:delete") {
		t.Error(got)
	}
	admin, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.member))
	s.as(admin, "POST", path, "").want(403, "not_allowed")
	s.as(exact, "POST", path, "").want(200)
	s.revert(x, "01KHQ3M6Z8V2N4T7X9B1C3D5F7", "").want(404, "not_found")
	s.revert(x, "nothing", "").want(422)
	s.revert(x, s.last(x, "token.issued", ""), "").want(409, "not_reversible")
}
