package native

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAccessCheck(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for _, c := range []struct {
		name, user, asks, allowed, role string
		grants                          int
	}{
		{"direct", x.member, `"permission":"content.edit"`, "true", "editor", 1},
		{"not with that role", x.member, `"permission":"members.manage"`, "false", "editor", 1},
		{"unheard-of permission", x.member, `"permission":"teapot.brew"`, "false", "editor", 1},
		{"the role itself", x.member, `"role":"editor"`, "true", "editor", 1},
		{"a lower role", x.member, `"role":"viewer"`, "true", "editor", 1},
		{"a higher role", x.member, `"role":"admin"`, "false", "editor", 1},
		{"both ways", x.owner, `"permission":"workspace.own"`, "true", "owner", 2},
		{"nobody", newText(), `"permission":"workspace.view"`, "false", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			got := s.as(x.token, "POST", "/v1/access/check", fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,%s}`, c.user, x.ws, c.asks)).want(200)
			if got.get("allowed") != c.allowed {
				t.Errorf("%s", got.body)
			}
			if c.role == "" && got.get("role") != "<nil>" || c.role != "" && got.get("role", "key") != c.role {
				t.Errorf("%s", got.body)
			}
			for i := range c.grants {
				got.get("grants", i, "source")
			}
		})
	}
	for _, c := range []struct{ fields, code string }{
		{fmt.Sprintf(`"user_id":%q,"workspace_id":%q`, x.member, x.ws), "required"},
		{fmt.Sprintf(`"user_id":%q,"workspace_id":%q,"role":"admin","permission":"content.edit"`, x.member, x.ws), "invalid_value"},
		{fmt.Sprintf(`"user_id":%q,"workspace_id":%q,"role":"king"`, x.member, x.ws), "unknown_role"},
		{fmt.Sprintf(`"workspace_id":%q,"role":"admin"`, x.ws), "required"},
	} {
		s.t = t
		s.as(x.token, "POST", "/v1/access/check", "{"+c.fields+"}").want(422, c.code)
	}
	s.as(x.token, "POST", "/v1/access/check", fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"role":"admin"}`, x.member, newText())).want(404, "not_found")
}

func TestBatchCheck(t *testing.T) {
	s := start(t, t.TempDir())
	x, y := s.tenant("Acme"), s.tenant("Other")
	check := func(ws, user, asks string) string {
		return fmt.Sprintf(`{"user_id":%q,"workspace_id":%q%s}`, user, ws, asks)
	}
	got := s.as(x.token, "POST", "/v1/access/batch-check", `{"checks":[`+strings.Join([]string{
		check(x.ws, x.member, `,"permission":"content.edit"`),
		check(x.ws, x.member, `,"role":"admin"`),
		check(y.ws, y.owner, `,"role":"owner"`),
		check(x.ws, x.owner, `,"role":"king"`),
		check(x.ws, x.owner, ""),
		check(x.ws, newText(), `,"role":"client"`),
		check(x.ws, x.owner, `,"role":"owner"`),
	}, ",")+`]}`).want(200)
	for i, want := range []struct{ allowed, code string }{
		{"true", ""}, {"false", ""}, {"false", "not_found"}, {"false", "unknown_role"}, {"false", "required"}, {"false", ""}, {"true", ""},
	} {
		code := got.get("results", i, "error")
		if want.code != "" {
			code = got.get("results", i, "error", "code")
		} else if code == "<nil>" {
			code = ""
		}
		if got.get("results", i, "allowed") != want.allowed || code != want.code {
			t.Errorf("%d: %s", i, got.body)
		}
	}
	s.as(x.token, "POST", "/v1/access/batch-check", `{"checks":[]}`).want(422, "required")
	s.as(x.token, "POST", "/v1/access/batch-check", `{"checks":[{"who":1}]}`).want(422, "unknown_field")
	one := check(x.ws, x.member, `,"role":"editor"`)
	if got := s.as(x.token, "POST", "/v1/access/batch-check", `{"checks":[`+strings.Repeat(one+",", 999)+one+`]}`).want(200); got.get("results", 999, "allowed") != "true" {
		t.Errorf("%s", got.body)
	}
	s.as(x.token, "POST", "/v1/access/batch-check", `{"checks":[`+strings.Repeat(one+",", 1000)+one+`]}`).want(422, "too_many")
}

// What a command has done is explained as soon as the command has been answered, and so
// are the events that the explanation names.
func TestAccessIsExplainedAtOnce(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for end := time.Now().Add(2 * time.Second); time.Now().Before(end) && !t.Failed(); {
				user := newText()
				if got := s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", fmt.Sprintf(`{"user_id":%q,"role":"editor"}`, user)); got.status != 201 {
					t.Errorf("%s: %d %s", got.asked, got.status, got.body)
					return
				}
				got := s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/access/"+user, "")
				if got.status != 200 {
					t.Errorf("%s: %d %s", got.asked, got.status, got.body)
					return
				}
				event := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events/"+got.get("grants", 0, "event_id"), "")
				if event.status != 200 {
					t.Errorf("%s: %d %s", event.asked, event.status, event.body)
				}
			}
		})
	}
	clients.Wait()
}

