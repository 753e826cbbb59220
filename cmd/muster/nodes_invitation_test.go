package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

// invitationRounds is how often each race for an invitation is run.
const invitationRounds = 50

// TestTwoProcessesRaceForInvitations: what two services on one log are asked about
// an invitation at the same moment has one outcome, which both tell.
func TestTwoProcessesRaceForInvitations(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	url := externalNATS(t)
	nodes := []*process{serving(t, t.TempDir(), "--nats-url", url), serving(t, t.TempDir(), "--nats-url", url)}
	r := &invitationRace{t: t, nodes: nodes, site: nodes[0].api.found(), want: map[string][]string{}, ends: map[string]int{}}

	for round := range invitationRounds {
		r.round = round
		r.sameSecret()
		r.twoCandidates()
		r.secretAndToken()
		r.acceptAndRemove()
		r.acceptAndRenew()
		r.sameAddress()
		r.sameAddressInTwoWorkspaces()
		if t.Failed() {
			return
		}
	}
	// A race that always ends the same way is none.
	t.Logf("%v", r.ends)
	for _, end := range []string{"accepted, then removed", "removed", "accepted, not renewed", "renewed, not accepted"} {
		if r.ends[end] == 0 {
			t.Errorf("of %d rounds none ended with: %s", invitationRounds, end)
		}
	}

	r.settle()
	history := nodes[0].api.history(r.site)
	if other := nodes[1].api.history(r.site); !slices.Equal(history, other) {
		t.Errorf("one node shows %d events, the other %d, and they are not the same", len(history), len(other))
	}
	happened := map[string][]string{}
	for _, text := range history {
		if e := parseEvent(t, text); r.want[e.User] != nil {
			happened[e.User] = append(happened[e.User], strings.TrimPrefix(e.Type, "muster."))
		}
	}
	for user, want := range r.want {
		if !slices.Equal(happened[user], want) {
			t.Errorf("user %s: the answers say %v, the log %v", user, want, happened[user])
		}
	}
	verified(t, "--nats-url", url)
}

