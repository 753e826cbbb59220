package dialect

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tenancy has a row for every operation of every dialect: the body, and the status of the
// answer when a token that may do everything asks for its own things.
var tenancy = map[string]struct {
	body string // with the names of things in braces
	own  int
}{
	"instantly list-workspace-members":  {own: 200},
	"instantly create-workspace-member": {body: `{"email":"new@new.example","role":"editor"}`, own: 200},
	"instantly get-workspace-member":    {own: 200},
	"instantly update-workspace-member": {body: `{"role":"view"}`, own: 200},
	"instantly delete-workspace-member": {own: 200},

	"transactionlink list-workspace-memberships":     {own: 200},
	"transactionlink list-all-workspace-memberships": {own: 200},
	"transactionlink put-workspace-membership":       {body: `{"userId":"{userId}","roleId":"00000000-0000-8000-8000-000000000020"}`, own: 200},
	"transactionlink remove-workspace-membership":    {own: 204},

	"teamwork list-workspace-members": {own: 200},
	"teamwork add-workspace-member":   {body: `{"userId":"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10","accessLevel":1}`, own: 201},
	"teamwork update-member-access":   {body: `{"role":1}`, own: 200},
	"teamwork update-access":          {body: `{"memberId":"{memberId}","newAccessLevel":1}`, own: 200},

	"attio list-workspace-members": {own: 200},
	"attio get-workspace-member":   {own: 200},
	"attio identify":               {own: 200},
}

// things maps the names of things in paths and bodies to ids.
func (x tenant) things() map[string]string {
	return map[string]string{
		"id": x.membership, "workspace_member_id": x.membership, "memberId": x.membership, "workspaceId": x.ws, "userId": x.member,
	}
}

func absent() map[string]string {
	return tenant{ws: newText(), member: newText(), membership: newText()}.things()
}

var thing = regexp.MustCompile(`\{\w+\}`)

func fill(text string, things map[string]string) string {
	for name, id := range things {
		text = strings.ReplaceAll(text, "{"+name+"}", id)
	}
	return text
}

// without returns the body with the ids of all things replaced by the same text.
func (a answer) without(things map[string]string) string {
	text := string(a.body)
	for _, id := range things {
		text = strings.ReplaceAll(text, id, "ID")
	}
	return text
}

func (s *service) ask(token string, op operation, things map[string]string) answer {
	s.t.Helper()
	return s.as(token, op.method, fill(op.path, things), fill(tenancy[op.named()].body, things), "X-Request-Id", "tenancy")
}

// widest issues the strongest token with which the operation can be used.
func (s *service) widest(op operation, x tenant) string {
	s.t.Helper()
	if op.bound() {
		return s.token(x.org, "all:all", bound(x.ws))
	}
	return s.token(x.org, "all:all")
}

func TestTenancy(t *testing.T) {
	s := start(t, 0)
	other := s.tenant("Other")
	all := operations(t)
	if names := slices.Sorted(maps.Keys(tenancy)); len(names) != len(all) {
		t.Errorf("%d operations, %d rows: %s", len(all), len(names), names)
	}
	for _, op := range all {
		row, ok := tenancy[op.named()]
		if !ok {
			t.Errorf("%s has no row in the table of tenancy", op.named())
			continue
		}
		x := s.tenant("Own")
		token, names := s.widest(op, x), thing.MatchString(op.path+row.body)
		if names {
			// Things of another organization are not found, with the same error as things
			// that do not exist.
			nothing := absent()
			theirs, none := s.ask(token, op, other.things()), s.ask(token, op, nothing)
			if theirs.status != 404 || theirs.without(other.things()) != none.without(nothing) {
				t.Errorf("%s: foreign %d %s, absent %d %s", op.named(), theirs.status, theirs.body, none.status, none.body)
			}
			// Things of another workspace are not found with a token that is bound to a
			// workspace.
			beside := x
			beside.ws = s.workspace(x, "Second")
			beside.membership = s.root("GET", "/v1/workspaces/"+beside.ws+"/members/"+x.owner, "").want(200).get("id")
			if got := s.ask(s.token(x.org, "all:all", bound(x.ws)), op, beside.things()); got.status != 404 {
				t.Errorf("%s in the workspace beside: %d %s", op.named(), got.status, got.body)
			}
		}
		s.ask(token, op, x.things()).want(row.own)
	}
	if got := strings.Count(string(s.root("GET", "/v1/workspaces/"+other.ws+"/members", "").want(200).body), `"state":"active"`); got != 2 {
		t.Errorf("the other workspace has %d members left", got)
	}
}

// Each operation accepts every scope that includes the one it declares, and no other.
func TestScopes(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	for _, op := range operations(t) {
		resource, action, _ := strings.Cut(op.scope(), ":")
		token := func(scopes string, x tenant) string {
			if op.bound() {
				return s.token(x.org, scopes, bound(x.ws))
			}
			return s.token(x.org, scopes)
		}
		s.ask("", op, x.things()).want(401)
		unrelated, related := 403, []string{op.scope(), resource + ":all", "all:" + action, "all:all"}
		if op.scope() == "any" {
			unrelated, related = tenancy[op.named()].own, []string{"events:read", "all:all"}
		}
		s.ask(token("tokens:all organizations:all", x), op, x.things()).want(unrelated)
		for _, scopes := range related {
			own := s.tenant("Own")
			s.ask(token(scopes, own), op, own.things()).want(tenancy[op.named()].own)
		}
		if op.bound() {
			s.ask(s.token(x.org, "all:all"), op, x.things()).want(403)
			s.ask(rootToken, op, x.things()).want(403)
		}
	}
}
