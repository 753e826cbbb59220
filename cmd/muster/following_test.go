package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// typeFollowing types the script that follows the stream with fetch, as a page of the
// organization would run it.
func typeFollowing(t *testing.T, r typist, script string) {
	t.Helper()
	runFollower(t, r, "node", script)
}

// typeTickets types the script that follows the stream with EventSource. Instead of the
// server of the page, which has the token, the script gets its tickets itself.
func typeTickets(t *testing.T, r typist, script string) {
	t.Helper()
	const request = `fetch("/muster/ticket", { method: "POST" })`
	if !strings.Contains(script, request) {
		t.Fatalf("the script does not say %s", request)
	}
	script = strings.ReplaceAll(script, request,
		"fetch(`https://muster.acme.example/v1/organizations/${organization}/events/ticket`, { method: \"POST\", headers: { Authorization: `Bearer ${token}` } })")
	runFollower(t, r, "node --experimental-eventsource", script)
}

// runFollower runs a script that follows the stream. It must show each event once, although
// the service is killed meanwhile.
func runFollower(t *testing.T, r typist, node, script string) {
	t.Helper()
	const address = "https://muster.acme.example"
	if !strings.Contains(script, address) {
		t.Fatalf("the script does not follow %s", address)
	}
	script = "const { TOKEN: token, ORG: organization } = process.env;\n" +
		strings.ReplaceAll(script, address, "http://"+r.service.addr)
	_, since := r.shell.run("TOKEN=$TOKEN ORG=$ORG " + node + " --input-type=module -e " + quote(script) + " & FOLLOWER=$!")
	change := func() {
		t.Helper()
		status, since := r.shell.run(fmt.Sprintf(`api -f $URL/v1/workspaces/$APP/members -d '{"user_id": %q, "role": "viewer"}' >/dev/null`, uuid.NewString()))
		if status != 0 {
			t.Fatalf("exit status %d:\n%s", status, r.shell.text(since))
		}
	}
	shown := func() int { return strings.Count(r.shell.text(since), " muster.member.added\n") }
	// It shows what happens from its start on, which is a moment after that of the process.
	for deadline := time.Now().Add(patience); shown() == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the script shows nothing:\n%s", r.shell.text(since))
		}
		change()
	}
	r.service.kill()
	r.start()
	change()
	_, end := r.shell.run(`LAST=$(api "$URL/v1/organizations/$ORG/events?after=latest" | jq -r .position)` + "\n" + `echo "$LAST"`)
	last := strings.TrimSpace(r.shell.text(end))
	for deadline := time.Now().Add(patience); !strings.Contains(r.shell.text(since), last+" muster.member.added\n"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the script does not go on to %s:\n%s", last, r.shell.text(since))
		}
	}
	seen := map[string]bool{}
	for line := range strings.Lines(r.shell.text(since)) {
		if seen[line] && strings.Contains(line, " muster.") {
			t.Errorf("%q is shown twice", line)
		}
		seen[line] = true
	}
	r.shell.run("kill $FOLLOWER; wait $FOLLOWER 2>/dev/null")
}

// quote returns the text as one word of the shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
