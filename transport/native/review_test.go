package native

import (
	"fmt"
	"testing"
)

// A review shows who had access when it was opened, and takes away what was revoked.
func TestReview(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	another := s.tenant("Globex")
	admin := newText()
	s.as(x.token, "PUT", "/v1/organizations/"+x.org+"/members/"+admin, `{"role":"admin"}`).want(201)
	members := "/v1/workspaces/" + x.ws + "/members"
	path := "/v1/organizations/" + x.org + "/reviews"
	opened := s.as(x.token, "POST", path, `{"name":"Spring"}`, "Idempotency-Key", "spring").want(201)
	if opened.get("rows", "total") != "3" || opened.get("rows", "undecided") != "3" || opened.get("state") != "open" {
		t.Errorf("%s", opened.body)
	}
	if again := s.as(x.token, "POST", path, `{"name":"Spring"}`, "Idempotency-Key", "spring").want(201); again.get("id") != opened.get("id") {
		t.Errorf("%s", again.body)
	}
	one := path + "/" + opened.get("id")

	late := newText()
	s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, late)).want(201) // is no row
	row := func(user, decision string) string {
		return fmt.Sprintf(`{"decisions":[{"workspace_id":%q,"user_id":%q,"decision":%q,"reason":"seen"}]}`, x.ws, user, decision)
	}
	as := func(user string) []string { return []string{"Muster-On-Behalf-Of", user} }
	rows := func(query string, want int) {
		t.Helper()
		if got := s.as(x.token, "GET", one+"/rows"+query, "").want(200); got.count() != want {
			t.Errorf("%s: %d rows, want %d: %s", query, got.count(), want, got.body)
		}
	}
	rows("", 3)
	rows("?decision=undecided", 3)
	decide := func(user, decision, by string) answer {
		return s.as(x.token, "POST", one+"/decisions", row(user, decision), as(by)...)
	}
	decide(late, "kept", admin).want(422, "unknown_row")
	decide(newText(), "kept", admin).want(422, "unknown_row")
	decide(admin, "kept", admin).want(403, "own_access")
	decide(admin, "revoked", x.owner).want(409, "access_inherited")
	decide(x.owner, "revoked", admin).want(409, "access_inherited")
	decide(x.member, "kept", x.member).want(403, "not_allowed")
	s.as(x.token, "POST", one+"/decisions", row(x.member, "kept")).want(403, "reviewer_needed")
	s.as(x.token, "POST", one+"/decisions", fmt.Sprintf(`{"decisions":[{"workspace_id":%q,"user_id":%q,"decision":"kept"}]}`, another.ws, another.owner), as(admin)...).want(422, "unknown_row")

	if got := decide(x.member, "revoked", admin).want(200); got.get("rows", "revoked") != "1" || got.get("rows", "undecided") != "2" {
		t.Errorf("%s", got.body)
	}
	s.as(x.token, "GET", members+"/"+x.member, "").want(404)
	decide(x.member, "kept", admin).want(409, "row_revoked")
	rows("?decision=revoked", 1)
	rows("?reviewer="+admin, 1)
	rows("?decision=undecided", 2)
	rows("?page_size=1", 1)
	shown := s.as(x.token, "GET", one+"/rows?decision=revoked", "").want(200)
	if shown.get("items", 0, "role", "key") != "editor" || shown.get("items", 0, "decided_by") != admin || shown.get("items", 0, "reason") != "seen" {
		t.Errorf("%s", shown.body)
	}

	s.as(x.token, "POST", one+"/close", "").want(409, "rows_undecided")
	s.as(x.token, "POST", one+"/close", `{"leave_undecided":true}`).want(422, "required")
	closed := s.as(x.token, "POST", one+"/close", `{"leave_undecided":true,"reason":"late"}`).want(200)
	if closed.get("state") != "closed" || closed.get("reason") != "late" {
		t.Errorf("%s", closed.body)
	}
	s.as(x.token, "POST", one+"/close", "").want(200)
	decide(x.owner, "kept", admin).want(409, "review_closed")
	s.as(another.token, "GET", "/v1/organizations/"+another.org+"/reviews/"+opened.get("id")+"/rows", "").want(404, "not_found")

	before := s.as(x.token, "POST", path, fmt.Sprintf(`{"name":"Before","workspace_id":%q,"position":%q}`, x.ws, opened.get("position"))).want(201)
	if before.get("rows", "total") != "3" || before.get("position") != opened.get("position") {
		t.Errorf("%s", before.body)
	}
	for position, code := range map[string]string{"2035-01-01": "as_of_in_future", "x": "invalid_value", "x-0": "invalid_value", "1999-01-01": "out_of_range"} {
		s.as(x.token, "POST", path, fmt.Sprintf(`{"name":"Bad","position":%q}`, position)).want(422, code)
	}
	if got := s.as(x.token, "GET", path+"?state=open", "").want(200); got.count() != 1 {
		t.Errorf("%s", got.body)
	}
}
