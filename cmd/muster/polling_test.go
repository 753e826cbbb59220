package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// typePolling types the loop that waits for events. It must show each event once, although
// the service is killed meanwhile, and then the loop itself.
func typePolling(t *testing.T, r typist, loop string) {
	t.Helper()
	start := func() int {
		t.Helper()
		status, since := r.shell.run("( " + loop + " ) & LOOP=$!")
		if status != 0 {
			t.Fatalf("exit status %d:\n%s", status, r.shell.text(since))
		}
		return since
	}
	change := func() {
		t.Helper()
		status, since := r.shell.run(fmt.Sprintf(`api -f $URL/v1/workspaces/$APP/members -d '{"user_id": %q, "role": "viewer"}' >/dev/null`, uuid.NewString()))
		if status != 0 {
			t.Fatalf("exit status %d:\n%s", status, r.shell.text(since))
		}
	}
	shown := func(since, events int) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			text := r.shell.text(since)
			if got := strings.Count(text, `"muster.member.added"]`); got == events {
				return
			} else if got > events || time.Now().After(deadline) {
				t.Fatalf("%d events are shown, not %d:\n%s", got, events, text)
			}
		}
	}
	since := start()
	if status, _ := r.shell.run("until [ -s position ]; do sleep 0.05; done"); status != 0 {
		t.Fatal("the loop keeps no position")
	}
	change()
	shown(since, 1)
	r.service.kill()
	r.start()
	change()
	shown(since, 2)
	if status, _ := r.shell.run("until [ \"$(cat position)\" = \"$(api \"$URL/v1/organizations/$ORG/events?after=latest\" | jq -r .position)\" ]; do sleep 0.05; done"); status != 0 {
		t.Fatal("the loop does not keep the last position")
	}
	// Events that come while nobody polls are shown by the next loop, and no others.
	r.shell.run("kill $LOOP; wait $LOOP 2>/dev/null")
	change()
	since = start()
	shown(since, 1)
	r.shell.run("kill $LOOP; wait $LOOP 2>/dev/null")
}
