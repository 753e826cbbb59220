package native

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
)

// changed returns the rows of a report of joiners, movers and leavers about one user.
func changed(report answer, user string) (found []string) {
	report.t.Helper()
	for _, row := range report.want(200).records() {
		if row["user_id"] == user {
			found = append(found, fmt.Sprintf("%s %s %q>%q", row["kind"], row["change"], row["from"], row["to"]))
		}
	}
	return found
}

// The report of joiners, movers and leavers has all that changes access: events of members, of
// the organization and of roles, and ends by the clock. It does not have what gives none.
func TestReportedChanges(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, ws := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws
	path := org + "/reports/joiners-movers-leavers?"
	author := s.as(x.token, "POST", org+"/roles", `{"key":"author","name":"Author","level":20,"permissions":["content.view","content.edit"]}`).want(201).get("id")
	from := s.as(x.token, "GET", org+"/events?after=latest", "").want(200).get("position")
	moved, inherited, outside, ended, suspended := newText(), newText(), newText(), newText(), newText()
	put := func(user, body string) { s.as(x.token, "PUT", ws+"/members/"+user, body).want(201) }
	put(moved, `{"role":"author"}`)
	role := s.as(x.token, "PATCH", org+"/roles/"+author, `{"permissions":["content.view"]}`).want(200).header.Get("Muster-Position")
	s.as(x.token, "PUT", org+"/members/"+inherited, `{"role":"admin"}`).want(201)
	s.as(x.token, "PUT", org+"/members/"+outside, `{"role":"member"}`).want(201)
	invited := s.as(x.token, "POST", ws+"/members", `{"email":"grace@acme.example","role":"editor"}`).want(201).get("user_id")
	s.as(x.token, "DELETE", ws+"/members/"+invited, "").want(204)
	s.as(x.token, "DELETE", org+"/members/"+inherited, "").want(204)
	put(suspended, `{"role":"viewer"}`)
	s.as(x.token, "POST", org+"/members/"+suspended+"/suspend", "").want(200)
	end := s.now().Add(time.Minute).UTC()
	put(ended, fmt.Sprintf(`{"role":"viewer","expires_at":%q}`, timeText(end)))
	last := s.as(x.token, "DELETE", ws+"/members/"+moved, "").want(204).header.Get("Muster-Position")
	before := fmt.Sprintf("%sfrom=%s&to=%s", path, from, last)
	s.clock.Add(int64(time.Hour))
	after := fmt.Sprintf("%sfrom=%s&to=%s@%s", path, from, last, timeText(end))

	for _, c := range []struct {
		about, user string
		elsewhere   bool // it does not concern the workspace
		want        []string
	}{
		{"a role's definition", moved, false, []string{
			`joiner member.added "">"author"`,
			`mover role.updated "author, level 20: content.view content.edit">"author, level 20: content.view"`,
			`leaver member.removed "author">""`,
		}},
		{"an admin of the organization", inherited, false, []string{`joiner organization.member_added "">"admin"`, `leaver organization.member_removed "admin">""`}},
		{"somebody without access", outside, true, []string{`joiner organization.member_added "">"member"`}},
		{"somebody who has not accepted", invited, false, nil},
		{"somebody suspended", suspended, false, []string{`joiner member.added "">"viewer"`, `leaver organization.member_suspended "">""`}},
		{"an end by the clock", ended, false, []string{`joiner member.added "">"viewer"`, `leaver member.expired "viewer">""`}},
	} {
		want := strings.Join(c.want, ", ")
		if got := strings.Join(changed(s.as(x.token, "GET", after, ""), c.user), ", "); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.about, got, want)
		}
		if c.elsewhere {
			want = ""
		}
		if got := strings.Join(changed(s.as(x.token, "GET", after+"&workspace_id="+x.ws, ""), c.user), ", "); got != want {
			t.Errorf("%s, of the workspace:\ngot  %s\nwant %s", c.about, got, want)
		}
	}
	if got := changed(s.as(x.token, "GET", before, ""), ended); len(got) != 1 {
		t.Errorf("before the end: %q", got)
	}
	s.manifest(x.token, s.as(x.token, "GET", after+"&format=html", ""))
	if got := changed(s.as(x.token, "GET", fmt.Sprintf("%sfrom=%s&to=%s", path, role, last), ""), moved); len(got) != 1 {
		t.Errorf("after the role: %q", got)
	}
	// The next period does not have what ended in this one, although its event comes later.
	s.as(x.token, "DELETE", org+"/members/"+ended, "") // records it
	put(ended, `{"role":"viewer"}`)
	if events := s.as(x.token, "GET", org+"/events?type=muster.member.expired&user_id="+ended, "").want(200); events.count() != 1 {
		t.Errorf("%s", events.body)
	}
	if got := changed(s.as(x.token, "GET", fmt.Sprintf("%sfrom=%s@%s", path, last, timeText(end)), ""), ended); len(got) != 1 || got[0] != `joiner member.added "">"viewer"` {
		t.Errorf("after the end: %q", got)
	}
}

