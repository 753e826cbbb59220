package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/natstest"
)

// A user with more memberships than one commit ends is removed from the organization, and
// both nodes are killed at once. When they run again, the user has no access anywhere, and
// each end is recorded once.
func TestOffboardingSurvivesKills(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	dirs := []string{t.TempDir(), t.TempDir()}
	nodes := []*process{serving(t, dirs[0], "--nats-url", url, nativeOnly), serving(t, dirs[1], "--nats-url", url, nativeOnly)}
	one := nodes[0].api
	s, user := one.found(), uuid.NewString()
	const memberships = 700 // more than one commit ends
	workspaces := make([]string, memberships)
	var clients sync.WaitGroup
	for client := range 16 {
		clients.Go(func() {
			for i := client; i < memberships; i += 16 {
				r, err := one.do("POST", "/v1/organizations/"+s.org+"/workspaces", fmt.Sprintf(`{"name":"Mill %d","owner_user_id":%q}`, i, s.owner))
				if err != nil || r.status != 201 {
					t.Errorf("%v: %d %s", err, r.status, r.body)
					return
				}
				workspaces[i] = r.field(t, "id")
				if r, err := one.do("POST", "/v1/workspaces/"+workspaces[i]+"/members", editor(user)); err != nil || r.status != 201 {
					t.Errorf("%v: %d %s", err, r.status, r.body)
					return
				}
			}
		})
	}
	if clients.Wait(); t.Failed() {
		t.FailNow()
	}

	remove := "/v1/organizations/" + s.org + "/members/" + user
	removal := one.must(204, "DELETE", remove, "", "Idempotency-Key", "offboard", "Muster-Reason", "left the company").header.Get("Muster-Position")
	nodes[0].kill()
	nodes[1].kill()
	for _, n := range nodes {
		n.start()
	}
	for _, n := range nodes {
		n.ready()
		n.api.must(404, "GET", "/v1/workspaces/"+workspaces[0]+"/access/"+user, "", needs(removal)...)
		if r := n.api.must(200, "GET", "/v1/organizations/"+s.org+"/users/"+user+"/workspaces", ""); !strings.HasPrefix(string(r.body), `{"items":[],`) {
			t.Errorf("%s", r.body)
		}
	}

	for deadline := time.Now().Add(patience); nodes[0].api.ends(s) < memberships; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not all ends are recorded")
		}
	}
	for _, n := range nodes { // the former membership is resumed by the same id
		n.api.must(204, "DELETE", remove, "", "Idempotency-Key", "offboard", "Muster-Reason", "left the company")
	}
	nodes[1].api.must(201, "POST", "/v1/workspaces/"+workspaces[7]+"/members", editor(user))
	if n := nodes[0].api.ends(s); n != memberships {
		t.Errorf("%d ends of %d memberships", n, memberships)
	}
	verified(t, "--nats-url", url)
	for i, n := range nodes {
		n.stop()
		verified(t, "--nats-url", url, "--data", dirs[i])
	}
}

// ends returns how many ends of memberships are recorded.
func (c apiClient) ends(s site) (n int) {
	c.t.Helper()
	for _, event := range c.history(s) {
		if strings.Contains(event, `"muster.member.removed"`) {
			n++
		}
	}
	return n
}
