package native

import (
	"fmt"
	"strings"
	"testing"
)

func TestBatch(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	x := s.tenant("Acme")
	batch, members := "/v1/workspaces/"+x.ws+"/members/batch", "/v1/workspaces/"+x.ws+"/members"
	someone := newText()
	body := func(mode string, operations ...string) string {
		return fmt.Sprintf(`{"mode":%q,"operations":[%s]}`, mode, strings.Join(operations, ","))
	}
	all := []string{
		fmt.Sprintf(`{"op":"add","user_id":%q,"role":"owner","email":"new@acme.example"}`, someone),
		`{"op":"add","email":"invited@acme.example","role":"viewer","invitation_expires_in":60}`,
		fmt.Sprintf(`{"op":"update","user_id":%q,"permissions":["reports.view"]}`, x.member),
		fmt.Sprintf(`{"op":"remove","user_id":%q}`, x.owner), // the batch has added another owner
	}
	bad := []string{
		fmt.Sprintf(`{"op":"remove","user_id":%q}`, newText()),
		fmt.Sprintf(`{"op":"add","user_id":%q,"role":"king"}`, newText()),
		`{"op":"add","email":"New@acme.example","role":"viewer"}`, // the batch already adds this address
	}

	// Atomic: an operation that is refused refuses the whole batch, and the problem names
	// it.
	refused := s.as(x.token, "POST", batch, body("atomic", append(all, bad[1])...)).want(422, "unknown_role")
	if refused.get("errors", 0, "pointer") != "/operations/4/role" {
		t.Errorf("%s", refused.body)
	}
	refused = s.as(x.token, "POST", batch, body("atomic", all[3])).want(409, "last_owner")
	if refused.get("errors", 0, "pointer") != "/operations/0" || refused.get("errors", 0, "code") != "last_owner" {
		t.Errorf("%s", refused.body)
	}
	if got := s.as(x.token, "GET", members, "").want(200).count(); got != 2 {
		t.Errorf("there are %d members", got)
	}
	would := s.as(x.token, "POST", batch+"?validate_only=true", body("atomic", all...)).want(200)
	if would.get("done") != "4" || would.get("results", 1, "invitation") != "<nil>" || would.header.Get("Muster-Position") != "" {
		t.Errorf("%s", would.body)
	}

	// Best effort: the other operations are carried out, in one commit.
	mixed := body("best_effort", append(all, bad...)...)
	done := s.as(x.token, "POST", batch, mixed, "Idempotency-Key", "k").want(200)
	for i, want := range []struct{ status, code string }{
		{"201", ""}, {"201", ""}, {"200", ""}, {"204", ""}, {"404", "not_found"}, {"422", "unknown_role"}, {"422", "duplicate"},
	} {
		if done.get("results", i, "status") != want.status || want.code != "" && done.get("results", i, "error", "code") != want.code {
			t.Errorf("%d: %s", i, done.body)
		}
	}
	if done.get("done") != "4" || done.get("refused") != "3" || done.get("results", 0, "membership", "role", "key") != "owner" ||
		done.get("results", 2, "membership", "permissions", 0) != "reports.view" || done.get("results", 3, "membership") != "<nil>" {
		t.Errorf("%s", done.body)
	}
	secret := done.get("results", 1, "invitation", "token")
	events := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?page_size=200&type=muster.member.*", "").want(200)
	last := events.count() - 1
	for i := last - 3; i <= last; i++ {
		if events.get("items", i, "commandid") != events.get("items", last, "commandid") {
			t.Errorf("%s", events.body)
		}
	}

	// Replays from memory and after a restart are the same, except for what left no
	// event.
	for range 2 {
		again := s.as(x.token, "POST", batch, mixed, "Idempotency-Key", "k").want(200)
		for i := range 4 {
			if got := again.get("results", i, "membership"); got != done.get("results", i, "membership") || again.get("results", i, "status") != done.get("results", i, "status") {
				t.Errorf("%d\nwas %s\nis  %s", i, done.body, again.body)
			}
		}
		for i := 4; i < 7; i++ {
			if again.get("results", i, "error", "code") != "not_recorded" {
				t.Errorf("%d: %s", i, again.body)
			}
		}
		if again.get("results", 1, "invitation") != "<nil>" || again.header.Get("Idempotency-Replayed") != "true" || again.get("done") != done.get("done") {
			t.Errorf("%s", again.body)
		}
		s.stop()
		s = start(t, dir)
	}
	s.as("", "POST", acceptPath, fmt.Sprintf(`{"token":%q}`, secret)).want(200)

	for _, c := range []struct {
		body, code, pointer string
	}{
		{body("some", all[0]), "invalid_value", "/mode"},
		{body("atomic"), "required", "/operations"},
		{body("atomic", `{"op":"frob"}`), "invalid_value", "/operations/0/op"},
		{body("atomic", all[0], `{"op":"add","role":"viewer"}`), "required", "/operations/1/user_id"},
		{body("atomic", `{"op":"add","user_id":"`+newText()+`"}`), "required", "/operations/0/role"},
		{body("atomic", `{"op":"remove"}`), "required", "/operations/0/user_id"},
		{body("atomic", `{"op":"remove","user_id":"`+newText()+`","role":"viewer"}`), "invalid_value", "/operations/0"},
		{body("atomic", `{"op":"update","user_id":"`+newText()+`","email":"a@b.c"}`), "invalid_value", "/operations/0"},
		{body("atomic", `{"op":"update","user_id":7}`), "wrong_type", "/operations/0/user_id"},
		{body("atomic", `{"op":"update","who":7}`), "unknown_field", "/operations/0/who"},
		{body("atomic", strings.Split(strings.Repeat(all[0]+";", 1001), ";")[:1001]...), "too_many", "/operations"},
	} {
		if got := s.as(x.token, "POST", batch, c.body).want(422, c.code); got.get("errors", 0, "pointer") != c.pointer {
			t.Errorf("want %s: %s", c.pointer, got.body)
		}
	}
}

