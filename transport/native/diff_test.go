package native

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

// changes returns what a diff lists: the user, the change and the types of its events.
func changes(list answer) (found []string) {
	list.t.Helper()
	list.want(200)
	var body Diff
	list.decode(&body)
	for _, c := range body.Items {
		text := c.User.String() + " " + c.Change
		for _, e := range c.Events {
			text += " " + e.Type
		}
		found = append(found, text)
	}
	return found
}

// A diff lists who gained, lost and changed access between two moments, page by page, of a
// workspace and of all of them.
func TestDiff(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, ws := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws
	a, b, c, d := newText(), newText(), newText(), newText()
	s.as(x.token, "PUT", ws+"/members/"+a, `{"role":"viewer"}`).want(201)
	from := s.as(x.token, "PUT", ws+"/members/"+b, `{"role":"viewer"}`).want(201).header.Get("Muster-Position")
	s.as(x.token, "PUT", ws+"/members/"+c, `{"role":"editor"}`).want(201)
	s.as(x.token, "PATCH", ws+"/members/"+a, `{"role":"admin"}`, "Muster-Reason", "promoted").want(200)
	s.as(x.token, "PUT", ws+"/members/"+d, `{"role":"viewer"}`).want(201)
	s.as(x.token, "DELETE", ws+"/members/"+d, "").want(204)
	to := s.as(x.token, "DELETE", ws+"/members/"+b, "").want(204).header.Get("Muster-Position")

	path := ws + "/diff?from=" + from
	want := []string{
		a + " changed muster.member.role_changed",
		b + " lost muster.member.removed",
		c + " gained muster.member.added",
	}
	diff := s.as(x.token, "GET", path, "")
	if got := changes(diff); !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
	for field, value := range map[string]string{"from": from, "to": to, "next_cursor": "<nil>"} {
		if got := diff.get(field); got != value {
			t.Errorf("%s is %s, want %s", field, got, value)
		}
	}
	if diff.get("items", 0, "before", "role", "key") != "viewer" || diff.get("items", 0, "after", "role", "key") != "admin" || diff.get("items", 0, "events", 0, "reason") != "promoted" ||
		diff.get("items", 1, "after") != "<nil>" || diff.get("items", 1, "events", 0, "position") != to || diff.get("items", 2, "before") != "<nil>" || diff.get("items", 2, "workspace_id") != x.ws {
		t.Errorf("%s", diff.body)
	}

	// Of the organization, with another workspace.
	second := s.as(x.token, "POST", org+"/workspaces", fmt.Sprintf(`{"name":"Second","owner_user_id":%q}`, c)).want(201).get("id")
	all := s.as(x.token, "GET", org+"/diff?from="+from, "")
	if got := changes(all); len(got) != 5 || !slices.Equal(got[:3], want) || all.get("items", 3, "workspace_id") != second || all.get("items", 4, "workspace_id") != second {
		t.Errorf("%s", all.body)
	}
	if got := changes(s.as(x.token, "GET", org+"/diff?from="+from+"&to="+to, "")); !slices.Equal(got, want) {
		t.Errorf("until %s: %q", to, got)
	}

	// Page by page. Each shows the same span, whatever happens meanwhile.
	var paged []string
	next := s.as(x.token, "GET", path+"&page_size=1", "")
	end := next.want(200).get("to")
	s.as(x.token, "DELETE", ws+"/members/"+c, "").want(204)
	cursor := next.get("next_cursor")
	for {
		paged = append(paged, changes(next)...)
		if next.get("to") != end || next.get("from") != from {
			t.Errorf("%s", next.body)
		}
		following := next.get("next_cursor")
		if following == "<nil>" {
			break
		}
		next = s.as(x.token, "GET", ws+"/diff?page_size=1&cursor="+following, "")
	}
	if !slices.Equal(paged, want) {
		t.Errorf("by pages: %q", paged)
	}
	s.as(x.token, "GET", path+"&to="+end+"&cursor="+cursor, "").want(200)
	for _, query := range []string{"from=" + to, "to=" + from, "from=2001-01-01"} {
		s.as(x.token, "GET", ws+"/diff?cursor="+cursor+"&"+query, "").want(422, "invalid_cursor")
	}
	s.as(x.token, "GET", org+"/diff?cursor="+cursor, "").want(422, "invalid_cursor")
	s.as(x.token, "GET", "/v1/workspaces/"+second+"/diff?cursor="+cursor, "").want(422, "invalid_cursor")
	other := s.as(x.token, "GET", ws+"/members?page_size=1", "").want(200).get("next_cursor")
	s.as(x.token, "GET", ws+"/diff?cursor="+other, "").want(422, "invalid_cursor")
	s.as(x.token, "GET", ws+"/members?cursor="+cursor, "").want(422, "invalid_cursor")
}

