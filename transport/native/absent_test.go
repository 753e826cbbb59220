package native

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-dev/muster/transport/transporttest"
)

// No operation takes an empty parameter, or one that is sent twice, for one that was left
// out. The problem names the parameter.
func TestEmptyOrTwice(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	variants := transporttest.Variants(t, document(t))
	tried := 0
	for _, op := range documented(t).Operations() {
		if op.Method == http.MethodGet && len(op.Security) == 0 {
			continue // it takes nothing
		}
		token := rootToken
		if len(op.Security) == 0 {
			token = ""
		}
		path, body := absent().fill(op.Path), absent().fill(tenancy[op.OperationID].body)
		try := func(status int, name, query string, more http.Header) {
			t.Helper()
			header := http.Header{"Authorization": {"Bearer " + token}}
			maps.Copy(header, more)
			tried++
			if got, text := s.Send(t, op.Method, path+query, body, header); got != status || !strings.Contains(text, name) {
				t.Errorf("%s %s %v: %d %s, want %d naming %s", op.OperationID, query, more, got, text, status, name)
			}
		}
		takesBehalf := false
		for _, v := range variants[op.OperationID] {
			try(422, v.Name, v.Query, v.Header)
			takesBehalf = takesBehalf || v.Name == "header.Muster-On-Behalf-Of"
		}
		if !takesBehalf {
			for _, who := range []string{x.member, "garbage", ""} {
				try(422, "header.Muster-On-Behalf-Of", "", http.Header{"Muster-On-Behalf-Of": {who}})
			}
		}
		if token != "" {
			try(401, "Authorization", "", http.Header{"Authorization": {"Bearer " + token, "Bearer " + token}})
			try(401, "Authorization", "", http.Header{"Authorization": {""}})
		}
		if op.RequestBody != nil {
			for _, encodings := range [][]string{{"gzip"}, {"identity", "identity"}, {""}, {"identity, gzip"}} {
				try(415, "Content-Encoding", "", http.Header{"Content-Encoding": encodings})
			}
			for _, types := range [][]string{{""}, {"application/json", "application/json"}} {
				try(415, "Content-Type", "", http.Header{"Content-Type": types})
			}
			body = "null"
			try(422, "wrong_type", "", nil)
		}
	}
	if tried < 500 {
		t.Errorf("only %d requests were tried: does the test still read the document right?", tried)
	}
	s.root("PATCH", "/v1/workspaces/"+x.ws+"/members/"+x.member, `{"role":"viewer"}`, "Content-Encoding", "Identity").want(200)
	s.root("GET", "/v1/workspaces/"+x.ws+"/members?&page_size=2&", "").want(200) // nothing is left out between two &
}

// Queries that cannot be read are refused, and nothing is written.
func TestUnreadableQueries(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	for query, pointer := range map[string]string{
		"a;validate_only=true":                 "query.a;validate_only",
		"validate_only=true;":                  "query.validate_only",
		"%zz=1":                                "query.%zz",
		"%ff=1":                                "query.%ff",
		"validate_only=%":                      "query.validate_only",
		"validate_only=%C3%28":                 "query.validate_only",
		"\xff=1":                               "query.\uFFFD",
		"validate_only=":                       "query.validate_only",
		"validate_only":                        "query.validate_only",
		"=true":                                "query.",
		"validate_only=false&validate_only=1":  "query.validate_only",
		"validate_only=true&%76alidate_only=1": "query.validate_only",
		strings.Repeat("&", 1000):              "query",
		"validate_only=true" + strings.Repeat("&", 1000):  "query",
		"validate_only=true" + strings.Repeat("&", 10000): "query",
	} {
		got := s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members?"+query, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, newText())).want(422)
		if got.get("errors", 0, "pointer") != pointer {
			t.Errorf("%s: %s, want %s", query, got.body, pointer)
		}
	}
	s.as(x.token, "POST", "/v1/workspaces/"+x.ws+"/members?validate_only=true"+strings.Repeat("&", 999), fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, newText())).want(201)
	if got := s.as(x.token, "GET", "/v1/workspaces/"+x.ws+"/members", "").want(200).count(); got != 2 {
		t.Errorf("there are %d members", got)
	}
}

