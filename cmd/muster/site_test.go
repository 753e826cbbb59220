package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
)

// site is an organization with a workspace, and the owner of both.
type site struct{ org, ws, owner string }

// found makes a site.
func (c apiClient) found() site {
	c.t.Helper()
	s := site{owner: uuid.NewString()}
	s.org = c.must(201, "POST", "/v1/organizations",
		fmt.Sprintf(`{"name":"Analytical Engines","owner":{"user_id":%q,"email":"ada@example.com"}}`, s.owner)).field(c.t, "id")
	s.ws = c.must(201, "POST", "/v1/organizations/"+s.org+"/workspaces",
		fmt.Sprintf(`{"name":"Mill","owner_user_id":%q}`, s.owner)).field(c.t, "id")
	return s
}

func (s site) members() string { return "/v1/workspaces/" + s.ws + "/members" }
func (s site) events() string  { return "/v1/organizations/" + s.org + "/events" }

func editor(user string) string { return fmt.Sprintf(`{"user_id":%q,"role":"editor"}`, user) }

// history returns all of the organization's events, as they are stored. A node that has not caught
// up, as after an election, is asked again.
func (c apiClient) history(s site) (all []string) {
	c.t.Helper()
	for after, tries := "earliest", 0; ; tries++ {
		if tries > 2_000 {
			c.t.Fatalf("no end of the history after %d events", len(all))
		}
		var page struct {
			Items    []json.RawMessage `json:"items"`
			Position string            `json:"position"`
			Next     *string           `json:"next_cursor"`
		}
		path := s.events() + "?page_size=200&after=" + after
		r, err := c.do("GET", path, "")
		for deadline := time.Now().Add(patience); err == nil && r.status == 503 && r.code() == "read_model_behind" && time.Now().Before(deadline); r, err = c.do("GET", path, "") {
			time.Sleep(20 * time.Millisecond)
		}
		if err != nil || r.status != 200 {
			c.t.Fatalf("GET %s: %v, %d %s", path, err, r.status, r.body)
		}
		if err := json.Unmarshal(r.body, &page); err != nil {
			c.t.Fatal(err)
		}
		for _, e := range page.Items {
			all = append(all, string(e))
		}
		if page.Next == nil {
			return all
		}
		if len(page.Items) == 0 { // the feed is being made again
			time.Sleep(20 * time.Millisecond)
		}
		after = *page.Next
	}
}

// cloudEvent is what tests read of an event.
type cloudEvent struct {
	Type     string `json:"type"`
	Sequence string `json:"sequence"`
	User     string `json:"userid"`
	Command  string `json:"commandid"`
	Reason   string `json:"reason"`
	Data     struct {
		Membership string `json:"membership_id"`
	} `json:"data"`
}

func parseEvent(t testing.TB, text string) (e cloudEvent) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return e
}

// membershipRow is what tests read of a membership.
type membershipRow struct {
	ID      string `json:"id"`
	User    string `json:"user_id"`
	State   string `json:"state"`
	Version uint64 `json:"version"`
}

// list returns all of the workspace's members.
func (c apiClient) list(s site) (all []membershipRow) {
	c.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []membershipRow `json:"items"`
			Next  *string         `json:"next_cursor"`
		}
		r := c.must(200, "GET", s.members()+"?page_size=200"+cursor, "")
		if err := json.Unmarshal(r.body, &page); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		cursor = "&cursor=" + *page.Next
	}
}
