package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/wire"
)

// replayRow is a request for a command. Names in braces are placeholders for ids and tokens that
// earlier requests have returned; a name that no request has returned is a new id.
type replayRow struct {
	op   string // the operation's id
	call string // method and path
	body string
	keep string // NAME=FIELD: a field of the response, kept under the name
	// keepPosition is the name under which the response's position is kept.
	keepPosition string
	// keepEvent is the name under which the id of the last event is kept.
	keepEvent string
	header    []string
	token     string // the name of the token; root's if it is empty
	// refused says that the command is refused. A refusal has no record, so the command is
	// decided again.
	refused bool
	// erased says that the response shows somebody who is erased later, so that it is not given
	// again.
	erased bool
}

// replayRows have every operation that takes an Idempotency-Key, of all faces. None
// of them changes nothing.
var replayRows = []replayRow{
	{op: "create-organization", call: "POST /v1/organizations", body: `{"name":"Acme","owner":{"user_id":"{ada}","email":"ada@acme.example"}}`, keep: "org=id"},
	{op: "update-organization", call: "PATCH /v1/organizations/{org}", body: `{"name":"Apex"}`},
	{op: "create-role", call: "POST /v1/organizations/{org}/roles", body: `{"key":"auditor","name":"Auditor","level":15,"permissions":["reports.view"]}`, keep: "auditor=id"},
	{op: "update-role", call: "PATCH /v1/organizations/{org}/roles/{auditor}", body: `{"name":"Clerk","permissions":[]}`},
	{op: "create-workspace", call: "POST /v1/organizations/{org}/workspaces", body: `{"name":"Mill","owner_user_id":"{ada}"}`, keep: "ws=id"},
	{op: "update-workspace", call: "PATCH /v1/workspaces/{ws}", body: `{"name":"Store"}`, keepEvent: "renamed"},
	{op: "revert-event", call: "POST /v1/organizations/{org}/events/{renamed}/revert"},
	{op: "archive-workspace", call: "POST /v1/workspaces/{ws}/archive", keepPosition: "skipped"},
	{op: "restore-workspace", call: "POST /v1/workspaces/{ws}/restore"},
	{op: "put-organization-member", call: "PUT /v1/organizations/{org}/members/{ben}", body: `{"role":"member"}`},
	{op: "put-organization-member", call: "PUT /v1/organizations/{org}/members/{ben}", body: `{"role":"admin"}`},
	{op: "put-organization-member", call: "PUT /v1/organizations/{org}/members/{cleo}", body: `{"role":"member"}`}, // so that she can still read at the end
	{op: "put-user", call: "PUT /v1/organizations/{org}/users/{ben}", body: `{"email":"ben@acme.example","name":{"first":"Ben","last":"B"}}`},
	{op: "put-user", call: "PUT /v1/organizations/{org}/users/{ben}", body: `{"email":"ben@apex.example","name":{"first":"Ben","last":"B"}}`},
	{op: "suspend-organization-member", call: "POST /v1/organizations/{org}/members/{ben}/suspend"},
	{op: "reinstate-organization-member", call: "POST /v1/organizations/{org}/members/{ben}/reinstate"},
	{op: "suspend-organization-member", call: "POST /v1/organizations/{org}/members/{carl}/suspend", refused: true}, // unknown
	{op: "add-member", call: "POST /v1/workspaces/{ws}/members", body: `{"user_id":"{cleo}","role":"auditor"}`},
	{op: "add-member", call: "POST /v1/workspaces/{ws}/members", body: `{"user_id":"{dora}","role":"editor","email":"dora@acme.example","permissions":["reports.view"],"expires_at":"2099-01-01T00:00:00.1234567Z"}`},
	{op: "add-member", call: "POST /v1/workspaces/{ws}/members", body: `{"email":"edna@acme.example","role":"auditor","name":{"first":"Edna","last":"E"}}`, keep: "edna=user_id"},
	{op: "resend-invitation", call: "POST /v1/workspaces/{ws}/members/{edna}/resend"},
	{op: "accept-member-invitation", call: "POST /v1/workspaces/{ws}/members/{edna}/accept"},
	{op: "add-member", call: "POST /v1/workspaces/{ws}/members", body: `{"user_id":"{ben}","role":"owner"}`},
	{op: "transfer-ownership", call: "POST /v1/workspaces/{ws}/transfer-ownership", body: `{"from_user_id":"{ada}","to_user_id":"{ben}"}`}, // who is an owner already
	{op: "transfer-ownership", call: "POST /v1/workspaces/{ws}/transfer-ownership", body: `{"from_user_id":"{ben}","to_user_id":"{cleo}"}`},
	{op: "transfer-ownership", call: "POST /v1/workspaces/{ws}/transfer-ownership", body: `{"to_user_id":"{ada}"}`, header: []string{"Muster-On-Behalf-Of", "{cleo}"}},
	{op: "update-member", call: "PATCH /v1/workspaces/{ws}/members/{cleo}", body: `{"role":"auditor","permissions":["reports.view"],"expires_at":"2099-01-01T00:00:00Z"}`},
	{op: "suspend-member", call: "POST /v1/workspaces/{ws}/members/{cleo}/suspend"},
	{op: "reinstate-member", call: "POST /v1/workspaces/{ws}/members/{cleo}/reinstate"},
	{op: "put-member", call: "PUT /v1/workspaces/{ws}/members/{fred}", body: `{"role":"viewer"}`},
	{op: "put-member", call: "PUT /v1/workspaces/{ws}/members/{fred}", body: `{"role":"auditor","permissions":[]}`},
	{op: "leave-workspace", call: "POST /v1/workspaces/{ws}/members/{fred}/leave", header: []string{"Muster-On-Behalf-Of", "{fred}"}},
	{op: "remove-member", call: "DELETE /v1/workspaces/{ws}/members/{edna}", header: []string{"Muster-Reason", "left"}},
	{op: "add-member", call: "POST /v1/workspaces/{ws}/members", body: `{"user_id":"{edna}","role":"viewer"}`}, // again
	{op: "batch-members", call: "POST /v1/workspaces/{ws}/members/batch", body: `{"mode":"best_effort","operations":[
		{"op":"add","user_id":"{gus}","role":"auditor"}, {"op":"add","email":"hal@acme.example","role":"viewer"}, {"op":"update","user_id":"{cleo}","role":"editor"},
		{"op":"remove","user_id":"{edna}"}, {"op":"add","user_id":"{ben}","role":"viewer"}, {"op":"remove","user_id":"{nobody}"}]}`},
	{op: "batch-members", call: "POST /v1/workspaces/{ws}/members/batch", body: `{"mode":"atomic","operations":[
		{"op":"update","user_id":"{gus}","role":"viewer"}, {"op":"remove","user_id":"{cleo}"}, {"op":"add","email":"ivy@acme.example","role":"auditor"}]}`},
	{op: "issue-token", call: "POST /v1/organizations/{org}/tokens", body: `{"name":"bound","scopes":["all:all"],"workspace_id":"{ws}"}`, keep: "bound=secret"},
	{op: "issue-token", call: "POST /v1/organizations/{org}/tokens", body: `{"name":"short","scopes":["access:read"],"expires_at":"2099-01-01T00:00:00Z"}`, keep: "short=id"},
	{op: "rotate-token", call: "POST /v1/organizations/{org}/tokens/{short}/rotate"},
	{op: "revoke-token", call: "DELETE /v1/organizations/{org}/tokens/{short}"},

	{op: "create-subscription", call: "POST /v1/organizations/{org}/subscriptions", body: `{"name":"hook","kind":"webhook","url":"https://hooks.invalid/","types":["muster.workspace.archived"]}`, keep: "hook=id"},
	{op: "update-subscription", call: "PATCH /v1/organizations/{org}/subscriptions/{hook}", body: `{"name":"renamed"}`},
	{op: "rotate-subscription-secret", call: "POST /v1/organizations/{org}/subscriptions/{hook}/rotate-secret", body: `{"overlap_seconds":3600}`},
	{op: "pause-subscription", call: "POST /v1/organizations/{org}/subscriptions/{hook}/pause"},
	{op: "resume-subscription", call: "POST /v1/organizations/{org}/subscriptions/{hook}/resume"},
	{op: "pause-subscription", call: "POST /v1/organizations/{org}/subscriptions/{hook}/pause", body: `{"reason":"so that nothing is sent"}`},
	{op: "rewind-subscription", call: "POST /v1/organizations/{org}/subscriptions/{hook}/rewind", body: `{"from":"earliest"}`},
	{op: "skip-event", call: "POST /v1/organizations/{org}/subscriptions/{hook}/skip", body: `{"position":"{skipped}","reason":"not needed"}`},
	{op: "delete-subscription", call: "DELETE /v1/organizations/{org}/subscriptions/{hook}"},

	{op: "create-workspace-member", call: "POST /api/v2/workspace-members", body: `{"email":"jim@acme.example","role":"editor"}`, keep: "jim=id", token: "bound"},
	{op: "update-workspace-member", call: "PATCH /api/v2/workspace-members/{jim}", body: `{"role":"admin"}`, token: "bound"},
	{op: "delete-workspace-member", call: "DELETE /api/v2/workspace-members/{jim}", token: "bound"},
	{op: "add-workspace-member", call: "POST /api/v1/Workspaces/{ws}/members", body: `{"userId":"{kate}","accessLevel":2}`, keep: "teammate=id"},
	{op: "update-member-access", call: "PUT /api/v1/Workspaces/members/{teammate}/access", body: `{"role":3}`},
	{op: "update-access", call: "PUT /api/v1/Workspaces/members/access", body: `{"memberId":"{teammate}","newAccessLevel":1}`},
	{op: "put-workspace-membership", call: "PUT /workspaces/{ws}/memberships/{lea}", body: `{"userId":"{lea}","roleId":"00000000-0000-8000-8000-000000000030"}`},
	{op: "open-review", call: "POST /v1/organizations/{org}/reviews", body: `{"name":"Autumn"}`, keep: "review=id"},
	{
		op: "decide-review", call: "POST /v1/organizations/{org}/reviews/{review}/decisions", header: []string{"Muster-On-Behalf-Of", "{ada}"},
		body: `{"decisions":[{"workspace_id":"{ws}","user_id":"{lea}","decision":"kept"}]}`,
	},
	{op: "close-review", call: "POST /v1/organizations/{org}/reviews/{review}/close", body: `{"leave_undecided":true,"reason":"late"}`},
	{op: "remove-workspace-membership", call: "DELETE /workspaces/{ws}/memberships/{lea}"},

	{op: "remove-organization-member", call: "DELETE /v1/organizations/{org}/members/{gus}"}, // who has no role in it
	{op: "remove-organization-member", call: "DELETE /v1/organizations/{org}/members/{ben}"},
	{op: "put-user", call: "PUT /v1/organizations/{org}/users/{flo}", body: `{"email":"flo@acme.example"}`, erased: true},
	{op: "erase-user", call: "POST /v1/organizations/{org}/users/{flo}/erase"},
	{op: "archive-role", call: "DELETE /v1/organizations/{org}/roles/{auditor}"},
}