// A batch needs the scope of each of its operations, and the right to each.
func TestBatchRights(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	batch := "/v1/workspaces/" + x.ws + "/members/batch"
	add := fmt.Sprintf(`{"mode":"best_effort","operations":[{"op":"add","user_id":%q,"role":"owner"}]}`, newText())
	remove := fmt.Sprintf(`{"mode":"best_effort","operations":[{"op":"remove","user_id":%q}]}`, x.member)
	update, _ := s.issue(x.org, `"scopes":["workspace_members:update"]`)
	s.as(update, "POST", batch, add).want(403, "insufficient_scope")
	s.as(update, "POST", batch, remove).want(403, "insufficient_scope")
	editor, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.member))
	s.as(editor, "POST", batch, remove).want(403, "not_allowed")
	admin := newText()
	s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+admin, `{"role":"admin"}`).want(201)
	byAdmin, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, admin))
	if got := s.as(byAdmin, "POST", batch, add).want(200); got.get("results", 0, "error", "code") != "role_above_own" {
		t.Errorf("%s", got.body)
	}
	s.as(byAdmin, "POST", batch, remove).want(200)
	bound, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["workspace_members:all"],"workspace_id":%q`, x.ws))
	s.as(bound, "POST", batch, add).want(200)
	s.as(x.token, "POST", batch, add, "If-Match", `"1"`).want(412, "precondition_failed")
}

// A batch of 1,000 operations is one commit.
func TestLargestBatch(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	operations := make([]string, 1000)
	for i := range operations {
		operations[i] = fmt.Sprintf(`{"op":"add","user_id":%q,"role":"viewer"}`, newText())
	}
	got := s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members/batch", `{"mode":"atomic","operations":[`+strings.Join(operations, ",")+`]}`, "Muster-On-Behalf-Of", x.owner).want(200)
	if got.get("done") != "1000" || got.get("results", 999, "membership", "state") != "active" {
		t.Errorf("%.300s", got.body)
	}
	if count := s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/members?count=true", "").want(200).get("count"); count != "1002" {
		t.Errorf("there are %s members", count)
	}
	for i := range operations {
		operations[i] = fmt.Sprintf(`{"op":"add","email":"person%d@acme.example","name":{"first":"Person","last":"%d"},"role":"viewer"}`, i, i)
	}
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members/batch", `{"mode":"atomic","operations":[`+strings.Join(operations, ",")+`]}`).want(413, "command_too_large")
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members/batch", `{"mode":"atomic","operations":[`+strings.Join(operations[:400], ",")+`]}`).want(200)
}
