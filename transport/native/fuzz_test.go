package native

import (
	"fmt"
	"testing"

	"github.com/muster-dev/muster/events/wire"
)

// A query with an unknown or malformed id is 404 or 422, whatever the id looks like.
func FuzzIDs(f *testing.F) {
	s := start(f, f.TempDir())
	x := s.tenant("Acme")
	for _, id := range []string{"*", ">", "..", "%2e%2e", "a b", "\x00", "019cc043-af91-783e-9927-3daab1cd927", "{}", "é", "019CC043-AF91-783E-9927-3DAAB1CD9277"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		s.t = t
		escaped := escape(id)
		if escaped == "" || id == "." || id == ".." || id == x.ws {
			return // another path
		}
		for _, path := range []string{"/v1/workspaces/%s", "/v1/workspaces/%s/members", "/v1/memberships/%s"} {
			if got := s.as(x.token, "GET", fmt.Sprintf(path, escaped), ""); got.status != 404 && got.status != 422 {
				t.Errorf("%q: %d %s", id, got.status, got.body)
			}
		}
	})
}

func FuzzEventsAfter(f *testing.F) {
	s := start(f, f.TempDir())
	x := s.tenant("Acme")
	partition := s.log.Partition(x.organization(f))
	for _, after := range []string{"", "earliest", "latest", "0-0", "1-18446744073709551615", "1-18446744073709551616", "2026-03-05T23:09:47Z", "-", "1-1-1", "99-1"} {
		f.Add(after)
	}
	f.Fuzz(func(t *testing.T, after string) {
		s.t = t
		got := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?after="+escape(after), "")
		if got.status != 200 && got.status != 422 {
			t.Errorf("after %q: %d %s", after, got.status, got.body)
		}
		if position, err := wire.ParsePosition(after); err == nil && position.Partition != partition && got.status != 422 {
			t.Errorf("after %q, of another partition: %d", after, got.status)
		}
	})
}

func FuzzCursor(f *testing.F) {
	s := start(f, f.TempDir())
	x := s.tenant("Acme")
	lists := []string{"/v1/workspaces/" + x.ws + "/members", "/v1/workspaces/" + x.ws + "/access", "/v1/organizations/" + x.org + "/tokens", "/v1/organizations"}
	f.Add(s.as(x.token, "GET", lists[0]+"?page_size=1", "").want(200).get("next_cursor"))
	f.Add("e30")
	f.Add("not a cursor")
	f.Fuzz(func(t *testing.T, cursor string) {
		s.t = t
		for _, list := range lists {
			if got := s.as(x.token, "GET", list+"?cursor="+escape(cursor), ""); got.status != 200 && got.status != 422 {
				t.Errorf("cursor %q: %d %s", cursor, got.status, got.body)
			}
		}
	})
}
