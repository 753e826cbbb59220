package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/natstest"
)

// TestTwoProcessesOnOneServer runs two services on the log of one external NATS server,
// which together behave as one.
func TestTwoProcessesOnOneServer(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	dirs := []string{t.TempDir(), t.TempDir()}
	nodes := []*process{serving(t, dirs[0], "--nats-url", url, nativeOnly), serving(t, dirs[1], "--nats-url", url, nativeOnly)}
	one, two := nodes[0].api, nodes[1].api
	s := one.found()

	// What one has accepted the other shows to a client that sends the position.
	position := ""
	for i := range 40 {
		user := uuid.NewString()
		from, to := nodes[i%2].api, nodes[1-i%2].api
		position = from.must(201, "POST", s.members(), editor(user), needs(position)...).header.Get("Muster-Position")
		to.must(200, "GET", s.members()+"/"+user, "", needs(position)...)
		// A refusal is decided on the current log, even if no position is sent.
		to.must(409, "POST", s.members(), editor(user))
	}

	t.Run("both take commands", func(t *testing.T) {
		var clients sync.WaitGroup
		for i := range 16 {
			clients.Go(func() {
				for range 10 {
					if r, err := nodes[i%2].api.do("POST", s.members(), editor(uuid.NewString())); err != nil || r.status != http.StatusCreated {
						t.Errorf("%v: %d %s", err, r.status, r.body)
					}
				}
			})
		}
		clients.Wait()
	})
	t.Run("one key is raced for", func(t *testing.T) { raceForKey(t, s, nodes) })
	t.Run("a token is known to the other node at its position", func(t *testing.T) {
		for range 20 {
			issued := one.must(201, "POST", "/v1/organizations/"+s.org+"/tokens", `{"name":"short-lived","scopes":["all:all"]}`)
			bearer, at := two, needs(issued.header.Get("Muster-Position"))
			bearer.token = issued.field(t, "secret")
			bearer.must(200, "GET", "/v1/self", "", at...)
			bearer.must(200, "GET", s.members(), "")
		}
	})
	t.Run("a revoked token is refused by the other node", func(t *testing.T) {
		tokens := "/v1/organizations/" + s.org + "/tokens"
		issued := one.must(201, "POST", tokens, `{"name":"short-lived","scopes":["all:all"]}`)
		bearer := two
		bearer.token = issued.field(t, "secret")
		at := issued.header.Get("Muster-Position")
		two.must(200, "GET", "/v1/organizations/"+s.org, "", needs(at)...)
		bearer.must(200, "GET", "/v1/organizations/"+s.org, "")
		at = one.must(204, "DELETE", tokens+"/"+issued.field(t, "id"), "").header.Get("Muster-Position")
		two.must(200, "GET", "/v1/organizations/"+s.org, "", needs(at)...)
		bearer.must(401, "GET", "/v1/organizations/"+s.org, "")
		bearer.must(401, "POST", s.members(), editor(uuid.NewString()))
	})

	t.Run("a ticket opens a stream on one of them, once", func(t *testing.T) {
		ticket := one.must(201, "POST", s.events()+"/ticket", "").field(t, "ticket")
		anybody := []apiClient{one, two}
		statuses := make([]int, 2)
		var clients sync.WaitGroup
		for i := range anybody {
			anybody[i].token = ""
			clients.Go(func() { statuses[i] = anybody[i].opens(t, s.events()+"?after=latest&ticket="+ticket) })
		}
		clients.Wait()
		if slices.Sort(statuses); statuses[0] != http.StatusOK || statuses[1] != http.StatusUnauthorized {
			t.Errorf("the ticket was used on both nodes at once, with %v", statuses)
		}
		ticket = one.must(201, "POST", s.events()+"/ticket", "").field(t, "ticket")
		if status := anybody[1].opens(t, s.events()+"?after=latest&ticket="+ticket); status != http.StatusOK {
			t.Errorf("the other node answers %d", status)
		}
		if status := anybody[0].opens(t, s.events()+"?after=latest&ticket="+ticket); status != http.StatusUnauthorized {
			t.Errorf("for a used ticket the node answers %d", status)
		}
	})

	position = one.must(201, "POST", s.members(), editor(uuid.NewString())).header.Get("Muster-Position")
	two.must(200, "GET", s.members(), "", needs(position)...)
	history := one.history(s)
	if other := two.history(s); !slices.Equal(history, other) {
		t.Errorf("one node shows %d events, the other %d, and they are not the same", len(history), len(other))
	}
	if members, others := one.list(s), two.list(s); !slices.Equal(members, others) {
		t.Errorf("one node shows %d members, the other %d, and they are not the same", len(members), len(others))
	}
	verified(t, "--nats-url", url)
	for i := range nodes {
		nodes[i].stop()
		verified(t, "--nats-url", url, "--data", dirs[i])
	}
	if log := replayed(t, s, "--nats-url", url); !slices.Equal(history, log) {
		t.Errorf("the nodes show %d events, the log holds %d, and they are not the same", len(history), len(log))
	}
}

// opens opens a stream of events, closes it, and returns the status.
func (c apiClient) opens(t *testing.T, path string) int {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := c.http.Do(request)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// needs returns the header with which a query asks for a position, none if it is empty.
func needs(position string) []string {
	if position == "" {
		return nil
	}
	return []string{"Muster-Min-Position", position}
}

// raceForKey sends one request with one key to both nodes, many times at once. It must
// be done once, and all responses must be the same.
func raceForKey(t *testing.T, s site, nodes []*process) {
	for round := range 10 {
		user := uuid.NewString()
		replies := make([]reply, 16)
		var clients sync.WaitGroup
		for i := range replies {
			clients.Go(func() {
				var err error
				replies[i], err = nodes[i%2].api.do("POST", s.members(), editor(user), "Idempotency-Key", fmt.Sprint("race ", round))
				if err != nil {
					t.Error(err)
				}
			})
		}
		clients.Wait()
		first := 0
		for _, r := range replies {
			if r.header.Get("Idempotency-Replayed") == "" {
				first++
			}
			if r.status != 201 || string(r.body) != string(replies[0].body) || r.header.Get("Muster-Position") != replies[0].header.Get("Muster-Position") {
				t.Errorf("two answers to one key:\n%d %s\n%d %s", r.status, r.body, replies[0].status, replies[0].body)
			}
		}
		if first != 1 {
			t.Errorf("%d of the answers are the first", first)
		}
		at := replies[0].header.Get("Muster-Position")
		for _, n := range nodes {
			n.api.must(200, "GET", s.members()+"/"+user, "", needs(at)...)
			added := 0
			for _, e := range n.api.history(s) {
				if strings.Contains(e, user) {
					added++
				}
			}
			if added != 1 {
				t.Errorf("user %s is in %d events", user, added)
			}
		}
	}
}