// replaying sends the requests of the rows.
type replaying struct {
	t     *testing.T
	names map[string]string
}

// fill replaces the names in braces.
func (p *replaying) fill(text string) string {
	for {
		before, rest, found := strings.Cut(text, "{")
		for found && (rest == "" || rest[0] < 'a' || rest[0] > 'z') { // a brace of JSON
			more, after, again := strings.Cut(rest, "{")
			before, rest, found = before+"{"+more, after, again
		}
		if !found {
			return text
		}
		name, after, _ := strings.Cut(rest, "}")
		if p.names[name] == "" {
			p.names[name] = uuid.NewString()
		}
		text = before + p.names[name] + after
	}
}

// send sends the n-th request with its key.
func (p *replaying) send(api apiClient, n int) reply {
	p.t.Helper()
	r := replayRows[n]
	if r.token != "" {
		api.token = p.names[r.token]
	}
	method, path, _ := strings.Cut(p.fill(r.call), " ")
	more := []string{"Idempotency-Key", fmt.Sprint("request ", n)}
	for _, text := range r.header {
		more = append(more, p.fill(text))
	}
	got, err := api.do(method, path, p.fill(r.body), more...)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

// shown is what must be the same in every response to the same request.
func (r reply) shown() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.status)
	for _, name := range []string{"Content-Type", "ETag", "Location", "Muster-Position", "Idempotency-Replayed"} {
		fmt.Fprintf(&b, "%s: %s\n", name, r.header.Get(name))
	}
	var body map[string]any
	if json.Unmarshal(r.body, &body) == nil {
		delete(body, "request_id")
		text, _ := json.MarshalIndent(body, "", "  ")
		return b.String() + string(text)
	}
	return b.String() + string(r.body)
}

// TestEveryCommandIsReplayed sends every command twice with the same key, then again after
// the node was restarted, and then to another node. The second response is the first one
// without its secrets, and the later responses are the same as the second one.
func TestEveryCommandIsReplayed(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	one, two := serving(t, t.TempDir(), "--nats-url", url), serving(t, t.TempDir(), "--nats-url", url)
	p := replaying{t, map[string]string{}}
	second := make([]reply, len(replayRows))
	last := ""
	for n, row := range replayRows {
		first := p.send(one.api, n)
		second[n] = p.send(one.api, n)
		replayed := second[n].header.Get("Idempotency-Replayed") == "true"
		if replayed == row.refused || first.status >= 400 != row.refused {
			t.Errorf("%s: %d %s, and again %s", row.call, first.status, first.body, second[n].shown())
		}
		second[n].sameBut(t, row, first)
		if name, field, ok := strings.Cut(row.keep, "="); ok {
			p.names[name] = first.field(t, field)
		}
		if row.keepPosition != "" {
			p.names[row.keepPosition] = first.header.Get("Muster-Position")
		}
		if at := first.header.Get("Muster-Position"); at != "" {
			last = at
		}
		if row.keepEvent != "" {
			p.names[row.keepEvent] = lastEvent(t, one.api, p.names["org"], last)
		}
	}
	one.stop()
	one.start()
	one.ready()
	two.api.must(200, "GET", "/v1/organizations/"+p.names["org"], "", needs(last)...)
	for name, node := range map[string]*process{"after a restart": one, "on another node": two} {
		for n, row := range replayRows {
			if row.erased {
				continue
			}
			if diff := cmp.Diff(second[n].shown(), p.send(node.api, n).shown()); diff != "" {
				t.Errorf("%s %s, %s (-the second answer +now):\n%s", row.op, row.call, name, diff)
			}
		}
	}
	everyCommandHasARow(t)
}

// lastEvent returns the id of the event at the position.
func lastEvent(t *testing.T, api apiClient, org, position string) string {
	t.Helper()
	at, err := wire.ParsePosition(position)
	if err != nil {
		t.Fatal(err)
	}
	at.Number--
	found := api.must(200, "GET", "/v1/organizations/"+org+"/events?page_size=1&after="+at.String(), "", needs(position)...)
	var list struct{ Items []struct{ ID string } }
	if err := json.Unmarshal(found.body, &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%s: %v", found.body, err)
	}
	return list.Items[0].ID
}

// sameBut demands that a second answer is the first one, apart from secrets and from what
// says that it is the second one. The results of a batch also leave out why operations
// were refused.
func (r reply) sameBut(t *testing.T, row replayRow, first reply) {
	t.Helper()
	mask := func(r reply) string {
		r.header = r.header.Clone()
		r.header.Del("Idempotency-Replayed")
		var body map[string]any
		if json.Unmarshal(r.body, &body) == nil {
			delete(body, "secret")
			delete(body, "invitation")
			for _, name := range []string{"position", "lag", "oldest_undelivered_at"} { // of a subscription, as of now
				delete(body, name)
			}
			if row.op == "batch-members" {
				clear(body)
			}
			r.body, _ = json.Marshal(body)
		}
		return r.shown()
	}
	if diff := cmp.Diff(mask(first), mask(r)); diff != "" {
		t.Errorf("%s %s (-first answer +second):\n%s", row.op, row.call, diff)
	}
}

// everyCommandHasARow finds in the OpenAPI documents the operations that take a key.
func everyCommandHasARow(t *testing.T) {
	t.Helper()
	rows := make(map[string]bool)
	for _, row := range replayRows {
		rows[row.op] = true
	}
	files, err := filepath.Glob("../../docs/openapi/*.json")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, "../../docs/openapi.json") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Paths map[string]map[string]struct {
				ID         string `json:"operationId"`
				Parameters []struct {
					Ref string `json:"$ref"`
				} `json:"parameters"`
			} `json:"paths"`
		}
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		for _, methods := range document.Paths {
			for _, operation := range methods {
				for _, parameter := range operation.Parameters {
					if !strings.HasSuffix(parameter.Ref, "/Idempotency-Key") {
						continue
					}
					if found++; !rows[operation.ID] {
						t.Errorf("%s: %s takes a key and has no row in replayRows", file, operation.ID)
					}
				}
			}
		}
	}
	if found < 35 {
		t.Errorf("only %d operations with a key were found: does the test still read the documents right?", found)
	}
}