// Events of a membership, or of a role in the organization, that is suspended change no access.
func TestReportedChangesOfSuspendedMembers(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, ws := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws
	report := func() answer { return s.as(x.token, "GET", org+"/reports/joiners-movers-leavers?from=2020-01-01", "") }
	back, removed, expired, outside := newText(), newText(), newText(), newText()
	for _, user := range []string{back, removed, expired, outside} {
		s.as(x.token, "PUT", ws+"/members/"+user, `{"role":"viewer"}`).want(201)
	}
	for _, user := range []string{back, removed, expired} {
		s.as(x.token, "POST", ws+"/members/"+user+"/suspend", "").want(200)
		s.as(x.token, "PATCH", ws+"/members/"+user, `{"role":"editor"}`).want(200)
	}
	s.as(x.token, "POST", ws+"/members/"+back+"/reinstate", "").want(200)
	s.as(x.token, "DELETE", ws+"/members/"+removed, "").want(204)
	s.as(x.token, "PATCH", ws+"/members/"+expired, fmt.Sprintf(`{"expires_at":%q}`, timeText(s.now().Add(time.Minute)))).want(200)
	s.clock.Add(int64(time.Hour))
	s.muster(domain.ExpireMember{Meta: x.byMuster(t), Workspace: parsed[domain.WorkspaceID](t, x.ws), User: parsed[domain.UserID](t, expired)})
	s.as(x.token, "PUT", org+"/members/"+outside, `{"role":"admin"}`).want(201)
	s.as(x.token, "POST", org+"/members/"+outside+"/suspend", "").want(200)
	s.as(x.token, "PUT", org+"/members/"+outside, `{"role":"member"}`).want(200)
	s.as(x.token, "PATCH", ws+"/members/"+outside, fmt.Sprintf(`{"expires_at":%q}`, timeText(s.now().Add(time.Minute)))).want(200)
	s.as(x.token, "DELETE", org+"/members/"+outside, "").want(204)

	for user, want := range map[string]string{
		back:    `joiner member.added "">"viewer", leaver member.suspended "viewer">"", joiner member.reinstated "">"editor"`,
		removed: `joiner member.added "">"viewer", leaver member.suspended "viewer">""`,
		expired: `joiner member.added "">"viewer", leaver member.suspended "viewer">""`,
		outside: `joiner member.added "">"viewer", joiner organization.member_added "">"admin", leaver organization.member_suspended "admin">""`,
	} {
		if got := strings.Join(changed(report(), user), ", "); got != want {
			t.Errorf("\ngot  %s\nwant %s", got, want)
		}
	}
}

// The removal of a user from the organization can end more memberships than one commit records.
// Each that gave access is a row of the removal, and none of the events that record the ends.
func TestReportedChangesOfOffboardings(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, user := "/v1/organizations/"+x.org, newText()
	path := org + "/reports/joiners-movers-leavers?from="
	s.as(x.token, "PUT", org+"/users/"+user, `{"email":"ada@acme.example"}`)
	var workspaces []string
	for i, body := range []string{`"user_id":"` + user + `","role":"viewer"`, `"user_id":"` + user + `","role":"editor"`, `"email":"ada@acme.example","role":"admin"`, `"user_id":"` + user + `","role":"admin"`} {
		ws := s.as(x.token, "POST", org+"/workspaces", fmt.Sprintf(`{"name":"W%d","owner_user_id":%q}`, i, x.owner)).want(201).get("id")
		s.as(x.token, "POST", "/v1/workspaces/"+ws+"/members", "{"+body+"}").want(201)
		workspaces = append(workspaces, ws)
	}
	s.as(x.token, "POST", "/v1/workspaces/"+workspaces[3]+"/members/"+user+"/suspend", "").want(200)
	from := s.as(x.token, "GET", org+"/events?after=latest", "").want(200).get("position")
	s.muster(domain.RemoveOrganizationMember{Meta: x.byMuster(t), User: parsed[domain.UserID](t, user), AtOnce: 1})
	to := s.as(x.token, "GET", org+"/events?after=latest", "").want(200).get("position")
	removal := s.as(x.token, "GET", org+"/events?type=muster.organization.member_removed", "").want(200)
	end := domain.EndMemberships{Meta: x.byMuster(t), User: parsed[domain.UserID](t, user)}
	end.Cause = parsed[domain.EventID](t, removal.get("items", 0, "id"))
	s.muster(end)
	if events := s.as(x.token, "GET", org+"/events?type=muster.member.removed", "").want(200); events.count() != len(workspaces) {
		t.Fatalf("%s", events.body)
	}

	want := []string{`leaver organization.member_removed "viewer">""`, `leaver organization.member_removed "editor">""`}
	for _, period := range []string{from + "&to=" + to, from} {
		report := s.as(x.token, "GET", path+period, "")
		if got := changed(report, user); !slices.Equal(got, want) {
			t.Errorf("%s: %q", period, got)
		}
		s.manifest(x.token, report)
	}
	if got := changed(s.as(x.token, "GET", path+to, ""), user); len(got) > 0 {
		t.Errorf("after the removal: %q", got)
	}
	for i, ws := range workspaces {
		var want []string
		if i < 2 {
			want = []string{[]string{`leaver organization.member_removed "viewer">""`, `leaver organization.member_removed "editor">""`}[i]}
		}
		if got := changed(s.as(x.token, "GET", path+from+"&workspace_id="+ws, ""), user); !slices.Equal(got, want) {
			t.Errorf("workspace %d: %q", i, got)
		}
	}
}