// The nil UUID and the zero time are refused wherever an id or a time is read. Otherwise
// they would count as left out.
func TestZeroValues(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	const none = "00000000-0000-0000-0000-000000000000"
	members, tokens := "/v1/workspaces/"+x.ws+"/members", "/v1/organizations/"+x.org+"/tokens"
	member, events := members+"/"+x.member, "/v1/organizations/"+x.org+"/events"
	for _, c := range []struct{ method, path, body, code, pointer string }{
		{"POST", tokens, `{"name":"x","scopes":["all:all"],"user_id":"` + none + `"}`, "invalid_id", "/user_id"},
		{"POST", tokens, `{"name":"x","scopes":["all:all"],"workspace_id":"` + none + `"}`, "invalid_id", "/workspace_id"},
		{"POST", members, `{"role":"viewer","email":"a@b.example","user_id":"` + none + `"}`, "invalid_id", "/user_id"},
		{"POST", members + "/batch", `{"mode":"atomic","operations":[{"op":"remove","user_id":"` + none + `"}]}`, "invalid_id", "/operations/0/user_id"},
		{"POST", "/v1/access/check", `{"user_id":"` + none + `","workspace_id":"` + x.ws + `","role":"viewer"}`, "invalid_id", "/user_id"},
		{"POST", "/v1/invitations/accept", `{"token":"x","user_id":"` + none + `"}`, "invalid_id", "/user_id"},
		{"GET", members + "/" + none, "", "invalid_id", "path.user"},
		{"GET", events + "?user_id=" + none, "", "invalid_id", "query.user_id"},
		{"GET", events + "?after=0001-01-01T00:00:00Z", "", "invalid_value", "query.after"},
		{"GET", events + "?after=0001-01-01", "", "invalid_value", "query.after"},
		{"POST", tokens, `{"name":"x","scopes":["all:all"],"expires_at":"0001-01-01T00:00:00Z"}`, "invalid_time", "/expires_at"},
		{"POST", members, `{"role":"viewer","user_id":"` + newText() + `","expires_at":"0001-01-01T00:00:00.000Z"}`, "invalid_time", "/expires_at"},
		{"POST", members, `{"role":"viewer","user_id":"` + newText() + `","expires_at":"0001-01-01T00:00:00.0009Z"}`, "invalid_time", "/expires_at"},
		{"PUT", member, `{"role":"viewer","expires_at":"0001-01-01T05:30:00+05:30"}`, "invalid_time", "/expires_at"},
		{"PATCH", member, `{"expires_at":"0001-01-01T00:00:00Z"}`, "invalid_time", "/expires_at"},
		{"PATCH", member, `{"expires_at":"\u0030001-01-01T00:00:00Z"}`, "invalid_time", "/expires_at"},
		{"POST", members + "/batch", `{"mode":"atomic","operations":[{"op":"update","user_id":"` + x.member + `","expires_at":"0001-01-01T00:00:00Z"}]}`, "invalid_time", "/operations/0/expires_at"},
	} {
		got := s.as(x.token, c.method, c.path, c.body).want(422, c.code)
		if got.get("errors", 0, "pointer") != c.pointer {
			t.Errorf("%s %s %s: %s", c.method, c.path, c.body, got.body)
		}
	}
	// Null leaves out what need not be there.
	if got := s.as(x.token, "POST", tokens, `{"name":"x","scopes":["all:all"],"user_id":null,"expires_at":null}`).want(201); got.get("user_id") != "<nil>" {
		t.Errorf("%s", got.body)
	}
}

