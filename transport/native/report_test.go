package native

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/events/wire"
)

// records returns the rows of a report in CSV, by the names of their columns.
func (a answer) records() (rows []map[string]string) {
	a.t.Helper()
	all, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	if err != nil || len(all) == 0 {
		a.t.Fatalf("%v: %s", err, a.body)
	}
	for _, cells := range all[1:] {
		row := make(map[string]string)
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// manifest demands that the report is what its signed manifest says, and returns the manifest.
func (s *service) manifest(token string, report answer) (m struct {
	Report, Position, SHA256, Checkpoint string
	Rows                                 int
},
) {
	s.t.Helper()
	report.want(200)
	link, _, _ := strings.Cut(strings.TrimPrefix(report.header.Get("Link"), "<"), ">")
	signed := s.as(token, "GET", link, "").want(200)
	text, err := s.log.Verifier().OpenNote("report", signed.body)
	if err != nil {
		s.t.Fatalf("%v: %s", err, signed.body)
	}
	if err := json.Unmarshal([]byte(text), &m, json.MatchCaseInsensitiveNames(true)); err != nil {
		s.t.Fatal(err)
	}
	if sum := sha256.Sum256(report.body); m.SHA256 != hex.EncodeToString(sum[:]) {
		s.t.Errorf("%s: the manifest is not that of\n%s", text, report.body)
	}
	return m
}

func isNumber(value any) bool {
	_, is := value.(float64)
	return is
}

// A text that a spreadsheet would take for a formula is made inert.
func TestInertCells(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "a": "a", "é=": "é=", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\t": "'\t", "＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠a": "'＠a",
	} {
		if got := inert(cell); got != want {
			t.Errorf("%q: %q", cell, got)
		}
	}
}

// Reports say who had access as of a moment, whatever has happened since, and their manifests
// prove it.
func TestReports(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	path := "/v1/organizations/" + x.org + "/reports/"
	evil := newText()
	s.as(x.token, "PUT", "/v1/organizations/"+x.org+"/users/"+evil, `{"email":"evil@acme.example","name":{"first":"=cmd()","last":"<b>"}}`)
	then := s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members", fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, evil)).want(201).header.Get("Muster-Position")
	s.as(x.token, "DELETE", "/v1/workspaces/"+x.ws+"/members/"+evil, "", "Muster-Reason", "left").want(204)

	before := s.as(x.token, "GET", path+"who-had-access?as_of="+then, "").want(200)
	had := false
	for _, row := range before.records() {
		if row["user_id"] == evil {
			had = row["name"] == "'=cmd() <b>" && row["role"] == "viewer" && row["source"] == "direct" && row["workspace_id"] == x.ws
		}
	}
	if m := s.manifest(x.token, before); !had || m.Position != then || m.Rows != len(before.records()) || !strings.HasPrefix(m.Checkpoint, "muster/") {
		t.Errorf("%+v\n%s", m, before.body)
	}
	now := s.as(x.token, "GET", path+"who-had-access?workspace_id="+x.ws, "").want(200)
	if s.manifest(x.token, now); len(now.records()) != len(before.records())-1 || strings.Contains(string(now.body), evil) {
		t.Errorf("%s", now.body)
	}
	other := s.tenant("Other")
	for _, ws := range []string{newText(), other.ws} {
		s.as(x.token, "GET", path+"who-had-access?workspace_id="+ws, "").want(404, "not_found")
	}
	for _, row := range s.as(x.token, "GET", path+"privileged?as_of="+then, "").want(200).records() {
		if row["user_id"] != x.owner {
			t.Errorf("privileged: %v", row)
		}
	}
	changes := s.as(x.token, "GET", path+"joiners-movers-leavers?from=2020-01-01", "").want(200)
	var kinds []string
	for _, row := range changes.records() {
		if row["user_id"] == evil {
			kinds = append(kinds, row["kind"]+" "+row["change"]+" "+row["reason"])
		}
	}
	if s.manifest(x.token, changes); strings.Join(kinds, ", ") != "joiner member.added , leaver member.removed left" {
		t.Errorf("%v", kinds)
	}
	s.as(x.token, "GET", path+"joiners-movers-leavers?from="+then+"&to=2020-01-01", "").want(422, "invalid_value")
	later := s.as(x.token, "GET", path+"joiners-movers-leavers?from="+then, "").want(200)
	if len(later.records()) != 1 {
		t.Errorf("%s", later.body)
	}

	page := s.as(x.token, "GET", path+"who-had-access?as_of="+then, "", "Accept", "text/html").want(200)
	if text := string(page.body); !strings.Contains(text, "=cmd() &lt;b&gt;") || strings.Contains(text, "<script") || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Errorf("%s", text)
	}
	s.manifest(x.token, page)
	lines := s.as(x.token, "GET", path+"who-had-access?format=jsonl&as_of="+then, "").want(200)
	for line := range strings.Lines(string(lines.body)) {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil || row["workspace_id"] != x.ws || !isNumber(row["level"]) {
			t.Errorf("%v: %s", err, line)
		}
	}

	if same := s.as(x.token, "GET", path+"who-had-access?as_of="+then, "", "Accept", "application/json").want(200); string(same.body) != string(lines.body) {
		t.Errorf("%s", same.body)
	}

	review := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/reviews", `{"name":"Spring"}`).want(201).get("id")
	s.as(x.token, "POST", "/v1/organizations/"+x.org+"/reviews/"+review+"/decisions",
		fmt.Sprintf(`{"decisions":[{"workspace_id":%q,"user_id":%q,"decision":"kept","reason":"needed"}]}`, x.ws, x.member), "Muster-On-Behalf-Of", x.owner).want(200)
	row := fmt.Sprintf(`{"workspace_id":%q,"user_id":%q,"decision":"kept"}`, x.ws, x.member)
	twice := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/reviews/"+review+"/decisions", `{"decisions":[`+row+`,`+row+`]}`, "Muster-On-Behalf-Of", x.owner).want(422, "duplicate")
	if got := twice.get("detail"); got != "/decisions/1: a decision before this one is about the same row" {
		t.Errorf("%s", got)
	}
	decided := s.as(x.token, "GET", path+"access-review?review_id="+review, "").want(200)
	kept := 0
	for _, row := range decided.records() {
		if row["decision"] == "kept" && row["decided_by"] == x.owner && row["reason"] == "needed" {
			kept++
		}
	}
	if s.manifest(x.token, decided); kept != 1 || len(decided.records()) != 2 {
		t.Errorf("%s", decided.body)
	}

	for query, code := range map[string]string{
		"who-had-access?from=2020-01-01": "not_applicable", "joiners-movers-leavers": "required", "access-review": "required", "nothing": "invalid_value",
		"who-had-access?as_of=2035-01-01": "as_of_in_future", "who-had-access?format=xls": "invalid_value",
	} {
		s.as(x.token, "GET", path+query, "").want(422, code)
	}
	s.as(x.token, "GET", path+"who-had-access?as_of="+time.Unix(0, 0).UTC().Format(time.RFC3339), "").want(404, "not_found")
	another := s.tenant("Globex")
	s.as(another.token, "GET", path+"who-had-access", "").want(404, "not_found")
	s.as(another.token, "GET", "/v1/organizations/"+another.org+"/reports/access-review?review_id="+review, "").want(404, "not_found")
}

