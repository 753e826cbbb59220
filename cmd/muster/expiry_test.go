package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A membership ends at its instant, and both nodes on one server write that down
// once between them.
func TestExpiryIsWrittenOnce(t *testing.T) {
	url := externalNATS(t)
	one := serving(t, t.TempDir(), "--nats-url", url)
	serving(t, t.TempDir(), "--nats-url", url)
	s := one.api.found()
	const members = 20
	end := time.Now().Add(1500 * time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z")
	for range members {
		one.api.must(201, "POST", s.members(), fmt.Sprintf(`{"user_id":%q,"role":"editor","expires_at":%q}`, uuid.NewString(), end))
	}
	expired := func() int {
		n := 0
		for _, event := range one.api.history(s) {
			if strings.Contains(event, `"muster.member.expired"`) {
				n++
			}
		}
		return n
	}
	for deadline := time.Now().Add(patience); expired() < members; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d ends are written", expired(), members)
		}
	}
	// The other node has tried as well by the time that its reads show all of them.
	one.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	if n := expired(); n != members {
		t.Errorf("%d ends of %d memberships", n, members)
	}
}
