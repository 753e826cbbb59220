package native

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"
)

// A membership's history has every event that concerned it, in order, with what the membership
// was after it, page by page and as of any moment.
func TestMemberHistory(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	token, id := s.issue(x.org, `"scopes":["all:all"]`)
	user, ws, org := newText(), "/v1/workspaces/"+x.ws, "/v1/organizations/"+x.org
	member := ws + "/members/" + user
	s.as(token, "GET", member+"/history", "").want(404, "not_found")
	reviewer := s.root("POST", org+"/roles", `{"key":"reviewer","name":"Reviewer","level":25,"permissions":["content.view"]}`).want(201).get("id")

	type step struct {
		kind, state, role, suspended string
		level                        string
	}
	var want []step
	var positions []string
	do := func(method, path, body string, next step) {
		t.Helper()
		got := s.as(token, method, path, body, "Muster-Reason", cmp.Or(next.kind, "Other"))
		if got.status >= 300 {
			t.Fatalf("%s: %d %s", got.asked, got.status, got.body)
		}
		if next.state != "" {
			want, positions = append(want, next), append(positions, got.header.Get("Muster-Position"))
		}
	}
	do("PUT", org+"/users/"+user, fmt.Sprintf(`{"email":"first-%s@acme.example"}`, user), step{})
	do("POST", org+"/members/"+user+"/suspend", "", step{}) // before there is a membership
	do("POST", org+"/members/"+user+"/reinstate", "", step{})
	do("PUT", member, `{"role":"reviewer"}`, step{"muster.member.added", "active", "reviewer", "false", "25"})
	do("PATCH", org+"/roles/"+reviewer, `{"level":15}`, step{})
	do("POST", member+"/suspend", "", step{"muster.member.suspended", "suspended", "reviewer", "false", "15"})
	do("POST", member+"/reinstate", "", step{"muster.member.reinstated", "active", "reviewer", "false", "15"})
	do("POST", org+"/members/"+user+"/suspend", "", step{"muster.organization.member_suspended", "active", "reviewer", "true", "15"})
	do("PUT", org+"/users/"+user, fmt.Sprintf(`{"email":"%s@acme.example"}`, user), step{})
	do("POST", org+"/members/"+user+"/reinstate", "", step{"muster.organization.member_reinstated", "active", "reviewer", "false", "15"})
	do("PATCH", member, `{"role":"editor"}`, step{"muster.member.role_changed", "active", "editor", "false", "30"})
	do("DELETE", member, "", step{"muster.member.removed", "removed", "editor", "false", "30"})
	do("PUT", member, `{"role":"viewer"}`, step{"muster.member.added", "active", "viewer", "false", "20"})
	end := s.now().Add(time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")
	do("PATCH", member, fmt.Sprintf(`{"expires_at":%q}`, end), step{"muster.member.expiry_changed", "active", "viewer", "false", "20"})
	s.root("PUT", ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)

	steps := func(list answer) (found []step) {
		for i := range list.count() {
			found = append(found, step{
				list.get("items", i, "type"), list.get("items", i, "state"), list.get("items", i, "role", "key"),
				list.get("items", i, "organization_suspended"), list.get("items", i, "role", "level"),
			})
		}
		return found
	}
	all := s.as(token, "GET", member+"/history", "").want(200)
	if got := steps(all); !slices.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
	for i := range want {
		if all.get("items", i, "position") != positions[i] || all.get("items", i, "authid") != id || all.get("items", i, "reason") != want[i].kind {
			t.Errorf("%d: %s", i, all.body)
		}
	}
	if got := all.get("items", 5, "data", "role", "to"); got != "editor" {
		t.Errorf("the role is %s", got)
	}
	// As of each of the events, it ends with the event.
	for i, at := range positions {
		if got := steps(s.as(token, "GET", member+"/history?as_of="+at, "").want(200)); !slices.Equal(got, want[:i+1]) {
			t.Errorf("as of %s: %v", at, got)
		}
	}
	// Page by page.
	var paged []step
	for cursor := ""; ; {
		page := s.as(token, "GET", member+"/history?page_size=2"+cursor, "").want(200)
		paged = append(paged, steps(page)...)
		next := page.get("next_cursor")
		if next == "<nil>" {
			break
		}
		cursor = "&cursor=" + next
	}
	if !slices.Equal(paged, want) {
		t.Errorf("by pages: %v", paged)
	}
	s.as(token, "GET", ws+"/members/"+x.owner+"/history?cursor="+s.as(token, "GET", member+"/history?page_size=2", "").get("next_cursor"), "").want(422, "invalid_cursor")

	// An end by the clock has no event yet.
	s.clock.Add(int64(2 * time.Minute))
	ended := s.as(token, "GET", member+"/history", "").want(200)
	last := len(want)
	if ended.count() != last+1 || ended.get("items", last, "position") != "<nil>" || ended.get("items", last, "event_id") != "<nil>" || ended.get("items", last, "time") != end ||
		ended.get("items", last, "state") != "removed" || ended.get("items", last, "type") != "muster.member.expired" {
		t.Errorf("%s", ended.body)
	}
	for _, size := range []int{1, last, last + 1} { // it has a page of its own if the one before is full
		var paged []string
		for cursor := ""; cursor != "&cursor=<nil>"; {
			page := s.as(token, "GET", fmt.Sprintf("%s/history?page_size=%d%s", member, size, cursor), "").want(200)
			for i := range page.count() {
				paged = append(paged, page.get("items", i, "position"))
			}
			if page.count() > size {
				t.Errorf("%d items in a page of %d", page.count(), size)
			}
			cursor = "&cursor=" + page.get("next_cursor")
		}
		if !slices.Equal(paged, append(slices.Clone(positions), "<nil>")) {
			t.Errorf("by pages of %d: %q", size, paged)
		}
	}
	if got := s.as(token, "GET", member+"/history?as_of="+positions[last-1], "").want(200).count(); got != last {
		t.Errorf("before the end there are %d entries", got)
	}
	small, _ := s.issue(x.org, `"scopes":["workspace_members:read"]`)
	s.as(small, "GET", member+"/history", "").want(403, "insufficient_scope")
}
