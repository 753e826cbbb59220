package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestStory changes one membership through every face: the user is added, promoted,
// limited and suspended, each through another dialect. All of it is one membership and
// one history.
func TestStory(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := serving(t, data)
	s := p.api.found()
	user := uuid.NewString()
	token := func(name, bound string) string {
		t.Helper()
		return p.api.must(201, "POST", "/v1/organizations/"+s.org+"/tokens",
			fmt.Sprintf(`{"name":%q,"scopes":["workspace_members:all"]%s}`, name, bound)).field(t, "secret")
	}
	inWorkspace := fmt.Sprintf(`,"workspace_id":%q`, s.ws)
	transactionlink, bound := token("transactionlink", ""), token("bound", inWorkspace)
	as := func(secret string) apiClient { c := p.api; c.token = secret; return c }
	reason := func(text string) []string { return []string{"Muster-Reason", text} }

	// Added through TransactionLink, whose header holds the token alone.
	membership := "/workspaces/" + s.ws + "/memberships/" + user
	body := fmt.Sprintf(`{"userId":%q,"roleId":"00000000-0000-8000-8000-000000000030"}`, user) // an editor
	once := append(reason("joins"), "Authorization", transactionlink, "Idempotency-Key", "joins")
	first := p.api.must(200, "PUT", membership, body, once...)
	native := p.api.must(200, "GET", s.members()+"/"+user, "")
	id := native.field(t, "id")

	// Promoted through Instantly, by the membership's id.
	item := "/api/v2/workspace-members/" + id
	if role := as(bound).must(200, "PATCH", item, `{"role":"admin"}`, reason("leads")...).field(t, "role"); role != "admin" {
		t.Errorf("Instantly shows %s", role)
	}

	// Limited through Teamwork, by the same id.
	limited := as(bound).must(200, "PUT", "/api/v1/Workspaces/members/"+id+"/access", `{"role":1}`, reason("hands over")...)
	if limited.field(t, "id") != id || !strings.Contains(string(limited.body), `"accessLevel":1`) {
		t.Errorf("Teamwork shows %s", limited.body)
	}

	// Suspended natively. Instantly still shows the member, and TransactionLink does not.
	p.api.must(200, "POST", s.members()+"/"+user+"/suspend", "", reason("on leave")...)
	as(bound).must(200, "GET", item, "")
	if list := p.api.must(200, "GET", "/organizations/workspaces/"+s.ws+"/memberships", "", "Authorization", transactionlink); strings.Contains(string(list.body), user) {
		t.Errorf("TransactionLink shows %s", list.body)
	}

	// Attio shows that the member is suspended, by the same id.
	if seen := as(bound).must(200, "GET", "/v2/workspace_members/"+id, ""); !strings.Contains(string(seen.body), `"access_level":"suspended"`) {
		t.Errorf("Attio shows %s", seen.body)
	}

	// After a power cut the first request still gets the same response, and writes
	// nothing.
	p.kill()
	p.start()
	p.ready()
	again := p.api.must(200, "PUT", membership, body, once...)
	if string(again.body) != string(first.body) || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("first %s, and then %s", first.body, again.body)
	}
	history := p.api.history(s)
	p.stop()

	replayed := replayed(t, s, "--data", data)
	if !slices.Equal(replayed, history) {
		t.Errorf("the service shows\n%s\nand the replay\n%s", strings.Join(history, "\n"), strings.Join(replayed, "\n"))
	}
	var told []string
	for _, line := range replayed {
		if e := parseEvent(t, line); e.User == user {
			if e.Data.Membership != id {
				t.Errorf("of another membership: %s", line)
			}
			told = append(told, strings.TrimPrefix(e.Type, "muster.member.")+": "+e.Reason)
		}
	}
	if want := []string{"added: joins", "role_changed: leads", "role_changed: hands over", "suspended: on leave"}; !slices.Equal(told, want) {
		t.Errorf("the history is %q, want %q", told, want)
	}
	verified(t, "--data", data)
}
