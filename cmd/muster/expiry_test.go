package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/natstest"
)

// Two nodes on one server record the end of a membership once between them.
func TestExpiryIsWrittenOnce(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	one := serving(t, t.TempDir(), "--nats-url", url, nativeOnly)
	serving(t, t.TempDir(), "--nats-url", url, nativeOnly)
	s := one.api.found()
	const members = 20
	end := terminal.ShowTime(time.Now().Add(2 * time.Second))
	var clients sync.WaitGroup
	for range members {
		clients.Go(func() {
			r, err := one.api.do("POST", s.members(), fmt.Sprintf(`{"user_id":%q,"role":"editor","expires_at":%q}`, uuid.NewString(), end))
			if err != nil || r.status != http.StatusCreated {
				t.Errorf("%v: %d %s", err, r.status, r.body)
			}
		})
	}
	clients.Wait()
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
	// The other node has tried as well. A further command shows whether it has added an
	// event.
	one.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	if n := expired(); n != members {
		t.Errorf("%d ends of %d memberships", n, members)
	}
}
