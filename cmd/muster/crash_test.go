package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

const (
	crashClients = 16
	crashKills   = 32
	crashUpTo    = 200 // acknowledgements between two kills, at most
	// crashPause is how long a client waits after a request without a response. It is long enough
	// that the clients leave the processor to the service while that starts.
	crashPause = 50 * time.Millisecond
)

// TestKilledAgainAndAgain kills a service again and again while clients add members.
// What was acknowledged survives, happens once, and nothing else happens.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	kills := crashKills
	if testing.Short() {
		kills = 6
	}
	dir := t.TempDir()
	p := serving(t, dir, nativeOnly)
	load := &load{t: t, api: p.api, site: p.api.found(), ended: make(chan struct{})}
	var clients sync.WaitGroup
	load.clients = make([]journal, crashClients)
	for i := range load.clients {
		load.clients[i].keyed = i%2 == 0
		clients.Go(func() { load.run(&load.clients[i]) })
	}
	end := sync.OnceFunc(func() { close(load.ended); clients.Wait() })
	t.Cleanup(end)

	for n := range kills {
		if n%8 == 7 { // while it starts
			time.Sleep(rand.N(150 * time.Millisecond))
		} else {
			p.ready()
			load.await(1 + rand.Uint64N(crashUpTo))
			time.Sleep(rand.N(3 * time.Millisecond)) // anywhere within a commit
		}
		p.kill()
		p.start()
	}
	p.ready()
	load.await(1)
	end()
	if t.Failed() {
		return
	}
	load.check(dir, p)
}

// load is a number of clients that add members and go on when the service is away.
type load struct {
	t       testing.TB
	api     apiClient
	site    site
	clients []journal
	acked   atomic.Uint64
	ended   chan struct{} // closed: finish the current command and end
}

// journal is what one client notes. Only that client uses it until it has ended.
type journal struct {
	keyed   bool // it sends an Idempotency-Key, and repeats a request until it has a response
	asked   []string
	acked   map[string]membershipRow // the bodies of 201, by user
	unknown int                      // how often the outcome was not known
}

// await waits for a number of further acknowledgements.
func (l *load) await(more uint64) {
	l.t.Helper()
	deadline := time.Now().Add(patience)
	for until := l.acked.Load() + more; l.acked.Load() < until; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) || l.t.Failed() {
			l.t.Fatalf("%d of %d commands were acknowledged", l.acked.Load(), until)
		}
	}
}

func (l *load) run(j *journal) {
	j.acked = make(map[string]membershipRow)
	for {
		select {
		case <-l.ended:
			return
		default:
			user := uuid.NewString()
			j.asked = append(j.asked, user)
			if !l.add(j, user) {
				return
			}
		}
	}
}

// add adds one member. Without a key it sends the request once, with one it repeats it
// until there is a response. It reports whether the client should go on.
func (l *load) add(j *journal, user string) bool {
	var key []string
	if j.keyed {
		key = []string{"Idempotency-Key", "add " + user}
	}
	for deadline := time.Now().Add(2 * patience); ; time.Sleep(crashPause) {
		r, err := l.api.do("POST", l.site.members(), editor(user), key...)
		switch {
		case err == nil && r.status == http.StatusCreated:
			var row membershipRow
			if err := json.Unmarshal(r.body, &row); err != nil || row.User != user {
				l.t.Errorf("201 with %s: %v", r.body, err)
				return false
			}
			j.acked[user] = row
			l.acked.Add(1)
			return true
		case err == nil && r.status != http.StatusServiceUnavailable:
			l.t.Errorf("%d: %s", r.status, r.body)
			return false
		}
		j.unknown++
		switch {
		case !j.keyed:
			time.Sleep(crashPause)
			return true
		case time.Now().After(deadline):
			l.t.Errorf("no answer for user %s: %v", user, err)
			return false
		}
	}
}

// check compares what the service shows, and what its log holds, with the clients'
// journals.
func (l *load) check(dir string, p *process) {
	l.t.Helper()
	t := l.t
	history, members := p.api.history(l.site), p.api.list(l.site)
	p.stop()
	if log := replayed(t, l.site, "--data", dir); !slices.Equal(history, log) {
		t.Errorf("the service shows %d events, its log holds %d, and they are not the same", len(history), len(log))
	}

	added := make(map[string]string) // user to membership
	for _, text := range history {
		e := parseEvent(t, text)
		switch _, again := added[e.User]; {
		case e.Type != "muster.member.added":
		case again:
			t.Errorf("user %s was added twice", e.User)
		default:
			added[e.User] = e.Data.Membership
		}
	}
	rows := make(map[string]membershipRow)
	for _, row := range members {
		if _, again := rows[row.User]; again || row.State != "active" || added[row.User] != row.ID {
			t.Errorf("row %+v; the event has membership %q, another row %q", row, added[row.User], rows[row.User].ID)
		}
		rows[row.User] = row
	}
	if len(rows) != len(added) {
		t.Errorf("%d members of %d who were added", len(rows), len(added))
	}
	asked := map[string]bool{l.site.owner: true}
	acked, unknown := 0, 0
	for i := range l.clients {
		j := &l.clients[i]
		acked += len(j.acked)
		unknown += j.unknown
		for _, user := range j.asked {
			asked[user] = true
			if want, ok := j.acked[user]; ok && rows[user] != want {
				t.Errorf("user %s: acknowledged as %+v, there is %+v", user, want, rows[user])
			} else if !ok && j.keyed {
				t.Errorf("user %s: a keyed command never had an answer", user)
			}
		}
	}
	for user := range added {
		if !asked[user] {
			t.Errorf("nobody asked for user %s", user)
		}
	}
	verified(t, "--data", dir)
	t.Logf("%d members acknowledged, %d there, %d times no answer", acked, len(rows), unknown)
	if acked == 0 || unknown == 0 {
		t.Error(fmt.Errorf("the test saw no crash: %d acknowledged, %d without an answer", acked, unknown))
	}
}
