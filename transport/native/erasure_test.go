package native

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gone are the words of a profile that must be nowhere after its erasure.
var gone = []string{"gwendolyn@canary.example", "Gwendolyn", "Canaryson", "canary-picture"}

// without demands that the answer has no word of an erased profile.
func (a answer) without() answer {
	a.t.Helper()
	for _, word := range gone {
		if bytes.Contains(a.body, []byte(word)) {
			a.t.Errorf("%s has %s: %s", a.asked, word, a.body)
		}
	}
	return a
}

// Whoever was erased is in no answer and in no file, also not by a revert, by a read of an
// earlier moment or by the same request with its key. They can come back.
func TestErasure(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	x, user := s.tenant("Acme"), newText()
	org, member := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws+"/members/"+user
	profile := org + "/users/" + user
	const body = `{"email":"gwendolyn@canary.example","name":{"first":"Gwendolyn","last":"Canaryson"},"avatar_url":"https://x.example/canary-picture"}`
	s.as(x.token, "PUT", profile, body, "Idempotency-Key", "once").want(200)
	set := s.last(x, "user.profile_set", user)
	s.as(x.token, "PUT", profile, strings.Replace(body, `"last":"Canaryson"`, `"last":"Smith"`, 1)).want(200)
	changed := s.last(x, "user.profile_set", user)

	// What is sealed can be undone.
	s.as(x.token, "POST", org+"/events/"+changed+"/revert", "").want(200)
	if got := s.as(x.token, "GET", profile, "").want(200).get("name", "last"); got != "Canaryson" {
		t.Errorf("after the revert the name is %s", got)
	}
	s.revert(x, set, "").want(409, "not_reversible") // the first
	s.revert(x, changed, "").want(409, "changed_since")
	back := s.last(x, "user.profile_set", user)

	then := s.as(x.token, "PUT", member, `{"role":"viewer"}`).want(201).header.Get("Muster-Position") // they were a member
	s.as(x.token, "POST", profile+"/erase", "").want(409, "user_belongs")
	s.as(x.token, "DELETE", member, "").want(204)
	s.as(x.token, "GET", profile, "").want(200)

	requested := s.as(x.token, "POST", profile+"/erase", "", "Muster-Reason", "asked to").want(202).without()
	if requested.get("state") != "requested" || requested.get("erased_at") != "<nil>" || requested.get("user_id") != user {
		t.Errorf("%s", requested.body)
	}
	s.as(x.token, "GET", profile, "").without()
	s.eventually(func() bool { return s.as(x.token, "POST", profile+"/erase", "").without().status == 200 })
	if done := s.as(x.token, "POST", profile+"/erase", "").want(200); done.get("state") != "erased" || done.get("erased_at") == "<nil>" || done.get("requested_at") != requested.get("requested_at") {
		t.Errorf("%s", done.body)
	}

	for _, path := range []string{profile, profile + "?as_of=" + then} {
		s.as(x.token, "GET", path, "").want(404, "not_found").without()
	}
	for _, path := range []string{
		org + "/users?q=canary", org + "/users?page_size=200&as_of=" + then, org + "/events?page_size=200",
		member + "?as_of=" + then, member + "/history", org + "/diff?from=2001-01-01&to=" + then, org + "/reports/who-had-access?as_of=" + then,
	} {
		s.as(x.token, "GET", path, "").want(200).without()
	}
	if report := s.as(x.token, "GET", org+"/reports/who-had-access?as_of="+then, ""); !strings.Contains(string(report.body), user) {
		t.Errorf("%s", report.body)
	}
	s.as(x.token, "PUT", profile, body, "Idempotency-Key", "once").want(404).without()
	for _, id := range []string{set, changed, back} {
		event := s.as(x.token, "GET", org+"/events/"+id, "").want(200).without()
		if event.get("data", "profile") != "<nil>" || event.get("data", "erased") != "true" {
			t.Errorf("%s", event.body)
		}
	}
	erasure := s.last(x, "user.erasure_requested", user)
	for _, id := range []string{set, changed, back} {
		s.revert(x, id, "").without().want(409, "not_reversible")
	}
	s.revert(x, erasure, "").want(409)
	s.revert(x, s.last(x, "user.erased", user), "").want(409, "not_reversible")

	// They come back, with another key.
	s.as(x.token, "PUT", profile, `{"email":"new@acme.example","name":{"first":"New"}}`).want(200)
	if got := s.as(x.token, "GET", profile, "").want(200).without().get("email"); got != "new@acme.example" {
		t.Errorf("the address is %s", got)
	}
	s.revert(x, s.last(x, "user.profile_set", user), "").without().want(409, "not_reversible")

	s.stop()
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, word := range gone {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s has %s", path, word)
			}
		}
		return err
	})
	if err != nil || files < 3 {
		t.Errorf("%d files: %v", files, err)
	}
}
