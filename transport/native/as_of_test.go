package native

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// nowOnly maps the operations that read and cannot be read as of an earlier moment to the
// reason.
var nowOnly = map[string]string{
	"get-self":            "what a token is and may do is what it may do now",
	"list-tokens":         "tokens are credentials: one that was good then opens nothing",
	"get-token":           "tokens are credentials: one that was good then opens nothing",
	"list-subscriptions":  "a subscription is a cursor, and shows how far it is now",
	"get-subscription":    "a subscription is a cursor, and shows how far it is now",
	"list-deliveries":     "deliveries are attempts, which are not in the log",
	"list-events":         "events are history themselves",
	"get-event":           "an event never changes",
	"get-event-proof":     "a proof is about an event, which never changes",
	"diff-workspace":      "it compares two moments of its own",
	"diff-organization":   "it compares two moments of its own",
	"list-reviews":        "a review is of the moment that it was opened for, and shows how far it is now",
	"get-review":          "a review is of the moment that it was opened for, and shows how far it is now",
	"list-review-rows":    "a review is of the moment that it was opened for, and shows how far it is now",
	"get-report":          "a report has moments of its own, which depend on its kind",
	"get-report-manifest": "a report has moments of its own, which depend on its kind",
	"issue-event-ticket":  "it reads nothing",

	"report-revocations":          "a report has moments of its own, which depend on its kind",
	"report-revocations-manifest": "a report has moments of its own, which depend on its kind",
	"ping-subscription":           "it reads nothing",
}

// takesAsOf reports whether an operation declares the parameter as_of.
func takesAsOf(op *huma.Operation) bool {
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return strings.HasSuffix(p.Ref, "/as_of") || p.Name == "as_of" })
}

// Every operation that reads takes as_of and documents the response header, or has a reason
// why not. No write takes it.
func TestEveryReadTakesAsOf(t *testing.T) {
	some := false
	for _, op := range documented(t).Operations() {
		if len(op.Security) == 0 {
			continue
		}
		reads := op.Method == http.MethodGet || slices.Contains(withoutRule, op.OperationID)
		_, excepted := nowOnly[op.OperationID]
		takes := takesAsOf(op)
		if takes != (reads && !excepted) {
			t.Errorf("%s: reads: %t, takes as_of: %t, has a reason not to: %t", op.OperationID, reads, takes, excepted)
		}
		if shown := op.Responses["200"] != nil && op.Responses["200"].Headers["Muster-As-Of"] != nil; shown != takes {
			t.Errorf("%s: takes as_of: %t, has Muster-As-Of: %t", op.OperationID, takes, shown)
		}
		some = some || takes
	}
	if !some {
		t.Error("no operation takes as_of")
	}
}

// askWith sends the request of the table of tenancy with a query.
func (s *service) askWith(token string, op *huma.Operation, x things, query string, headers ...string) answer {
	s.t.Helper()
	return s.as(token, op.Method, x.fill(op.Path)+"?"+query, x.fill(tenancy[op.OperationID].body), headers...)
}