// invitationRace is two nodes and what they have been asked.
type invitationRace struct {
	t     *testing.T
	nodes []*process
	site  site
	round int
	// want has the types of the events that concern each invited user, by what was
	// answered.
	want map[string][]string
	// ends counts the outcomes.
	ends map[string]int
	// handicap is how long the first request of a race is held back: longer when it
	// has won, shorter when it has lost, so that it does both on any machine.
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

// invitation is one that both nodes know of.
type invitation struct{ user, secret string }

func (i invitation) accept() string { return fmt.Sprintf(`{"token":%q}`, i.secret) }

const acceptPath = "/v1/invitations/accept"

// invite invites somebody new, through either node in turn.
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

// asked is a request for the race.
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

// unexpected fails the test with the answers that fit no outcome.
func (r *invitationRace) unexpected(what string, replies ...reply) {
	r.t.Helper()
	for _, reply := range replies {
		r.t.Errorf("round %d, %s: %d %s", r.round, what, reply.status, reply.body)
	}
}

// code is the code of a problem, empty for none.
func (r reply) code() string {
	var p problem
	_ = json.Unmarshal(r.body, &p)
	return p.Code
}

// sameSecret: everybody with the secret is told that it is accepted, and it was
// once.
func (r *invitationRace) sameSecret() {
	i := r.invite()
	all := r.atOnce(slices.Repeat([]asked{{"POST", acceptPath, i.accept(), ""}}, 8)...)
	for _, reply := range all {
		if reply.status != 200 || reply.field(r.t, "state") != "active" || reply.field(r.t, "user_id") != i.user {
			r.unexpected("the same secret", reply)
		}
	}
	r.happens(i.user, "member.accepted")
}

// twoCandidates: two people hold the secret and say who they are; only the invited
// one gets in.
func (r *invitationRace) twoCandidates() {
	i := r.invite()
	as := func(user string) asked {
		return asked{"POST", acceptPath, fmt.Sprintf(`{"token":%q,"user_id":%q}`, i.secret, user), ""}
	}
	all := r.atOnce(as(i.user), as(uuid.NewString()), as(uuid.NewString()), as(i.user))
	for n, reply := range all {
		if invited := n%3 == 0; invited && reply.status != 200 || !invited && reply.code() != "invitation_for_another_user" {
			r.unexpected("two candidates", reply)
		}
	}
	r.happens(i.user, "member.accepted")
}

// secretAndToken: the invited person accepts in both ways, and a program for them;
// somebody else's token does nothing.
func (r *invitationRace) secretAndToken() {
	i := r.invite()
	path := r.site.members() + "/" + i.user + "/accept"
	own, other := r.tokenOf(i.user), r.tokenOf(r.site.owner)
	all := r.atOnce(asked{"POST", acceptPath, i.accept(), ""}, asked{"POST", path, "", own}, asked{"POST", path, "", other}, asked{"POST", path, "", ""})
	for n, reply := range all {
		if foreign := n == 2; !foreign && reply.status != 200 || foreign && reply.code() != "not_allowed" {
			r.unexpected("secret and token", reply)
		}
	}
	r.happens(i.user, "member.accepted")
}

// tokenOf is a token that is bound to the user and that both nodes know.
func (r *invitationRace) tokenOf(user string) string {
	r.t.Helper()
	issued := r.nodes[0].api.must(201, "POST", "/v1/organizations/"+r.site.org+"/tokens", fmt.Sprintf(`{"name":"x","scopes":["all:all"],"user_id":%q}`, user))
	r.nodes[1].api.must(200, "GET", r.site.members(), "", needs(issued.header.Get("Muster-Position"))...)
	return issued.field(r.t, "secret")
}

// acceptAndRemove: an invitation that is taken back while it is accepted was
// accepted before that, or not at all; nobody is left a member.
func (r *invitationRace) acceptAndRemove() {
	i := r.invite()
	all := r.atOnce(asked{"POST", acceptPath, i.accept(), ""}, asked{"DELETE", r.site.members() + "/" + i.user, "", ""})
	accepted, removed := all[0], all[1]
	switch {
	case removed.status == 204 && accepted.status == 200:
		r.happens(i.user, "member.accepted", "member.removed")
		r.end("accepted, then removed", true)
	case removed.status == 204 && accepted.status == 404 && accepted.code() == "unknown_invitation":
		r.happens(i.user, "member.removed")
		r.end("removed", false)
	default:
		r.unexpected("accept and remove", all...)
	}
}

// acceptAndRenew: the secret opens, or there is another one; never both, never
// neither.
func (r *invitationRace) acceptAndRenew() {
	i := r.invite()
	all := r.atOnce(asked{"POST", acceptPath, i.accept(), ""}, asked{"POST", r.site.members() + "/" + i.user + "/resend", "", ""})
	accepted, renewed := all[0], all[1]
	switch {
	case accepted.status == 200 && renewed.status == 409 && renewed.code() == "not_invited":
		r.happens(i.user, "member.accepted")
		r.end("accepted, not renewed", true)
	case accepted.status == 404 && accepted.code() == "unknown_invitation" && renewed.status == 200:
		r.happens(i.user, "member.invitation_renewed")
		r.end("renewed, not accepted", false)
	default:
		r.unexpected("accept and renew", all...)
	}
}

// sameAddress: one address invited to one workspace through both nodes is one
// invitation; the others are told of it.
func (r *invitationRace) sameAddress() {
	name := uuid.NewString()
	invite := func(at string) asked {
		return asked{"POST", r.site.members(), fmt.Sprintf(`{"email":%q,"role":"viewer"}`, name+at), ""}
	}
	all := r.atOnce(invite("@example.com"), invite("@example.com"), invite("@EXAMPLE.com"), invite("@Example.com"))
	first := slices.IndexFunc(all, func(reply reply) bool { return reply.status == 201 })
	if first < 0 {
		r.unexpected("the same address", all...)
		return
	}
	for n, reply := range all {
		if n != first && (reply.code() != "already_member" || reply.field(r.t, "membership_id") != all[first].field(r.t, "id")) {
			r.unexpected("the same address", reply)
		}
	}
	r.happens(all[first].field(r.t, "user_id"), "user.profile_set", "member.invited")
}

// sameAddressInTwoWorkspaces: one address invited to two workspaces is one user.
func (r *invitationRace) sameAddressInTwoWorkspaces() {
	ws := r.nodes[0].api.must(201, "POST", "/v1/organizations/"+r.site.org+"/workspaces", fmt.Sprintf(`{"name":"Second","owner_user_id":%q}`, r.site.owner))
	r.nodes[1].api.must(200, "GET", "/v1/workspaces/"+ws.field(r.t, "id"), "", needs(ws.header.Get("Muster-Position"))...)
	body := fmt.Sprintf(`{"email":%q,"role":"viewer"}`, uuid.NewString()+"@example.com")
	all := r.atOnce(asked{"POST", r.site.members(), body, ""}, asked{"POST", "/v1/workspaces/" + ws.field(r.t, "id") + "/members", body, ""})
	if all[0].status != 201 || all[1].status != 201 || all[0].field(r.t, "user_id") != all[1].field(r.t, "user_id") {
		r.unexpected("the same address in two workspaces", all...)
		return
	}
	r.happens(all[0].field(r.t, "user_id"), "user.profile_set", "member.invited", "member.invited")
}

// settle waits until both nodes show what either has done.
func (r *invitationRace) settle() {
	r.t.Helper()
	for i := range r.nodes {
		last := r.nodes[i].api.must(201, "POST", r.site.members(), editor(uuid.NewString()))
		r.nodes[1-i].api.must(200, "GET", r.site.members(), "", needs(last.header.Get("Muster-Position"))...)
	}
}
