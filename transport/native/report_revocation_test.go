package native

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// leaversOf returns the body of a request about a file of leavers.
func leaversOf(file string) string {
	text, err := json.Marshal(map[string]string{"leavers": file})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// revocations returns the report about a file, after comparing it with its manifest.
func (s *service) revocations(token, org, query, file string) answer {
	s.t.Helper()
	report := s.as(token, "POST", "/v1/organizations/"+org+"/reports/revocations?"+query, leaversOf(file)).want(200)
	link, _, _ := strings.Cut(strings.TrimPrefix(report.header.Get("Link"), "<"), ">")
	signed := s.as(token, "POST", link, leaversOf(file)).want(200)
	text, err := s.log.Verifier().OpenNote("report", signed.body)
	if err != nil {
		s.t.Fatalf("%v: %s", err, signed.body)
	}
	var m struct {
		Report, Position, SHA256 string
		Rows                     int
		Query                    map[string]string
		Leavers                  struct {
			Count  int
			SHA256 string
		}
	}
	if err := json.Unmarshal([]byte(text), &m, json.MatchCaseInsensitiveNames(true)); err != nil {
		s.t.Fatal(err)
	}
	sum, of := sha256.Sum256(report.body), sha256.Sum256([]byte(file))
	if m.SHA256 != hex.EncodeToString(sum[:]) || m.Leavers.SHA256 != hex.EncodeToString(of[:]) || m.Report != "revocations" || m.Query["within"] == "" {
		s.t.Errorf("%s: the manifest is not that of %s\n%s", text, file, report.body)
	}
	return report
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// The report says of each leaver how each access ended, and leaves nobody out.
func TestRevocations(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org, members := "/v1/organizations/"+x.org, "/v1/workspaces/"+x.ws+"/members/"
	ahead := func(d time.Duration) { s.clock.Add(int64(d)) }
	join := func(n int) (id string) {
		id = newText()
		s.as(x.token, "PUT", org+"/users/"+id, fmt.Sprintf(`{"email":"leaver%d@acme.example","name":{"first":"=Leaver","last":"%d"}}`, n, n)).want(200)
		s.as(x.token, "PUT", members+id, `{"role":"editor"}`).want(201)
		return id
	}
	prompt, slow, early, never := join(1), join(2), join(4), newText()
	join(3)
	s.as(x.token, "PUT", org+"/members/"+prompt, `{"role":"admin"}`)
	s.as(x.token, "PUT", org+"/users/"+never, `{"email":"never@acme.example"}`).want(200)
	s.as(x.token, "DELETE", members+early, "").want(204)
	expires := newText()
	ahead(time.Hour)
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", fmt.Sprintf(`{"user_id":%q,"role":"viewer","expires_at":%q}`, expires, stamp(s.now().Add(3*time.Hour)))).want(201)
	left := s.now()
	ahead(time.Hour)
	before := s.as(x.token, "POST", org+"/members/"+prompt+"/suspend", "", "Muster-Reason", "left").want(200).header.Get("Muster-Position")
	ahead(24 * time.Hour)
	removed := s.as(x.token, "DELETE", members+slow, "", "Muster-Reason", "forgotten", "Muster-On-Behalf-Of", x.owner).want(204).header.Get("Muster-Position")

	nobody := newText()
	file := "\ufeffemail,user_id,left_at\r\n" +
		"LEAVER1@acme.example,," + stamp(left) + "\r\n" +
		"," + slow + "," + stamp(left) + "\r\n" +
		"leaver3@acme.example,," + stamp(left) + "\r\n" +
		"," + early + "," + stamp(left) + "\r\n" +
		"never@acme.example,," + stamp(left) + "\r\n" +
		"," + nobody + "," + stamp(left) + "\r\n" +
		"," + prompt + "," + stamp(left) + "\r\n" +
		"," + slow + "," + stamp(left.Add(2*time.Hour)) + "\r\n" +
		"who@acme.example,," + stamp(left) + "\r\n" +
		"Who@acme.example,," + stamp(left) + "\r\n" +
		"," + expires + "," + stamp(left) + "\r\n"
	report := s.revocations(x.token, x.org, "within=24h", file)
	var got []string
	for _, row := range report.records() {
		got = append(got, strings.Join([]string{row["line"], row["access"], row["role"], row["status"], row["change"], row["reason"], row["same_as_line"]}, " "))
		switch row["line"] {
		case "2":
			if row["position"] != before || row["by"] != x.tokenID || row["user_id"] != prompt || row["name"] != "'=Leaver 1" || row["leaver"] != "LEAVER1@acme.example" || row["ended_at"] == "" {
				t.Errorf("%v", row)
			}
		case "3":
			if row["position"] != removed || row["on_behalf_of"] != x.owner || row["workspace"] != "Main" || row["leaver"] != slow || row["due_at"] != stamp(left.Add(24*time.Hour)) {
				t.Errorf("%v", row)
			}
		case "12":
			if row["ended_at"] == "" || row["event_id"] != "" && row["by"] != "muster" {
				t.Errorf("%v", row)
			}
		}
	}
	want := []string{
		"2 organization admin within organization.member_suspended left ",
		"2 membership editor within organization.member_suspended left ",
		"3 membership editor late member.removed forgotten ",
		"4 membership editor open   ",
		"5 membership editor before member.removed  ",
		"6   none   ",
		"7   unknown   ",
		"8   duplicate   2",
		"9 membership editor within member.removed forgotten 3",
		"10   unknown   ",
		"11   duplicate   10",
		"12 membership viewer within member.expired  ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	// As of an earlier moment it knows nothing later, and JSON Lines say the same as CSV.
	lines := fmt.Sprintf("\n{\"user_id\":%q,\"left_at\":%q}\n\n{\"email\":\"leaver3@acme.example\",\"left_at\":%[2]q}", slow, stamp(left))
	for _, row := range s.revocations(x.token, x.org, "as_of="+before, lines).records() {
		if row["status"] != "pending" || row["line"] != "2" && row["line"] != "4" {
			t.Errorf("%v", row)
		}
	}
	if page := s.revocations(x.token, x.org, "format=html&within=90m", lines); !strings.Contains(string(page.body), "<td>late</td>") || !strings.Contains(string(page.body), "<td>open</td>") {
		t.Errorf("%s", page.body)
	}
	if text := string(s.revocations(x.token, x.org, "format=jsonl", lines).body); strings.Count(text, "\n") != 2 || !strings.Contains(text, `"status":"late"`) {
		t.Errorf("%s", text)
	}

	// After a return, the access that began again counts.
	s.as(x.token, "PUT", members+slow, `{"role":"viewer"}`).want(201)
	back := s.revocations(x.token, x.org, "", lines).records()
	if len(back) != 3 || back[0]["status"] != "late" || back[1]["status"] != "open" || back[1]["role"] != "viewer" || back[1]["ended_at"] != "" {
		t.Errorf("%v", back)
	}
}

// A file with a wrong line is refused as a whole, and the problem names the lines.
func TestWrongLeavers(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	path := "/v1/organizations/" + x.org + "/reports/revocations"
	id := newText()
	for file, detail := range map[string]string{
		"user_id,left_at\n" + id + ",2026-01-01\n" + id + ",yesterday\n":                       "line 3: left_at is not",
		"user_id,left_at\n" + id + ",2026-01-01\nada,2026-01-01\n":                             "line 3: the user_id is not",
		"user_id,left_at\n\"" + id + "\",\"\n2026-01-01\"\nada,2026-01-01\n":                   "line 4: the user_id is not",
		"email,left_at\nada@acme.example,\n":                                                   "line 2: left_at is needed",
		"email,left_at\nada,2026-01-01\n":                                                      "line 2: the email is not",
		"email,left_at\n,2026-01-01\n":                                                         "line 2: a user_id or an email",
		"email,user_id,left_at\na@acme.example," + id + ",2026-01-01\n":                        "line 2: either",
		"email,left_at\na@acme.example,2026-01-01,x\n":                                         "line 2: 2 columns",
		"email,left_at\na@acme.example,2026-01-01\n\"b":                                        "line 3: a quotation mark",
		"mail,left_at\na@acme.example,2026-01-01\n":                                            "line 1: a header",
		"email,email,left_at\na@acme.example,,2026-01-01\n":                                    "line 1: a header",
		"a@acme.example,2026-01-01\n":                                                          "line 1: a header",
		"email\na@acme.example\n":                                                              "line 1: a header",
		`{"email":"a@acme.example","left_at":"2026-01-01"}` + "\n" + `{"email":1}`:             "line 2: an object like",
		`{"email":"a@acme.example","left_at":"2026-01-01"}` + "\n\n" + `{"left":"2026-01-01"}`: "line 3: an object like",
		`{"email":"a@acme.example","left_at":"2026-01-01"} x`:                                  "line 1: an object like",
	} {
		got := s.as(x.token, "POST", path, leaversOf(file)).want(422, "invalid_value")
		if text := got.get("errors", 0, "detail"); !strings.HasPrefix(text, detail) || got.get("errors", 0, "pointer") != "/leavers" {
			t.Errorf("%q: %s", file, got.body)
		}
	}
	many := "email,left_at\n" + strings.Repeat("x,2026-01-01\n", 100)
	var wrong struct {
		Errors []any `json:"errors"`
	}
	if s.as(x.token, "POST", path, leaversOf(many)).want(422).decode(&wrong); len(wrong.Errors) != maxWrong {
		t.Errorf("%d lines are reported", len(wrong.Errors))
	}
	s.as(x.token, "POST", path, leaversOf("email,left_at\n"+strings.Repeat("a@acme.example,2026-01-01\n", maxLeavers+1))).want(422, "too_many")
	s.as(x.token, "POST", path, leaversOf("email,left_at\n")).want(422, "required")
	s.as(x.token, "POST", path, `{"leavers":""}`).want(422, "required")
	one := leaversOf("email,left_at\na@acme.example,2026-01-01\n")
	for _, within := range []string{"1d", "-1h", "8785h", "9999999999999h"} {
		s.as(x.token, "POST", path+"?within="+within, one).want(422, "invalid_value")
	}
	all := s.as(x.token, "POST", path+"?within=0s", leaversOf("email,left_at\n"+strings.Repeat("a@acme.example,2026-01-01\n", maxLeavers))).want(200)
	if rows := all.records(); len(rows) != maxLeavers || rows[1]["status"] != "duplicate" {
		t.Errorf("%d rows", len(rows))
	}
	s.as(x.token, "GET", path, "").want(422, "invalid_value")
	s.as(s.tenant("Other").token, "POST", path, one).want(404, "not_found")
}

func FuzzLeavers(f *testing.F) {
	f.Add("email,left_at\na@acme.example,2026-01-01\n")
	f.Add("\ufeffuser_id,email,left_at\r\n\"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10\",,2026-01-01T00:00:00+02:00\r\n")
	f.Add(`{"email":"a@acme.example","left_at":"2026-01-01"}` + "\n\n{}")
	f.Add("email,left_at\n\"a")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := readLeavers(text)
		if (err == nil) != (len(found) > 0) {
			t.Fatalf("%d leavers, %v", len(found), err)
		}
		for i, l := range found {
			if l.user.IsZero() == (l.email == "") || l.left.IsZero() || l.line < 1 || i > 0 && l.line <= found[i-1].line {
				t.Errorf("%+v", l)
			}
		}
	})
}