// Null is neither a body nor an item of a list.
func TestNulls(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	for _, c := range []struct{ method, path, body, pointer string }{
		{"PATCH", members + "/" + x.member, " null ", ""},
		{"POST", members + "/" + x.member + "/resend", "null", ""},
		{"POST", members + "/batch", `{"mode":"atomic","operations":[{"op":"remove","user_id":"` + x.member + `"},null]}`, "/operations/1"},
		{"PATCH", members + "/" + x.member, `{"permissions":[null]}`, "/permissions/0"},
		{"POST", "/v1/access/batch-check", `{"checks":[null]}`, "/checks/0"},
		{"POST", "/v1/organizations/" + x.org + "/tokens", `{"name":"x","scopes":["all:all",null]}`, "/scopes/1"},
	} {
		if got := s.as(x.token, c.method, c.path, c.body).want(422, "wrong_type"); got.get("errors", 0, "pointer") != c.pointer {
			t.Errorf("%s %s: %s", c.path, c.body, got.body)
		}
	}
	s.as(x.token, "PATCH", members+"/"+x.member, `{"permissions":null}`).want(200)
}

// Tags are compared as texts.
func TestETagsAreTexts(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	workspace := "/v1/workspaces/" + x.ws
	member := workspace + "/members/" + x.member
	tag := s.as(x.token, "GET", member, "").want(200).header.Get("ETag")
	version := strings.Trim(tag, `"`)
	for _, other := range []string{`"0` + version + `"`, `"+` + version + `"`, `"` + version + `,"`, `"18446744073709551615"`, `"1", "0` + version + `"`} {
		s.as(x.token, "PATCH", member, `{"role":"editor"}`, "If-Match", other).want(412, "precondition_failed")
	}
	for _, malformed := range []string{version, `"` + version, tag + ",", "*, " + tag, tag + tag} {
		s.as(x.token, "PATCH", member, `{"role":"editor"}`, "If-Match", malformed).want(422, "invalid_value")
		s.as(x.token, "GET", workspace, "", "If-None-Match", malformed).want(422, "invalid_value")
	}
	for _, space := range []string{"\u00a0", "\u3000", "\u2028", "\u0085", "\u00a0*", tag + "\u00a0", tag + ",\u00a0" + tag} {
		for _, name := range []string{"If-Match", "If-None-Match"} {
			s.as(x.token, "PATCH", member, `{"role":"editor"}`, name, space).want(422, "invalid_value")
		}
		s.as(x.token, "GET", workspace, "", "If-None-Match", space).want(422, "invalid_value")
	}
	s.as(x.token, "GET", workspace, "", "If-None-Match", "\"x\"\t,\t"+s.as(x.token, "GET", workspace, "").header.Get("ETag")).want(304)
	s.as(x.token, "PATCH", member, `{"role":"viewer"}`, "If-Match", `"a,b" , `+tag).want(200)
}

// What would bound a write is refused where it would not, and so is a body that says
// something where none is read.
func TestUnexpected(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	accept := "/v1/invitations/accept"
	for _, name := range []string{"If-Match", "If-None-Match", "Idempotency-Key", "Muster-Reason", "Muster-On-Behalf-Of"} {
		for _, value := range []string{"", `"1"`} {
			if got := s.as("", "POST", accept, `{"token":"x"}`, name, value).want(422, "unexpected_header"); got.get("errors", 0, "pointer") != "header."+name {
				t.Errorf("%s: %s", name, got.body)
			}
		}
	}
	suspend := "/v1/workspaces/" + x.ws + "/members/" + x.member + "/suspend"
	for _, body := range []string{`{"validate_only":true}`, "null", "[]", "not json", strings.Repeat("x", 100)} {
		s.as(x.token, "POST", suspend, body).want(422, "unexpected_body")
		s.as(x.token, "DELETE", "/v1/workspaces/"+x.ws+"/members/"+x.member, body).want(422, "unexpected_body")
	}
	s.as(x.token, "POST", suspend, " {} ").want(200)
}
