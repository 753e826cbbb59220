package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/natstest"
)

// invitationRounds is how often each race for an invitation is run.
const invitationRounds = 50

// TestTwoProcessesRaceForInvitations sends requests about one invitation to two services
// on one log at the same moment. There must be one outcome, which both report.
func TestTwoProcessesRaceForInvitations(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	nodes := []*process{serving(t, t.TempDir(), "--nats-url", url, nativeOnly), serving(t, t.TempDir(), "--nats-url", url, nativeOnly)}
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
	// If all rounds end the same way, the requests have not raced.
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

// sameSecret accepts with one secret several times. All are told that the invitation is
// accepted, and it is accepted once.
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

// twoCandidates accepts with one secret as different users. Only the invited one
// becomes a member.
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

// secretAndToken accepts with the secret, with the invited user's own token, and with
// the token of a program. Another user's token is refused.
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

// acceptAndRemove removes an invited user while the user accepts. The invitation is
// accepted before, or not at all. In both cases the user is not a member afterwards.
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

// acceptAndRenew renews an invitation while it is accepted. Exactly one of the two
// succeeds.
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

// sameAddress invites one address to one workspace through both nodes. There is one
// invitation, and the other requests are refused with its membership.
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

// sameAddressInTwoWorkspaces invites one address to two workspaces at once. Both
// invitations are for the same user.
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
