package native

import (
	"fmt"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/ids"
)

// muster runs a command as Muster's own workers do, and waits until it is shown.
func (s *service) muster(c domain.Command) {
	s.t.Helper()
	result, err := s.log.Run(s.t.Context(), c)
	if err == nil {
		err = s.Models.WaitFor(s.t.Context(), result.Position)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// byMuster is what a command of a worker has.
func (x tenant) byMuster(t testing.TB) domain.Meta {
	return domain.Meta{ID: domain.CommandID(ids.New()), Organization: x.organization(t), Actor: domain.Actor{Kind: domain.ActorSystem, ID: "muster"}}
}

// parsed returns an id from its text.
func parsed[ID any, P interface {
	*ID
	UnmarshalText([]byte) error
}](t testing.TB, text string) (id ID) {
	t.Helper()
	if err := P(&id).UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return id
}

// TestManyGrantsExplained follows somebody with more memberships than one commit can end: each
// grant has the reason that it was given for, and each check says how the grant has ended, before
// and after the ends have events of their own.
func TestManyGrantsExplained(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	token, id := s.issue(x.org, `"scopes":["all:all"]`)
	org, user := "/v1/organizations/"+x.org, newText()
	const many = domain.MaxEnds + 5
	s.as(token, "PUT", org+"/members/"+user, `{"role":"admin"}`, "Muster-Reason", "Runs the office").want(201)
	reasons := make(map[string]string, many) // by workspace
	var order []string
	for n := range many {
		ws := s.as(token, "POST", org+"/workspaces", fmt.Sprintf(`{"name":"W%d","owner_user_id":%q}`, n, x.owner)).want(201).get("id")
		reasons[ws] = fmt.Sprintf("Ticket %d", n)
		s.as(token, "PUT", "/v1/workspaces/"+ws+"/members/"+user, `{"role":"editor"}`, "Muster-Reason", reasons[ws]).want(201)
		order = append(order, ws)
	}

	// The list has pages. Each row has both grants, with their own reasons.
	seen := make(map[string]bool)
	for cursor := ""; ; {
		page := s.as(token, "GET", org+"/users/"+user+"/workspaces?page_size=60&include=reasons"+cursor, "").want(200)
		for i := range page.count() {
			ws := page.get("items", i, "workspace", "id")
			seen[ws] = true
			given := make(map[string]string)
			for g := range 2 {
				if reasons[ws] == "" && g == 1 { // the tenant's own workspace has no direct one
					break
				}
				if page.get("items", i, "grants", g, "origin", "granted_by", "authid") != id {
					t.Fatalf("grant %d of %s: %s", g, ws, page.body)
				}
				given[page.get("items", i, "grants", g, "source")] = page.get("items", i, "grants", g, "origin", "reason")
			}
			if given["organization"] != "Runs the office" || given["direct"] != reasons[ws] {
				t.Errorf("workspace %s has grants for %v", ws, given)
			}
		}
		if page.get("next_cursor") == "<nil>" {
			break
		}
		cursor = "&cursor=" + page.get("next_cursor")
	}
	if len(seen) != many+1 {
		t.Errorf("%d workspaces, not %d", len(seen), many+1)
	}

	asked := func(ws string, more string) answer {
		t.Helper()
		return s.as(token, "POST", "/v1/access/check?explain=true"+more, fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"permission":"content.edit"}`, user, ws)).want(200)
	}
	before := asked(order[0], "")
	if before.get("allowed") != "true" || before.get("explanation", "code") != "granted" || before.get("grants", 1, "origin", "reason") == before.get("grants", 0, "origin", "reason") {
		t.Errorf("%s", before.body)
	}

	// One commit ends access to all workspaces. The ends have no events of their own then.
	removed := s.as(token, "DELETE", org+"/members/"+user, "", "Muster-Reason", "Has left the company")
	if removed.status >= 300 {
		t.Fatalf("%d %s", removed.status, removed.body)
	}
	explained := func(when string) {
		t.Helper()
		for _, ws := range order {
			got := asked(ws, "")
			if got.get("allowed") != "false" || got.get("explanation", "code") != "removed_from_organization" || got.get("explanation", "event", "type") != "muster.organization.member_removed" ||
				got.get("explanation", "event", "reason") != "Has left the company" || got.get("explanation", "event", "authid") != id {
				t.Errorf("%s: %s", when, got.body)
			}
		}
	}
	explained("after the removal")
	between := removed.header.Get("Muster-Position")
	for _, when := range []string{"after the first ends are recorded", "after all are"} {
		s.muster(domain.EndMemberships{Meta: x.byMuster(t), User: parsed[domain.UserID](t, user)})
		explained(when)
	}
	if left := s.as(token, "GET", org+"/users/"+user+"/workspaces", "").want(200); left.count() != 0 {
		t.Errorf("%s", left.body)
	}
	if then := asked(order[many-1], "&as_of="+between); then.get("explanation", "code") != "removed_from_organization" {
		t.Errorf("as of the removal: %s", then.body)
	}
}

// TestExplainedAfterTheEvent asks about ends by the clock after events have recorded them: the
// end is that of the clock, and not of the event.
func TestExplainedAfterTheEvent(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	ws := "/v1/workspaces/" + x.ws
	ends := func(d time.Duration) string { return s.now().Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
	asked := func(user string) answer {
		t.Helper()
		return s.as(x.token, "POST", "/v1/access/check?explain=true", fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"permission":"content.edit"}`, user, x.ws)).want(200)
	}
	for name, c := range map[string]struct {
		body, code string
	}{
		"an invitation":                           {`"invitation_expires_in":3600`, "invitation_expired"},
		"an invitation to a longer membership":    {`"invitation_expires_in":3600,"expires_at":"` + ends(5*time.Hour) + `"`, "invitation_expired"},
		"an invitation that outlasts its purpose": {`"invitation_expires_in":7200,"expires_at":"` + ends(time.Hour) + `"`, "expired"},
		"a membership":                            {`"user_id":"` + newText() + `","expires_at":"` + ends(time.Hour) + `"`, "expired"},
	} {
		email := newText()[24:] + "@acme.example"
		user := s.as(x.token, "POST", ws+"/members", `{"role":"editor","email":"`+email+`",`+c.body+`}`).want(201).get("user_id")
		s.clock.Add(int64(3 * time.Hour))
		early := asked(user)
		if early.get("explanation", "event") != "<nil>" {
			t.Errorf("%s: the end has an event already: %s", name, early.body)
		}
		s.muster(domain.ExpireMember{Meta: x.byMuster(t), Workspace: parsed[domain.WorkspaceID](t, x.ws), User: parsed[domain.UserID](t, user)})
		late := asked(user)
		if late.get("explanation", "event", "type") != "muster.member.expired" {
			t.Errorf("%s: %s", name, late.body)
		}
		for _, got := range []answer{early, late} {
			if got.get("allowed") != "false" || got.get("explanation", "code") != c.code || got.get("explanation", "since") != early.get("explanation", "since") ||
				got.get("explanation", "detail") != early.get("explanation", "detail") || got.get("explanation", "since") == late.get("explanation", "event", "time") {
				t.Errorf("%s: %s", name, got.body)
			}
		}
		s.clock.Add(-int64(3 * time.Hour))
	}
}
