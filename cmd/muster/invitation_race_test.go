package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/cmd/muster/client"
)

// invitationRace is two nodes and what the test has asked them.
type invitationRace struct {
	t     *testing.T
	nodes []*process
	site  site
	round int
	// want has the types of the events that there must be for each invited user,
	// according to the responses.
	want map[string][]string
	// ends counts the outcomes.
	ends map[string]int
	// handicap is how long the first request of a race is held back. It grows when the
	// request has won and shrinks when it has lost, so that the request wins and loses
	// on any machine.
	handicap time.Duration
}

// end counts an outcome.
func (r *invitationRace) end(outcome string, firstWon bool) {
	r.ends[outcome]++
	if firstWon {
		r.handicap += r.handicap/4 + 100*time.Microsecond
	} else {
		r.handicap /= 2
	}
}

// invitation is an invitation that both nodes know.
type invitation struct{ user, secret string }

func (i invitation) accept() string { return fmt.Sprintf(`{"token":%q}`, i.secret) }

const acceptPath = "/v1/invitations/accept"

// invite invites a new user, through both nodes in turn.
func (r *invitationRace) invite() invitation {
	r.t.Helper()
	from, to := r.nodes[r.round%2].api, r.nodes[1-r.round%2].api
	made := from.must(201, "POST", r.site.members(), fmt.Sprintf(`{"email":%q,"role":"editor"}`, uuid.NewString()+"@example.com"))
	var shown struct {
		User       string `json:"user_id"`
		Invitation struct {
			Token string `json:"token"`
		} `json:"invitation"`
	}
	if err := json.Unmarshal(made.body, &shown); err != nil || shown.Invitation.Token == "" {
		r.t.Fatalf("%v: %s", err, made.body)
	}
	to.must(200, "GET", r.site.members()+"/"+shown.User, "", needs(made.header.Get("Muster-Position"))...)
	r.want[shown.User] = []string{"user.profile_set", "member.invited"}
	return invitation{shown.User, shown.Invitation.Token}
}

// asked is a request of a race.
type asked struct{ method, path, body, token string }

// atOnce sends the requests at the same moment, to the nodes in turn.
func (r *invitationRace) atOnce(requests ...asked) []reply {
	r.t.Helper()
	replies := make([]reply, len(requests))
	ready := make(chan struct{})
	var clients sync.WaitGroup
	for i, q := range requests {
		clients.Go(func() {
			api := r.nodes[(i+r.round)%2].api
			if q.token != "" {
				api.token = q.token
			}
			<-ready
			if i == 0 {
				time.Sleep(r.handicap)
			}
			var err error
			if replies[i], err = api.do(q.method, q.path, q.body); err != nil {
				r.t.Error(err)
			}
		})
	}
	close(ready)
	clients.Wait()
	return replies
}

func (r *invitationRace) happens(user string, types ...string) {
	r.want[user] = append(r.want[user], types...)
}

// unexpected fails the test with responses that fit no outcome.
func (r *invitationRace) unexpected(what string, replies ...reply) {
	r.t.Helper()
	for _, reply := range replies {
		r.t.Errorf("round %d, %s: %d %s", r.round, what, reply.status, reply.body)
	}
}

// code returns the code of a problem, empty if the response is none.
func (r reply) code() string {
	var p client.Problem
	_ = json.Unmarshal(r.body, &p)
	return p.Code
}

// tokenOf returns a token that is bound to the user and that both nodes know.
func (r *invitationRace) tokenOf(user string) string {
	r.t.Helper()
	issued := r.nodes[0].api.must(201, "POST", "/v1/organizations/"+r.site.org+"/tokens", fmt.Sprintf(`{"name":"x","scopes":["all:all"],"user_id":%q}`, user))
	r.nodes[1].api.must(200, "GET", r.site.members(), "", needs(issued.header.Get("Muster-Position"))...)
	return issued.field(r.t, "secret")
}

// settle waits until each node shows what the other has done.
func (r *invitationRace) settle() {
	r.t.Helper()
	for i := range r.nodes {
		last := r.nodes[i].api.must(201, "POST", r.site.members(), editor(uuid.NewString()))
		r.nodes[1-i].api.must(200, "GET", r.site.members(), "", needs(last.header.Get("Muster-Position"))...)
	}
}
