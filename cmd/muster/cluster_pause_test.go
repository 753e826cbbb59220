package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestPausedFollowers adds a member while nobody can confirm it. The leader has the
// event then, and refuses to take it a second time: that must not be taken for another
// process's event.
func TestPausedFollowers(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	p := serving(t, t.TempDir(), "--nats-url", "nats://"+c.servers[0].link.addr(), "--partitions", "1", nativeOnly)
	s := p.api.found()
	pauses := []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9}
	if testing.Short() {
		pauses = []time.Duration{3, 6}
	}
	for _, seconds := range pauses {
		t.Run(fmt.Sprint(int(seconds), " s"), func(t *testing.T) { addWhilePaused(t, c, p, s, seconds*time.Second) })
	}
	c.verified(t)
}

// logStream is the stream of the log's first partition.
const logStream = "MUSTER_LOG_00"

// mostElection is a pause after which a leader is found, and a command is done, within the time
// that a request has. NATS's followers elect another leader 4 to 9 s after they have last heard
// of theirs.
const mostElection = 6 * time.Second

func addWhilePaused(t *testing.T, c *cluster, p *process, s site, pause time.Duration) {
	untilAdded(t, p, s)
	// The node is connected to the leader, so that it is refused and not only unanswered.
	c.lead(logStream, 0)
	untilAdded(t, p, s)
	for _, server := range c.servers[1:] {
		server.freeze()
	}
	healed := make(chan struct{})
	begun := time.Now()
	time.AfterFunc(pause, func() {
		defer close(healed)
		for _, server := range c.servers {
			server.thaw()
		}
	})
	user := uuid.NewString()
	var key []string // a key would hide that a command was decided a second time on itself
	if pause > mostElection {
		key = []string{"Idempotency-Key", "add " + user}
	}
	r, err := p.api.do("POST", s.members(), editor(user), key...)
	took := time.Since(begun)
	<-healed
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("paused for %s: %d %s after %s", pause, r.status, r.code(), took.Round(time.Millisecond))
	if r.status != 201 && (pause <= mostElection || r.status != 503) {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for tries := 0; r.status != 201; tries++ { // an election can take longer than a request
		if tries > 100 {
			t.Fatalf("the same request again: %d %s", r.status, r.body)
		}
		time.Sleep(300 * time.Millisecond)
		if r, err = p.api.do("POST", s.members(), editor(user), key...); err != nil {
			t.Fatal(err)
		}
		if r.status != 201 && r.status != 503 {
			t.Fatalf("the same request again: %d %s", r.status, r.body)
		}
	}
	added := 0
	for _, e := range p.api.history(s) {
		if strings.Contains(e, user) {
			added++
		}
	}
	if added != 1 {
		t.Errorf("%d events", added)
	}
}

// untilAdded waits until a member can be added, and returns how long that took.
func untilAdded(t testing.TB, p *process, s site) time.Duration {
	t.Helper()
	begun := time.Now()
	for {
		user := uuid.NewString()
		r, err := p.api.do("POST", s.members(), editor(user), "Idempotency-Key", user)
		if err == nil && r.status == 201 {
			return time.Since(begun)
		}
		if time.Since(begun) > patience {
			t.Fatalf("no member can be added: %v %d %s", err, r.status, r.body)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