func TestAccess(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	access := "/v1/workspaces/" + x.ws + "/access"
	admin := newText()
	s.as(x.token, "PUT", "/v1/organizations/"+x.org+"/members/"+admin, `{"role":"admin"}`).want(201)

	list := s.as(x.token, "GET", access, "").want(200)
	if list.count() != 3 {
		t.Errorf("%s", list.body)
	}
	for _, c := range []struct {
		filter string
		want   int
	}{
		{"role=admin", 1},
		{"role=viewer", 0},
		{"source=organization", 2},
		{"source=direct", 2},
		{"permission=content.edit", 3},
		{"permission=members.manage", 2},
		{"q=ed", 1},
		{"q=nobody", 0},
	} {
		if got := s.as(x.token, "GET", access+"?"+c.filter, "").want(200).count(); got != c.want {
			t.Errorf("%s: %d rows, want %d", c.filter, got, c.want)
		}
	}
	one := s.as(x.token, "GET", access+"/"+admin, "").want(200)
	if one.get("role", "key") != "admin" || one.get("grants", 0, "membership_id") != "<nil>" || one.get("permissions", 0) == "" {
		t.Errorf("%s", one.body)
	}
	// The grant names the event that gave it.
	event := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events/"+one.get("grants", 0, "event_id"), "").want(200)
	if event.get("type") != "muster.organization.member_added" || event.get("userid") != admin {
		t.Errorf("%s", event.body)
	}

	if one.get("grants", 0, "granted_by", "authid") != x.tokenID || one.get("grants", 0, "granted_by", "onbehalfof") != "<nil>" ||
		one.get("grants", 0, "at") != event.get("time") || one.get("grants", 0, "reason") != "<nil>" {
		t.Errorf("%s", one.body)
	}
	s.as(x.token, "PATCH", "/v1/workspaces/"+x.ws+"/members/"+x.member, `{"permissions":["reports.view"]}`, "Muster-On-Behalf-Of", x.owner, "Muster-Reason", "Überfällig").want(200)
	one = s.as(x.token, "GET", access+"/"+x.member, "").want(200)
	if one.get("grants", 0, "granted_by", "onbehalfof") != x.owner || one.get("grants", 0, "reason") != "Überfällig" ||
		one.get("grants", 0, "permissions", 0) != "reports.view" || one.get("permissions", 0) != "reports.view" {
		t.Errorf("%s", one.body)
	}

	workspaces := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/users/"+admin+"/workspaces", "").want(200)
	if workspaces.count() != 1 || workspaces.get("items", 0, "workspace", "id") != x.ws || workspaces.get("items", 0, "grants", 0, "source") != "organization" {
		t.Errorf("%s", workspaces.body)
	}
	if got := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/users/"+newText()+"/workspaces", "").want(200).count(); got != 0 {
		t.Errorf("nobody reaches %d workspaces", got)
	}
}

// What any grant allows is allowed, in checks, in lists and their filters, in a user's
// workspaces, and where one access is explained. The role is the highest.
func TestAccessIsUnion(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, access := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws+"/access"
	for _, role := range []string{
		`{"key":"biller","name":"Biller","level":30,"permissions":["billing.manage"]}`,
		`{"key":"chief","name":"Chief","level":45,"permissions":["reports.view"]}`,
	} {
		s.root("POST", org+"/roles", role).want(201)
	}
	for _, c := range []struct {
		role, highest, other string
		own                  string // what only the membership allows
	}{
		{"biller", "admin", "chief", "billing.manage"},
		{"chief", "chief", "admin", "reports.view"},
	} {
		user := newText()
		s.root("PUT", "/v1/workspaces/"+x.ws+"/members/"+user, `{"role":"`+c.role+`"}`).want(201)
		s.root("PUT", org+"/members/"+user, `{"role":"admin"}`).want(201)
		for _, permission := range []string{c.own, "members.manage"} {
			check := fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"permission":%q}`, user, x.ws, permission)
			for _, got := range []string{
				s.as(x.token, "POST", "/v1/access/check", check).want(200).get("allowed"),
				s.as(x.token, "POST", "/v1/access/batch-check", `{"checks":[`+check+`]}`).want(200).get("results", 0, "allowed"),
			} {
				if got != "true" {
					t.Errorf("%s and admin, may %s: %s", c.role, permission, got)
				}
			}
			for role, want := range map[string]bool{"": true, c.highest: true, c.other: false} {
				filter := "?permission=" + permission
				if role != "" {
					filter += "&role=" + role
				}
				list := s.as(x.token, "GET", access+filter, "").want(200)
				if strings.Contains(string(list.body), user) != want {
					t.Errorf("%s and admin, listed by %s: %t", c.role, filter, !want)
				}
			}
		}
		for name, got := range map[string]answer{
			"one access": s.as(x.token, "GET", access+"/"+user, "").want(200),
			"workspaces": s.as(x.token, "GET", org+"/users/"+user+"/workspaces", "").want(200),
		} {
			var path []any
			if name == "workspaces" {
				path = []any{"items", 0}
			}
			permissions := got.get(append(path, "permissions")...)
			if !strings.Contains(permissions, c.own) || strings.Count(permissions, "members.manage") != 1 || got.get(append(path, "role", "key")...) != c.highest {
				t.Errorf("%s and admin, %s: %s", c.role, name, got.body)
			}
			if name == "workspaces" {
				continue
			}
			for i := range 2 { // each grant says what it allows by itself
				own := got.get("grants", i, "source") == "direct"
				if permissions := got.get("grants", i, "permissions"); strings.Contains(permissions, c.own) != own || strings.Contains(permissions, "members.manage") == own {
					t.Errorf("%s and admin: %s", c.role, got.body)
				}
			}
		}
	}
}