// The checkpoint in the manifest of an access review covers the decisions, which are later than the
// moment that is reviewed.
func TestManifestsCoverDecisions(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	org := "/v1/organizations/" + x.org
	review := s.as(x.token, "POST", org+"/reviews", `{"name":"Spring"}`).want(201).get("id")
	path := org + "/reports/access-review?review_id=" + review
	covered := func() wire.Position {
		t.Helper()
		m := s.manifest(x.token, s.as(x.token, "GET", path, ""))
		size, err := strconv.ParseUint(strings.Split(m.Checkpoint, "\n")[1], 10, 64)
		at, broken := wire.ParsePosition(m.Position)
		if err != nil || broken != nil {
			t.Fatalf("%+v: %v %v", m, err, broken)
		}
		at.Number = size
		return at
	}
	covered() // or there may be no checkpoint yet that is too old
	decided := s.as(x.token, "POST", org+"/reviews/"+review+"/decisions",
		fmt.Sprintf(`{"decisions":[{"workspace_id":%q,"user_id":%q,"decision":"kept"}]}`, x.ws, x.member), "Muster-On-Behalf-Of", x.owner).want(200)
	want, err := wire.ParsePosition(decided.header.Get("Muster-Position"))
	if got := covered(); err != nil || got.Partition != want.Partition || got.Number < want.Number {
		t.Errorf("the checkpoint has %d events, and the decision is %d: %v", got.Number, want.Number, err)
	}
}
