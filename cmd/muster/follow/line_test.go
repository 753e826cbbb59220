package follow

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Names are beside ids, and follow changes. With a token that may not read them, only those
// are shown that events have said.
func TestNames(t *testing.T) {
	s := serve(t)
	id, wide := s.token("events:read", "users:read", "workspaces:read", "roles:read", "tokens:read", "all:all")
	_, narrow := s.token("events:read")
	asWide := s.client
	asWide.Token = wide
	send := func(method, path, body string) {
		t.Helper()
		var sent any
		if body != "" {
			sent = rawJSON(body)
		}
		if err := asWide.Call(t.Context(), method, path, sent, nil); err != nil {
			t.Fatal(err)
		}
	}
	named, bare := s.followNext("--token", wide), s.followNext("--token", narrow)
	probe := s.add()
	for _, r := range []*run{named, bare} {
		if line := r.line(); !strings.Contains(line, "member.added") || !strings.Contains(line, probe) {
			t.Error(line)
		}
	}
	user := uuid.NewString()
	by, where := "by token Billing "+id, "in Mill "+s.ws
	send(http.MethodPut, "/v1/organizations/"+s.org+"/users/"+user, `{"email":"grace@acme.example","name":{"first":"Grace","last":"Hopper"}}`)
	send(http.MethodPost, "/v1/organizations/"+s.org+"/roles", `{"key":"auditor","name":"Auditor of books","level":15,"permissions":[]}`)
	send(http.MethodPost, "/v1/workspaces/"+s.ws+"/members", fmt.Sprintf(`{"user_id":%q,"role":"auditor"}`, user))
	send(http.MethodPatch, "/v1/workspaces/"+s.ws, `{"name":"Difference Engine"}`)
	send(http.MethodPut, "/v1/organizations/"+s.org+"/users/"+user, `{"email":"hopper@acme.example","name":{"first":"Grace","last":"Hopper"}}`)
	send(http.MethodPatch, "/v1/workspaces/"+s.ws+"/members/"+user, `{"role":"editor"}`)
	send(http.MethodPost, "/v1/workspaces/"+s.ws+"/transfer-ownership", fmt.Sprintf(`{"from_user_id":%q,"to_user_id":%q}`, s.owner, user))
	grace, hopper, ada := "Grace Hopper <grace@acme.example>", "Grace Hopper <hopper@acme.example>", "Ada Byron <ada@acme.example>"
	for _, c := range []struct{ event, named, bare string }{
		{"user.profile_set", grace + " " + user, grace + " " + user},
		{"role.created", "name Auditor of books", "name Auditor of books"},
		{"member.added", grace + " " + user + "  role Auditor of books  " + where, grace + " " + user + "  role Auditor of books  in " + s.ws},
		{"workspace.renamed", "name Mill → Difference Engine  in Difference Engine " + s.ws, "in Difference Engine " + s.ws},
		{"user.profile_set", hopper + " " + user, user},
		{"member.role_changed", hopper + " " + user + "  role Auditor of books → Editor  in Difference Engine " + s.ws, user},
		{"member.role_changed", "role Editor → Owner", user},
		{"member.role_changed", ada + " " + s.owner, s.owner},
		{"workspace.ownership_transferred", "owner user " + ada + " → " + hopper, "owner user " + s.owner + " → " + hopper + "  in"},
	} {
		line := named.line()
		if !strings.Contains(line, c.event+"  ") || !strings.Contains(line, c.named) || !strings.Contains(line, by) {
			t.Errorf("%s: %s", c.event, line)
		}
		line = bare.line()
		if !strings.Contains(line, c.event+"  ") || !strings.Contains(line, c.bare) || strings.Contains(line, "Billing") {
			t.Errorf("%s: %s", c.event, line)
		}
	}
	named.stop()
	bare.stop()
}

type rawJSON string

func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }
