package subscription

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

const org = "42ecd324-fd52-5a58-9182-ae398d22f516"

// answering is a service that returns the body for each request, and remembers the requests.
type answering struct {
	t        *testing.T
	url      string
	body     string
	requests []string
}

func answer(t *testing.T, body string) *answering {
	t.Helper()
	a := &answering{t: t, body: body}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent bytes.Buffer
		_, _ = sent.ReadFrom(r.Body)
		a.requests = append(a.requests, strings.TrimSpace(r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), "/v1/organizations/"+org+"/subscriptions")+" "+sent.String()))
		fmt.Fprint(w, a.body)
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// run runs muster subscription with the arguments.
func (a *answering) run(arguments ...string) (stdout, stderr string, err error) {
	var out, logs bytes.Buffer
	root := &cobra.Command{Use: "muster", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(New())
	root.SetOut(&out)
	root.SetErr(&logs)
	root.SetArgs(slices.Concat([]string{"subscription"}, arguments, []string{"--organization", org, "--url", a.url, "--token", "a-token"}))
	err = root.ExecuteContext(a.t.Context())
	return out.String(), logs.String(), err
}

// Each command sends what its flags say, and nothing about what was not given.
func TestRequests(t *testing.T) {
	id, ws := uuid.NewString(), uuid.NewString()
	a := answer(t, `{"id":"`+id+`","name":"billing","outcome":"delivered"}`)
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"create", "--name", "billing", "--endpoint", "https://a.example/b"}, `POST  {"kind":"webhook","name":"billing","url":"https://a.example/b"}`},
		{
			[]string{"create", "--name", "a b", "--endpoint", "https://a.example", "--type", "member.*,muster.role.created", "--type", "user.profile_set", "--workspace", ws, "--from", "0-17", "--include", "profile", "--batch", "100"},
			`POST  {"batch":100,"from":"0-17","include":["profile"],"kind":"webhook","name":"a b","types":["muster.member.*","muster.role.created","muster.user.profile_set"],"url":"https://a.example","workspace_id":"` + ws + `"}`,
		},
		{[]string{"create", "--name", "search", "--kind", "nats"}, `POST  {"kind":"nats","name":"search"}`},
		{[]string{"get", id}, "GET /" + id},
		{[]string{"update", id, "--name", "b"}, "PATCH /" + id + ` {"name":"b"}`},
		{[]string{"update", id, "--all-types", "--all-workspaces", "--include", "none"}, "PATCH /" + id + ` {"include":[],"types":[],"workspace_id":null}`},
		{[]string{"pause", id}, "POST /" + id + "/pause {}"},
		{[]string{"pause", id, "--reason", "ticket"}, "POST /" + id + `/pause {"reason":"ticket"}`},
		{[]string{"resume", id}, "POST /" + id + "/resume"},
		{[]string{"rewind", id, "--from", "earliest"}, "POST /" + id + `/rewind {"from":"earliest"}`},
		{[]string{"skip", id, "--position", "0-17", "--reason", "ticket"}, "POST /" + id + `/skip {"position":"0-17","reason":"ticket"}`},
		{[]string{"ping", id}, "POST /" + id + "/ping"},
		{[]string{"deliveries", id, "--count", "7"}, "GET /" + id + "/deliveries?page_size=7"},
		{[]string{"rotate-secret", id}, "POST /" + id + "/rotate-secret {}"},
		{[]string{"rotate-secret", id, "--overlap", "24h"}, "POST /" + id + `/rotate-secret {"overlap_seconds":86400}`},
		{[]string{"delete", id}, "DELETE /" + id},
	} {
		a.requests = nil
		if _, _, err := a.run(c.arguments...); err != nil || !slices.Equal(a.requests, []string{c.want}) {
			t.Errorf("%q: %v: sent\n%q\nnot\n%q", c.arguments, err, a.requests, c.want)
		}
	}
}

// What is wrong with a command line is said before anything is sent.
func TestUsage(t *testing.T) {
	a := answer(t, `{}`)
	id := uuid.NewString()
	for _, c := range []struct{ arguments, want string }{
		{"create --name a", "a webhook needs a URL to send events to: --endpoint"},
		{"create --name a --kind nats --endpoint https://a.example", "--endpoint is for webhooks"},
		{"create --name a --endpoint a.example", "a URL like https://"},
		{"create --endpoint https://a.example", `"name" not set`},
		{"update " + id, "give what to change"},
		{"update " + id + " --type a --all-types", "none of the others can be"},
		{"rewind " + id, `"from" not set`},
		{"skip " + id + " --position 0-1", `"reason" not set`},
		{"get", "SUBSCRIPTION is missing"},
		{"get " + uuid.Nil.String(), "SUBSCRIPTION: the nil UUID"},
		{"deliveries " + id + " --count 0", "a number from 1"},
	} {
		if _, _, err := a.run(strings.Fields(c.arguments)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.arguments, err)
		}
	}
	if a.requests != nil {
		t.Errorf("sent %q", a.requests)
	}
}

// A name stands for the only subscription that has it.
func TestFind(t *testing.T) {
	const list = `{"items":[{"id":"i-1","name":"billing"},{"id":"i-2","name":"search"},{"id":"i-3","name":"search"}],"next_cursor":null}`
	for _, c := range []struct{ list, name, want string }{
		{list, "billing", ""},
		{list, "search", `2 subscriptions have the name "search"; use an id: i-2, i-3`},
		{list, "Billing", `no subscription has the name "Billing"; there are "billing", "search", "search"`},
		{`{"items":[],"next_cursor":null}`, "billing", "the organization has no subscriptions"},
	} {
		a := answer(t, c.list)
		_, _, err := a.run("get", c.name)
		if c.want == "" {
			if err != nil || len(a.requests) != 2 || a.requests[1] != "GET /i-1" {
				t.Errorf("%s: %v, after %q", c.name, err, a.requests)
			}
		} else if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A table shows how far a subscription is, and JSON is what the API shows, whatever is new
// in it.
func TestFormats(t *testing.T) {
	const shown = `{"id":"i-1","name":"a\u001b[2Jb","kind":"webhook","types":["muster.member.*"],"workspace_id":null,"from":"0-17","url":"https://a.example/b","include":["profile"],"batch":5,` +
		`"state":"paused","reason":"failing: 503","position":"0-1042","lag":12,"oldest_undelivered_at":"2026-03-05T23:09:47.281Z","former_secret_expires_at":null,"created_at":"2026-03-05T23:09:47.281Z","updated_at":"2026-03-05T23:09:47.281Z","new":"<&>"}`
	a := answer(t, `{"items":[`+shown+`],"next_cursor":null}`)
	stdout, _, err := a.run("list")
	if want := "i-1  a?[2Jb  webhook  paused: failing: 503  0-1042    12   2026-03-05T23:09:47.281Z  member.*  https://a.example/b"; err != nil || !strings.Contains(stdout, want) {
		t.Errorf("%v:\n%s", err, stdout)
	}
	stdout, _, err = a.run("list", "--format", "json")
	if requireSame(t, stdout, "["+shown+"]"); err != nil {
		t.Error(err)
	}
	a.body = shown
	stdout, _, err = a.run("get", uuid.NewString())
	for _, want := range []string{"state               paused: failing: 503", "lag                 12", "include             profile", "batch               5"} {
		if err != nil || !strings.Contains(stdout, want+"\n") && !strings.Contains(stdout, want+" ") {
			t.Errorf("%v: no %q in\n%s", err, want, stdout)
		}
	}
	if strings.Contains(stdout, "former") {
		t.Errorf("a field without a value:\n%s", stdout)
	}
	stdout, _, err = a.run("pause", uuid.NewString(), "--format", "json")
	if requireSame(t, stdout, shown); err != nil {
		t.Error(err)
	}
}

// requireSame fails the test unless both are the same JSON.
func requireSame(t *testing.T, got, want string) {
	t.Helper()
	var a, b bytes.Buffer
	if json.Compact(&a, []byte(got)) != nil || json.Compact(&b, []byte(want)) != nil || a.String() != b.String() {
		t.Errorf("%s\nis not\n%s", got, want)
	}
}

// The secret alone goes to standard output, and how to use it to standard error.
func TestSecret(t *testing.T) {
	a := answer(t, `{"id":"i-1","kind":"nats","secret":"pass word","connection":{"stream":"MUSTER_FEED_00","consumer":"c-1","inbox_prefix":"_INBOX_1","user":"u-1","urls":["nats://127.0.0.1:4222"]}}`)
	stdout, stderr, err := a.run("create", "--name", "search", "--kind", "nats")
	if err != nil || stdout != "pass word\n" {
		t.Errorf("%v: %q", err, stdout)
	}
	for _, want := range []string{"Made subscription i-1. Keep its password: Muster does not show it again.", "MUSTER_FEED_00", "c-1", "_INBOX_1", "u-1", "nats://127.0.0.1:4222"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	stdout, stderr, err = a.run("rotate-secret", uuid.NewString(), "--format", "json")
	if requireSame(t, stdout, a.body); err != nil || stderr != "" {
		t.Errorf("%v: %s", err, stderr)
	}
}

// Attempts are printed with the newest last. A ping that was not delivered is an error.
func TestDeliveries(t *testing.T) {
	const good = `{"id":"2","at":"2026-03-05T23:10:47.281Z","position":"0-17","last_position":"0-19","type":"muster.member.added","attempt":2,"outcome":"delivered","status":204,"latency_ms":12,"error":null,"answer":null,"next_attempt_at":null}`
	const bad = `{"id":"1","at":"2026-03-05T23:09:47.281Z","position":"0-17","type":"muster.member.added","attempt":1,"outcome":"failed","status":503,"latency_ms":15000,"error":null,"answer":"be\nback\n","next_attempt_at":"2026-03-05T23:09:52.281Z"}`
	a := answer(t, `{"items":[`+good+","+bad+`],"next_cursor":null}`)
	stdout, _, err := a.run("deliveries", uuid.NewString())
	first, second := strings.Index(stdout, "0-17          member.added        1  failed     15000  503 \"be back\"  2026-03-05T23:09:52.281Z"), strings.Index(stdout, "0-17 to 0-19  member.added        2  delivered     12  204")
	if err != nil || first < 0 || second < first {
		t.Errorf("%v:\n%s", err, stdout)
	}
	stdout, _, err = a.run("deliveries", uuid.NewString(), "--format", "json")
	if requireSame(t, stdout, "["+bad+","+good+"]"); err != nil {
		t.Error(err)
	}
	a.body = good
	if _, _, err := a.run("ping", uuid.NewString()); err != nil {
		t.Error(err)
	}
	a.body = bad
	if _, _, err := a.run("ping", uuid.NewString()); err == nil || err.Error() != "the ping was not delivered: failed: 503 \"be back\"" {
		t.Error(err)
	}
}

// Following prints the attempts after the last one that was printed.
func TestAfter(t *testing.T) {
	list := []delivery{{ID: "1"}, {ID: "2"}, {ID: "3"}}
	for id, want := range map[string]int{"": 3, "0": 3, "1": 2, "3": 0} {
		if got := after(list, id); len(got) != want {
			t.Errorf("after %q there are %d", id, len(got))
		}
	}
}
