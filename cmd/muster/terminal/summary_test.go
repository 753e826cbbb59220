package terminal

import (
	"encoding/json"
	"testing"
)

// A summary shows changes with an arrow and leaves ids and hashes out.
func TestSummary(t *testing.T) {
	for data, want := range map[string]string{
		`{}`: "",
		`{"membership_id":"019cc043-af91-783e-9927-3daab1cd9277","role":"viewer"}`:              "role viewer",
		`{"membership_id":"019cc043","role":{"from":"viewer","to":"editor"}}`:                   "role viewer → editor",
		`{"profile":{"email":"ada@example.com","name":{"first":"Ada","last":"Byron"}}}`:         "profile ada@example.com Ada Byron",
		`{"token":{"id":"019cc043","name":"ci","secret_sha256":"9f86","scopes":["a:b","c:d"]}}`: "token ci a:b c:d",
		`{"something_new":{"from":null,"to":7},"more":[true]}`:                                  "more true, something new  → 7",
		`["a newer shape"]`: `["a newer shape"]`,
	} {
		if got := Summary(json.RawMessage(data), nil); got != want {
			t.Errorf("Summary(%s) = %q, not %q", data, got, want)
		}
	}
}

// With names, ids are shown as what they are the ids of, and left out if that is not known.
func TestSummaryWithNames(t *testing.T) {
	named := func(_, text string) string {
		return map[string]string{"019cc043": "Ada", "019cc044": "Grace", "viewer": "Viewer"}[text]
	}
	for data, want := range map[string]string{
		`{"membership_id":"019cc049","role":"viewer"}`:                              "role Viewer",
		`{"role":{"from":"viewer","to":"auditor"}}`:                                 "role Viewer → auditor",
		`{"owner_user_id":{"from":"019cc043","to":"019cc044"}}`:                     "owner user Ada → Grace",
		`{"other_id":{"from":"019cc048","to":"019cc049"},"secret_sha256":"viewer"}`: "",
		`{"token":{"id":"019cc043","name":"ci","user_id":"019cc044"}}`:              "token ci Grace",
	} {
		if got := Summary(json.RawMessage(data), named); got != want {
			t.Errorf("Summary(%s) = %q, not %q", data, got, want)
		}
	}
}
