package follow

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/cmd/muster/terminal"
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
	named, bare := s.follow("--token", wide), s.follow("--token", narrow)
	// Both must be there before the first event, because they begin with the next one.
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

// A name cannot send commands to a terminal.
func TestLineIsPlain(t *testing.T) {
	var out strings.Builder
	l := lines{out: &out, paint: terminal.NewPainter(&out, "never")}
	e := event{Type: "muster.member.added\x1b[2J", Reason: "a\x1b]0;b", AuthID: "\x9b1m", Data: []byte(`{"name":"c\u001b[31m\nd"}`)}
	if err := l.print(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	if line := out.String(); strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
		t.Errorf("%q", line)
	}
}

// Events have colours by what they do to access.
func TestColors(t *testing.T) {
	for what, want := range map[string]terminal.Color{
		"member.added": terminal.Green, "organization.member_added": terminal.Green, "token.issued": terminal.Green,
		"member.left": terminal.Red, "organization.member_removed": terminal.Red, "subscription.paused": terminal.Red,
		"member.role_changed": terminal.Yellow, "subscription.secret_rotated": terminal.Yellow,
		"user.profile_set": terminal.Cyan, "something.new": terminal.Cyan,
	} {
		if got := colorOf(what); got != want {
			t.Errorf("%s has the colour %d, not %d", what, got, want)
		}
	}
	var out strings.Builder
	l := lines{out: &out, paint: terminal.NewPainter(&out, "always")}
	if err := l.print(t.Context(), &event{Type: "muster.member.left", Data: []byte(`{}`)}); err != nil || !strings.Contains(out.String(), "\x1b[31mmember.left") {
		t.Errorf("%v: %q", err, out.String())
	}
}