// An event that made many changes of a page is read once.
func TestDiffReadsEventsOnce(t *testing.T) {
	const people, updates = 200, 3
	found, shown := make([]projections.AccessChange, people), make([]AccessChange, people)
	for i := range found {
		for number := range updates {
			found[i].Events = append(found[i].Events, wire.Position{Number: uint64(number)}) //nolint:gosec // not negative
		}
	}
	reads := 0
	if err := showEvents(found, shown, func(number uint64) (*EventInBrief, error) {
		reads++
		return &EventInBrief{Position: wire.Position{Number: number}.String()}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if last := shown[people-1].Events; reads != updates || len(last) != updates || last[2].Position != "0-2" {
		t.Errorf("%d reads; the last change has %v", reads, last)
	}
}

// A diff refuses what is no span of its organization, and a token without its scope.
func TestDiffRefused(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	end := s.root("GET", "/v1/organizations/"+x.org+"/events", "").want(200).get("position")
	first := end[:1] + "-1"
	later := url.QueryEscape(time.Now().UTC().Add(time.Hour).Format(time.RFC3339))
	for _, path := range []string{"/v1/workspaces/" + x.ws + "/diff?", "/v1/organizations/" + x.org + "/diff?"} {
		for _, c := range []struct{ query, code, pointer string }{
			{"", "required", "query.from"},
			{"to=" + end, "required", "query.from"},
			{"from=" + end + "&to=" + first, "invalid_value", "query.to"},
			{"from=" + end + "&to=2001-01-01", "invalid_value", "query.to"},
			{"from=yesterday", "invalid_value", "query.from"},
			{"from=9-1", "invalid_value", "query.from"},
			{"from=" + first + "&to=9-1", "invalid_value", "query.to"},
			{"from=" + end[:1] + "-999999", "as_of_in_future", "query.from"},
			{"from=" + later, "as_of_in_future", "query.from"},
			{"from=" + first + "&to=" + later, "as_of_in_future", "query.to"},
		} {
			if got := s.as(x.token, "GET", path+c.query, "").want(422, c.code).get("errors", 0, "pointer"); got != c.pointer {
				t.Errorf("%s: %s, want %s", c.query, got, c.pointer)
			}
		}
		s.as(x.token, "GET", path+"from=2001-01-01&to=2001-01-02", "").want(404, "not_found")
		if got := changes(s.as(x.token, "GET", path+"from="+end, "")); len(got) != 0 {
			t.Errorf("since the last event: %q", got)
		}
		now := url.QueryEscape(s.now().UTC().Format(time.RFC3339Nano))
		for _, beginning := range []string{"2001-01-01", end[:1] + "-0", end[:1] + "-0@" + now} {
			if got := changes(s.as(x.token, "GET", path+"from="+beginning, "")); len(got) != 2 {
				t.Errorf("since %s: %q", beginning, got)
			}
		}
		s.as(x.token, "GET", path+"from="+end[:1]+"-0&to="+end[:1]+"-0", "").want(404, "not_found")
		small, _ := s.issue(x.org, `"scopes":["workspace_members:read"]`)
		s.as(small, "GET", path+"from="+first, "").want(403, "insufficient_scope")
		auditor, _ := s.issue(x.org, `"scopes":["audit:read"]`)
		s.as(auditor, "GET", path+"from="+first, "").want(200)
	}
}

// A cursor that no diff can have given out is refused: nobody sees what the clock will end.
func TestDiffForged(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	path := "/v1/workspaces/" + x.ws + "/diff?"
	cursor := s.as(x.token, "GET", path+"from=2001-01-01&page_size=1", "").want(200).get("next_cursor")
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	s.as(x.token, "GET", path+"cursor="+cursor, "").want(200)
	for _, c := range []struct{ field, value string }{{"b", "99999999999999"}, {"a", "99999999999999"}, {"t", "999999"}} {
		field := regexp.MustCompile(`"` + c.field + `":[0-9]+`)
		if !field.Match(text) {
			t.Fatalf("%s has no %s", text, c.field)
		}
		forged := field.ReplaceAll(text, []byte(`"`+c.field+`":`+c.value))
		s.as(x.token, "GET", path+"cursor="+base64.RawURLEncoding.EncodeToString(forged), "").want(422, "invalid_cursor")
	}
}

// Access that ended by the clock is lost, even if no event has recorded it yet.
func TestDiffByTheClock(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	end := s.now().Add(time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")
	from := s.as(x.token, "PATCH", "/v1/workspaces/"+x.ws+"/members/"+x.member, fmt.Sprintf(`{"expires_at":%q}`, end)).want(200).header.Get("Muster-Position")
	path := "/v1/workspaces/" + x.ws + "/diff?from=" + from
	if got := changes(s.as(x.token, "GET", path, "")); len(got) != 0 {
		t.Errorf("before the end: %q", got)
	}
	s.clock.Add(int64(2 * time.Minute))
	list := s.as(x.token, "GET", path, "")
	if got := changes(list); !slices.Equal(got, []string{x.member + " lost"}) || list.get("items", 0, "ended_at") != end || list.get("items", 0, "events") != "[]" {
		t.Errorf("%s", list.body)
	}
}