// Each operation that takes as_of refuses what is not a moment of its organization, and says
// which position it has read.
func TestAsOfParameter(t *testing.T) {
	s := start(t, t.TempDir())
	before := time.Now().UTC().Add(-time.Hour)
	x := s.tenant("Acme")
	own := s.things(x)
	own["nobody"] = x.ws // of the batch of checks
	end := s.root("GET", "/v1/organizations/"+x.org+"/events", "").want(200).get("position")
	partition, _, _ := strings.Cut(end, "-")
	for _, op := range documented(t).Operations() {
		if !takesAsOf(op) {
			continue
		}
		for _, c := range []struct{ query, code string }{
			{"as_of=", "invalid_value"},
			{"as_of", "invalid_value"},
			{"as_of=" + end + "&as_of=" + end, "duplicate"},
			{"as_of=yesterday", "invalid_value"},
			{"as_of=2026-13-01", "invalid_value"},
			{"as_of=latest", "invalid_value"},
			{"as_of=-5", "invalid_value"},
			{"as_of=0001-01-01T00:00:00Z", "invalid_value"},
			{"as_of=9-1", "invalid_value"},
			{"as_of=" + map[string]string{"0": "1", "1": "0"}[partition] + "-1", "invalid_value"},
			{"as_of=9-0@2026-01-01", "invalid_value"},
			{"as_of=" + url.QueryEscape(time.Now().UTC().Add(time.Hour).Format(time.RFC3339)), "as_of_in_future"},
			{"as_of=" + partition + "-999999", "as_of_in_future"},
		} {
			got := s.askWith(x.token, op, own, c.query)
			if op.OperationID == "batch-check-access" && got.status == 200 { // each check has its own result
				if got.get("results", 0, "error", "code") != c.code || got.get("results", 0, "allowed") != "false" {
					t.Errorf("%s?%s: %s", op.OperationID, c.query, got.body)
				}
				continue
			}
			if got.want(422, c.code).get("errors", 0, "pointer") != "query.as_of" {
				t.Errorf("%s?%s: %s", op.OperationID, c.query, got.body)
			}
		}
		for _, moment := range []string{end, url.QueryEscape(s.now().UTC().Format(time.RFC3339Nano)), url.QueryEscape(s.now().In(time.FixedZone("", 3600)).Format(time.RFC3339Nano))} {
			got := s.askWith(x.token, op, own, "as_of="+moment, "If-None-Match", "*").want(200)
			if got.header.Get("Muster-As-Of") != end || got.header.Get("ETag") != "" {
				t.Errorf("%s as of %s: %v", op.OperationID, moment, got.header)
			}
		}
		if got := s.askWith(x.token, op, own, "").want(200); got.header["Muster-As-Of"] != nil {
			t.Errorf("%s now: %v", op.OperationID, got.header)
		}
		// Before the organization existed it is as if it did not exist.
		for _, moment := range []string{before.Format(time.RFC3339), before.Format(time.DateOnly), partition + "-0", partition + "-0@" + url.QueryEscape(s.now().UTC().Format(time.RFC3339Nano))} {
			switch got := s.askWith(x.token, op, own, "as_of="+moment); op.OperationID {
			case "list-organizations":
				if got.want(200).count() != 0 {
					t.Errorf("%s", got.body)
				}
			case "batch-check-access":
				if got.want(200).get("results", 0, "error", "code") != "not_found" {
					t.Errorf("%s", got.body)
				}
			default:
				got.want(404, "not_found")
			}
		}
	}
	// A write does not take it, and writes nothing.
	s.as(x.token, "PATCH", "/v1/workspaces/"+x.ws+"?as_of="+end, `{"name":"Renamed"}`).want(422, "unknown_parameter")
}

// What belongs to another organization is not found, whatever the moment is, with the same
// response as for something that does not exist.
func TestAsOfElsewhere(t *testing.T) {
	s := start(t, t.TempDir())
	x, y := s.tenant("Acme"), s.tenant("Other")
	foreign, none := s.things(y), absent()
	end := s.root("GET", "/v1/organizations/"+y.org+"/events", "").want(200).get("position")
	for _, op := range documented(t).Operations() {
		if !takesAsOf(op) || !names(op) || op.OperationID == "batch-check-access" {
			continue
		}
		for _, moment := range []string{end, "9-1", "0-999999", "2001-01-01"} {
			theirs, nobodys := s.askWith(x.token, op, foreign, "as_of="+moment), s.askWith(x.token, op, none, "as_of="+moment)
			theirs.want(404, "not_found")
			nobodys.want(404, "not_found")
			if theirs.header["Muster-As-Of"] != nil || nobodys.header["Muster-As-Of"] != nil {
				t.Errorf("%s as of %s: %v %v", op.OperationID, moment, theirs.header, nobodys.header)
			}
		}
	}
}

// The list of all organizations has those that existed at a time, with their names of then.
func TestAllOrganizationsAsOf(t *testing.T) {
	s := start(t, t.TempDir())
	s.clock.Store(int64(-time.Hour))
	var names []string
	var moments []string
	for _, name := range []string{"A", "B", "C"} {
		x := s.tenant(name)
		names = append(names, name)
		s.clock.Add(int64(time.Minute))
		moments = append(moments, url.QueryEscape(s.now().UTC().Format(time.RFC3339)))
		s.clock.Add(int64(time.Minute))
		s.root("PATCH", "/v1/organizations/"+x.org, `{"name":"Renamed"}`).want(200)
		s.clock.Add(int64(time.Minute))
	}
	for i, moment := range moments {
		var got []string
		for cursor := ""; ; {
			page := s.root("GET", "/v1/organizations?page_size=1&as_of="+moment+cursor, "").want(200)
			for i := range page.count() {
				got = append(got, page.get("items", i, "name"))
			}
			next := page.get("next_cursor")
			if next == "<nil>" {
				break
			}
			cursor = "&cursor=" + next
		}
		want := append(slices.Repeat([]string{"Renamed"}, i), names[i])
		if !slices.Equal(got, want) {
			t.Errorf("as of %s: %s, want %s", moment, got, want)
		}
	}
	for _, position := range []string{"0-1", "0-0", "0-0@" + moments[0]} {
		s.root("GET", "/v1/organizations?as_of="+position, "").want(422, "invalid_value")
	}
}
