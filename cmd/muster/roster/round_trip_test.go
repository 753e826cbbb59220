package roster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// What is exported from one workspace and imported into an empty one is exported from
// that one again, whatever the members are.
func TestRoundTrip(t *testing.T) {
	s := serve(t)
	rapid.Check(t, func(rt *rapid.T) {
		org, owner := s.organization()
		s.call(http.MethodPost, "/v1/organizations/"+org+"/roles", `{"key":"auditor","name":"Auditor","level":25,"permissions":["books.view"]}`, nil)
		from := s.workspace(org, owner)
		drawMembers(rt, s, from)
		for _, format := range []string{"csv", "jsonl"} {
			file := s.exports(from, format)
			to := s.workspace(org, owner) // empty but for the owner, who is in the file too
			if r := s.imports(to, file, "--from", format, "--batch", "3"); len(r.Rejected) != 1 || r.Rejected[0].Code != "already_member" || len(r.Notes) > 0 {
				rt.Fatalf("%s:\n%s\nimported: %s, %v, %v", format, file, reported(&r), r.Rejected, r.Notes)
			}
			if got := s.exports(to, format); sorted(got) != sorted(file) {
				rt.Fatalf("exported as %s:\n%s\nimported and exported:\n%s", format, file, got)
			}
		}
	})
}

func sorted(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

var (
	// Texts that a spreadsheet, CSV or JSON could take for something else.
	texts = rapid.Custom(func(t *rapid.T) string {
		middle := rapid.StringOfN(rapid.RuneFrom([]rune(`=+-@';,"\|<&é日 aB`)), 0, 8, -1).Draw(t, "text")
		return rapid.SampledFrom([]string{"=", "+", "-", "@", "'", `"`, "A", "é"}).Draw(t, "begins") + middle + "z"
	})
	locals      = rapid.SampledFrom([]string{"ada", "=ada", "+ada", "-ada", "'ada", "'=ada", "ADA"})
	permissions = rapid.SampledFrom([][]string{nil, {}, {"workspace.view"}, {"reports.view", "reports.export"}})
)

// drawMembers adds members of all kinds to a workspace.
func drawMembers(t *rapid.T, s *service, ws string) {
	operations := []map[string]any{}
	for n := range rapid.IntRange(0, 7).Draw(t, "members") {
		m := map[string]any{
			"op": "add", "role": rapid.SampledFrom([]string{"owner", "admin", "editor", "viewer", "client", "auditor"}).Draw(t, "role"),
			"permissions": permissions.Draw(t, "permissions"),
		}
		if rapid.Bool().Draw(t, "ends") {
			m["expires_at"] = time.Now().Add(time.Hour * time.Duration(n+1)).UTC().Format("2006-01-02T15:04:05.000Z")
		}
		invited := rapid.Bool().Draw(t, "invited")
		if !invited {
			m["user_id"] = uuid.NewString()
			m["suspended"] = rapid.Bool().Draw(t, "suspended")
		}
		if invited || rapid.Bool().Draw(t, "with an address") {
			m["email"] = fmt.Sprintf("%s%d@acme.example", locals.Draw(t, "address"), n)
			m["name"] = map[string]string{"first": texts.Draw(t, "first"), "last": rapid.OneOf(rapid.Just(""), texts).Draw(t, "last")}
			if rapid.Bool().Draw(t, "avatar") {
				m["avatar_url"] = "https://acme.example/a,b.png"
			}
		}
		operations = append(operations, m)
	}
	if len(operations) == 0 {
		return
	}
	body, err := json.Marshal(map[string]any{"mode": "atomic", "operations": operations})
	if err != nil {
		t.Fatal(err)
	}
	s.call(http.MethodPost, "/v1/workspaces/"+ws+"/members/batch", string(body), nil)
}

// If the organization knows the address of an invited person as another user's than the
// file says, the note says nothing else.
func TestNoteOfAKnownAddress(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	known, other := uuid.NewString(), uuid.NewString()
	s.call(http.MethodPut, "/v1/organizations/"+org+"/users/"+known, `{"email":"ada@x.example"}`, nil)
	r := s.imports(s.workspace(org, owner), "user_id,email,state,role\n"+other+",ada@x.example,invited,viewer\n")
	want := "invited by the address: the user id is " + known + ", and not " + other + " as the file says"
	if len(r.Notes) != 1 || r.Notes[0].Detail != want {
		t.Errorf("%s, %v, not %s", reported(&r), r.Notes, want)
	}
}

// Into another organization, an invited person comes back invited, under another user id.
// That is said.
func TestRoundTripIntoAnotherOrganization(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	from := s.workspace(org, owner)
	s.call(http.MethodPost, "/v1/workspaces/"+from+"/members/batch", fmt.Sprintf(`{"mode":"atomic","operations":[
		{"op":"add","email":"ivy@acme.example","role":"editor","permissions":[]},
		{"op":"add","user_id":%q,"email":"sue@acme.example","role":"owner","suspended":true},
		{"op":"add","user_id":%q,"role":"viewer"}]}`, uuid.NewString(), uuid.NewString()), nil)
	for format, ownersLine := range map[string]int{"csv": 2, "jsonl": 1} {
		other, otherOwner := s.organization()
		to := s.workspace(other, otherOwner)
		r := s.imports(to, s.exports(from, format), "--from", format)
		// The owner's address is another user's in the other organization.
		if got, want := reported(&r), fmt.Sprintf("2 added, 1 suspended, 1 invited, %d email_taken", ownersLine); got != want {
			t.Errorf("%s: %s, not %s: %v", format, got, want, r.Rejected)
		}
		if len(r.Notes) != 1 || r.Notes[0].Who != "ivy@acme.example" {
			t.Errorf("%s: the notes are %v", format, r.Notes)
		}
		states := s.exports(to, "csv")
		for _, want := range []string{",ivy@acme.example,,,,editor,none,,invited\n", ",sue@acme.example,,,,owner,,,suspended\n", ",,,,,viewer,,,active\n"} {
			if !strings.Contains(states, want) {
				t.Errorf("%s: no line ends in %s in\n%s", format, want, states)
			}
		}
	}
}
