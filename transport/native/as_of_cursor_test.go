package native

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// A cursor keeps the moment of its list, and goes with no other.
func TestAsOfCursors(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for range 3 {
		s.root("PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	}
	end := s.root("GET", "/v1/organizations/"+x.org+"/events", "").want(200).get("position")
	at := url.QueryEscape(s.now().UTC().Format("2006-01-02T15:04:05.000Z"))
	s.clock.Add(int64(time.Second))
	s.root("PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	earlier := strings.TrimRight(end, "0123456789") + "3"
	for _, path := range []string{"/v1/workspaces/" + x.ws + "/members", "/v1/workspaces/" + x.ws + "/access"} {
		path += "?page_size=2"
		now := s.as(x.token, "GET", path, "").want(200).get("next_cursor")
		for _, moment := range []string{end, at, end + "@" + at} {
			seen := make(map[string]bool)
			first := s.as(x.token, "GET", path+"&as_of="+moment, "").want(200)
			var cursor string
			for page := first; ; page = s.as(x.token, "GET", path+"&cursor="+cursor, "").want(200) {
				if page.header.Get("Muster-As-Of") != end {
					t.Errorf("%v", page.header)
				}
				for i := range page.count() {
					seen[page.get("items", i, "user_id")] = true
				}
				if cursor = page.get("next_cursor"); cursor == "<nil>" {
					break
				}
			}
			if len(seen) != 5 {
				t.Errorf("%s as of %s: %d people", path, moment, len(seen))
			}
			cursor = first.get("next_cursor")
			s.as(x.token, "GET", path+"&cursor="+cursor+"&as_of="+moment, "").want(200)
			s.as(x.token, "GET", path+"&cursor="+now+"&as_of="+moment, "").want(422, "invalid_cursor")
			s.as(x.token, "GET", path+"&cursor="+cursor+"&as_of="+earlier, "").want(422, "invalid_cursor")
			s.as(x.token, "GET", path+"&cursor="+cursor+"&as_of=2026-01-01", "").want(422, "invalid_cursor")
			s.as(x.token, "GET", "/v1/organizations/"+x.org+"/tokens?cursor="+cursor, "").want(422, "invalid_cursor")
			s.as(x.token, "GET", path+"&cursor="+cursor[1:], "").want(422, "invalid_cursor")
			for _, forged := range []string{"p0-999999-1_", "p9-1-1_", "p0-1-99999999999999_", "t0-1-99999999999999_", "p0-0-0_", "t0-0-0_"} {
				_, rest, _ := strings.Cut(cursor, "_")
				if got := s.as(x.token, "GET", path+"&cursor="+forged+rest, ""); got.status != 422 && got.status != 404 {
					t.Errorf("%s: %d %s", forged, got.status, got.body)
				}
			}
		}
		s.as(x.token, "GET", path+"&cursor="+now, "").want(200)
	}
}

// What a node has given out whose clock is somewhat ahead is good on all nodes: cursors, and
// positions with a time. A time alone is not from a node.
func TestAsOfOfAClockAhead(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for range 3 {
		s.root("PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	}
	end := s.root("GET", "/v1/organizations/"+x.org+"/events", "").want(200).get("position")
	for _, c := range []struct {
		ahead time.Duration
		good  bool
	}{{300 * time.Millisecond, true}, {time.Minute, false}} {
		for _, path := range []string{"/v1/workspaces/" + x.ws + "/members?as_of=", "/v1/workspaces/" + x.ws + "/diff?from=2001-01-01&to="} {
			list, _, _ := strings.Cut(path, "?")
			ask := func(code, query string) {
				t.Helper()
				s.clock.Add(int64(c.ahead))
				moment := url.QueryEscape(s.now().UTC().Format("2006-01-02T15:04:05.000Z"))
				cursor := s.as(x.token, "GET", path+moment+"&page_size=1", "").want(200).get("next_cursor")
				s.clock.Add(-int64(c.ahead))
				got := s.as(x.token, "GET", strings.NewReplacer("LIST", list, "PATH", path, "END", end, "MOMENT", moment, "CURSOR", cursor).Replace(query), "")
				if code == "" {
					got.want(200)
				} else {
					got.want(422, code)
				}
			}
			if c.good {
				ask("", "LIST?cursor=CURSOR")
				ask("", "PATHEND@MOMENT")
			} else {
				ask("invalid_cursor", "LIST?cursor=CURSOR")
				ask("as_of_in_future", "PATHEND@MOMENT")
			}
		}
	}
	s.clock.Add(int64(300 * time.Millisecond))
	last := s.root("PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201).header.Get("Muster-Position")
	s.clock.Add(-int64(300 * time.Millisecond))
	s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/diff?from="+last, "").want(200)
	soon := url.QueryEscape(s.now().Add(900 * time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z"))
	s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/members?as_of="+soon, "").want(422, "as_of_in_future")
}
