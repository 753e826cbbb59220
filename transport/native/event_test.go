package native

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestEvents(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	events := "/v1/organizations/" + x.org + "/events"
	member := "/v1/workspaces/" + x.ws + "/members/" + x.member
	changed := s.as(x.token, "PATCH", member, `{"role":"viewer"}`, "Muster-Reason", "Überfällig, Nr. 7").want(200)
	last := changed.header.Get("Muster-Position")

	all := s.as(x.token, "GET", events+"?page_size=200", "").want(200)
	n := all.count()
	first, final := all.get("items", 0, "sequence"), all.get("items", n-1, "sequence")
	if all.get("items", 0, "type") != "muster.organization.created" || final != last || all.get("position") != last || all.get("next_cursor") != "<nil>" {
		t.Errorf("%s", all.body)
	}
	if got := all.get("items", n-1, "reason"); got != "Überfällig, Nr. 7" {
		t.Errorf("the reason is %q", got)
	}
	one := s.as(x.token, "GET", events+"/"+all.get("items", n-1, "id"), "").want(200)
	if one.get("sequence") != last || one.get("data", "role", "to") != "viewer" {
		t.Errorf("%s", one.body)
	}

	for _, c := range []struct {
		query string
		want  int
	}{
		{"after=earliest", n},
		{"after=latest", 0},
		{"after=" + first, n - 1},
		{"after=" + last, 0},
		{"after=" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339), 0},
		{"after=" + escape(time.Now().Add(-time.Hour).Format(time.RFC3339)), n},
		{"after=2020-01-01", n},
		{"after=" + time.Now().AddDate(0, 0, 2).UTC().Format(time.DateOnly), 0},
		{"after=2020-01-01T00:00:00+01:00", n}, // a plus sign that was not escaped
		{"type=muster.member.role_changed", 1},
		{"type=muster.member.*", 3},
		{"type=muster.member.added,muster.token.*", 3},
		{"type=muster.member.added&type=muster.token.*", 3},
		{"workspace_id=" + x.ws, 4},
		{"user_id=" + x.member, 3},
		{"user_id=" + x.member + "&type=muster.user.*", 1},
	} {
		if got := s.as(x.token, "GET", events+"?"+c.query, "").want(200); got.count() != c.want {
			t.Errorf("%s: %d events, want %d: %s", c.query, got.count(), c.want, got.body)
		}
	}
	s.as(x.token, "GET", events+"?type=member.added", "").want(422, "invalid_value")
	for typed, hint := range map[string]string{
		"muster.nonsense":                     "muster.member.*, muster.organization.*, muster.review.*, muster.role.*",
		"muster.nonsense.*":                   "muster.member.*",
		"muster.member.nonsense":              "muster.member.accepted, muster.member.added,",
		"muster.member.addedd":                "muster.member.accepted, muster.member.added,",
		"muster.member.added,muster.m*":       "",
		"muster.member.added,muster.n*":       "muster.token.*",
		"muster.*.added":                      "muster.token.*",
		"*":                                   "muster.token.*",
		"muster.member.added,":                "muster.token.*",
		"muster.member.added&type=muster.mem": "muster.token.*",
	} {
		if hint == "" {
			s.as(x.token, "GET", events+"?type="+typed, "").want(200)
		} else if got := s.as(x.token, "GET", events+"?type="+typed, "").want(422, "invalid_value"); !strings.Contains(got.get("detail"), hint) {
			t.Errorf("type=%s: %s", typed, got.body)
		}
	}
	s.as(x.token, "GET", events+"?after=yesterday", "").want(422, "invalid_value")
	s.as(x.token, "GET", events+"?wait=61", "").want(422, "out_of_range")
	partition := s.log.Partition(x.organization(t))
	s.as(x.token, "GET", fmt.Sprintf("%s?after=%d-1", events, 1-partition), "").want(422, "invalid_value")

	// All pages together have the same events.
	var pages int
	for after := "earliest"; after != "<nil>"; {
		page := s.as(x.token, "GET", events+"?page_size=2&after="+after, "").want(200)
		pages += page.count()
		after = page.get("next_cursor")
	}
	if pages != n {
		t.Errorf("%d events page by page, %d at once", pages, n)
	}
}

func TestLongPoll(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	events := "/v1/organizations/" + x.org + "/events"
	polled := make(chan answer)
	go func() { polled <- s.as(x.token, "GET", events+"?after=latest&wait=60&type=muster.member.removed", "") }()
	member := "/v1/workspaces/" + x.ws + "/members/"
	for {
		// The poll gets one of these, whenever it began.
		someone := newText()
		s.as(x.token, "PUT", member+someone, `{"role":"viewer"}`).want(201)
		s.as(x.token, "DELETE", member+someone, "").want(204)
		select {
		case got := <-polled:
			if got.want(200).count() == 0 || got.get("items", 0, "type") != "muster.member.removed" {
				t.Errorf("%s", got.body)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A poll without events ends when its time is over, and when the service stops.
func TestLongPollEnds(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	events := "/v1/organizations/" + x.org + "/events?after=latest"
	if got := s.as(x.token, "GET", events+"&wait=1", "").want(200); got.count() != 0 || got.get("position") == "" {
		t.Errorf("%s", got.body)
	}
	polled := make(chan answer)
	go func() { polled <- s.as(x.token, "GET", events+"&wait=60", "") }()
	time.Sleep(50 * time.Millisecond) // the poll should have begun; the test holds either way
	s.api.Drain()
	if got := (<-polled).want(200).count(); got != 0 {
		t.Errorf("%d events", got)
	}
}

// A poll whose token is revoked meanwhile gets no event.
func TestLongPollOfARevokedToken(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	token, id := s.issue(x.org, `"scopes":["events:read"]`)
	polled := make(chan answer)
	go func() {
		polled <- s.as(token, "GET", "/v1/organizations/"+x.org+"/events?after=latest&wait=60&type=muster.workspace.*", "")
	}()
	time.Sleep(50 * time.Millisecond) // the poll should have begun; the test holds either way
	s.as(x.token, "DELETE", "/v1/organizations/"+x.org+"/tokens/"+id, "").want(204)
	(<-polled).want(401)
}
