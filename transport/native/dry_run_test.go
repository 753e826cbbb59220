package native

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var personal = regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z]+@[a-z]+\.example|\d{4}-\d\d-\d\dT[0-9:.]+Z`)

// impersonalText returns an answer without ids, addresses and times.
func impersonalText(a answer) string {
	return fmt.Sprint(a.status, " ", personal.ReplaceAllString(string(a.body), "_"))
}

// A dry run shows no more of a person than the token could read: for everybody else the
// answer is the one that a stranger gets, whoever has the address.
func TestDryRunIsNoOracle(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org := "/v1/organizations/" + x.org
	other := s.as(x.token, "POST", org+"/workspaces", fmt.Sprintf(`{"name":"Other","owner_user_id":%q}`, x.owner)).want(201).get("id")
	known, past := newText(), newText()
	for user, email := range map[string]string{known: "known@secret.example", past: "past@secret.example"} {
		s.as(x.token, "PUT", org+"/users/"+user, fmt.Sprintf(`{"email":%q,"name":{"first":"Secret","last":"Person"},"avatar_url":"https://secret.example/a.png"}`, email)).want(200)
	}
	s.as(x.token, "POST", "/v1/workspaces/"+other+"/members", fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, known)).want(201)
	was := s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, past)).want(201).get("id")
	s.as(x.token, "DELETE", "/v1/workspaces/"+x.ws+"/members/"+past, "").want(204)
	barred := newText()
	s.as(x.token, "POST", "/v1/workspaces/"+other+"/members", fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, barred)).want(201)
	s.as(x.token, "POST", org+"/members/"+barred+"/suspend", "").want(200)
	manager := newText()
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", fmt.Sprintf(`{"user_id":%q,"role":"admin"}`, manager)).want(201)

	token := func(more string) string {
		text, _ := s.issue(x.org, more)
		return text
	}
	writes := `"scopes":["workspace_members:create","workspace_members:update","workspace_members:delete","organization_members:update","organization_members:delete","users:update"]`
	narrow := map[string]string{
		"a program that reads nobody": token(writes),
		"a manager of the workspace":  token(fmt.Sprintf(`"scopes":["workspace_members:create","workspace_members:update"],"user_id":%q`, manager)),
		"a program of the workspace":  token(fmt.Sprintf(`"scopes":["workspace_members:create","workspace_members:update"],"workspace_id":%q`, x.ws)),
	}
	wide := token(`"scopes":["all:all"]`)
	members := "/v1/workspaces/" + x.ws + "/members"
	for _, c := range []struct{ method, path, body, stranger string }{
		{"POST", members, `{"email":"KNOWN@secret.example","role":"viewer"}`, `{"email":"new@stranger.example","role":"viewer"}`},
		{"POST", members, `{"email":"past@secret.example","role":"viewer"}`, `{"email":"new@stranger.example","role":"viewer"}`},
		{"POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, known), fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, newText())},
		{"POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, past), fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, newText())},
		{"POST", members, fmt.Sprintf(`{"user_id":%q,"email":"known@secret.example","role":"viewer"}`, known), fmt.Sprintf(`{"user_id":%q,"email":"known@secret.example","role":"viewer"}`, newText())},
		{"POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, barred), fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, newText())},
		{"PUT", members + "/" + barred, `{"role":"viewer"}`, ""},
		{"PUT", members + "/" + known, `{"role":"viewer"}`, ""},
		{"PUT", members + "/" + past, `{"role":"viewer"}`, ""},
		{"POST", members + "/batch", `{"mode":"best_effort","operations":[{"op":"add","email":"known@secret.example","role":"viewer"},{"op":"add","email":"past@secret.example","role":"viewer"}]}`, `{"mode":"best_effort","operations":[{"op":"add","email":"a@stranger.example","role":"viewer"},{"op":"add","email":"b@stranger.example","role":"viewer"}]}`},
		{"PUT", org + "/members/" + known, `{"role":"member"}`, ""},
		{"PUT", org + "/users/" + known, `{"email":"other@stranger.example"}`, ""},
		{"PUT", org + "/users/" + newText(), `{"email":"known@secret.example"}`, ""},
	} {
		for who, text := range narrow {
			if who == "a program that reads nobody" && strings.Contains(c.path+c.body, barred) {
				continue // it acts for the organization, which may know who is suspended
			}
			path, stranger := c.path, c.stranger
			if stranger == "" {
				stranger = strings.ReplaceAll(c.body, "known@secret", "unknown@stranger")
				path = c.path[:strings.LastIndexByte(c.path, '/')+1] + newText()
			}
			got, want := s.as(text, c.method, c.path+"?validate_only=true", c.body), s.as(text, c.method, path+"?validate_only=true", stranger)
			for _, secret := range []string{"Secret", "secret.example/a.png", was} {
				if strings.Contains(string(got.body), secret) {
					t.Errorf("%s %s %s by %s shows %s: %s", c.method, c.path, c.body, who, secret, got.body)
				}
			}
			if is, should := impersonalText(got), impersonalText(want); is != should {
				t.Errorf("%s %s %s by %s:\n%s\nfor a stranger:\n%s", c.method, c.path, c.body, who, is, should)
			}
			if strings.Contains(c.body, `"email"`) && !strings.Contains(c.path+c.body, known) && strings.Contains(string(got.body), known) {
				t.Errorf("%s %s %s by %s says whose the address is: %s", c.method, c.path, c.body, who, got.body)
			}
		}
	}

	// The end of a membership that is there is decided as it would be.
	s.as(narrow["a program that reads nobody"], "DELETE", members+"/"+manager+"?validate_only=true", "").want(204)

	// A write that fails leaves no trace either. So nobody may try addresses on people whom
	// they cannot read.
	right := s.as(narrow["a manager of the workspace"], "POST", members, fmt.Sprintf(`{"user_id":%q,"email":"known@secret.example","role":"viewer"}`, known), "If-Match", `"999999"`)
	wrong := s.as(narrow["a manager of the workspace"], "POST", members, fmt.Sprintf(`{"user_id":%q,"email":"wrong@secret.example","role":"viewer"}`, known), "If-Match", `"999999"`)
	if string(right.want(403, "not_allowed").body) == "" || right.status != wrong.status || right.get("code") != wrong.get("code") {
		t.Errorf("%s, but of another address %s", right.body, wrong.body)
	}

	// A token that could read the person is told.
	if got := s.as(wide, "POST", members+"?validate_only=true", `{"email":"known@secret.example","role":"viewer"}`).want(201); got.get("user_id") != known || got.get("name", "first") != "Secret" {
		t.Errorf("%s", got.body)
	}
	reader := token(fmt.Sprintf(`"scopes":["workspace_members:all"],"user_id":%q`, manager))
	if got := s.as(reader, "POST", members+"?validate_only=true", `{"email":"past@secret.example","role":"viewer"}`).want(201); got.get("id") != was || got.get("user_id") != past {
		t.Errorf("%s", got.body)
	}
	// What is written is told, because it leaves a trace.
	if got := s.as(narrow["a program that reads nobody"], "POST", members, `{"email":"known@secret.example","role":"viewer"}`).want(201); got.get("user_id") != known {
		t.Errorf("%s", got.body)
	}
	s.as(reader, "POST", members+"?validate_only=true", `{"email":"known@secret.example","role":"viewer"}`).want(409, "already_member")
}
