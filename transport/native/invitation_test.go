package native

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/transport/auth"
)

const acceptPath = "/v1/invitations/accept"

func TestInvitation(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	access := "/v1/workspaces/" + x.ws + "/access/"
	invited := s.as(x.token, "POST", members, `{"email":"Ada@new.example","name":{"first":"Ada"},"role":"viewer"}`, "Idempotency-Key", "k").want(201)
	ada, secret := invited.get("user_id"), invited.get("invitation", "token")
	if invited.get("state") != "invited" || invited.get("accepted") != "false" || !auth.IsSecret(secret, auth.InvitationSecret) {
		t.Errorf("%s", invited.body)
	}
	// A replay gives the same answer without the secret.
	again := s.as(x.token, "POST", members, `{"email":"Ada@new.example","name":{"first":"Ada"},"role":"viewer"}`, "Idempotency-Key", "k").want(201)
	if again.get("invitation") != "<nil>" || again.get("id") != invited.get("id") || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%s", again.body)
	}
	if would := s.as(x.token, "POST", members+"?validate_only=true", `{"email":"eve@new.example","role":"viewer"}`).want(201); would.get("invitation") != "<nil>" {
		t.Errorf("%s", would.body)
	}
	s.as(x.token, "POST", members, `{"email":"ada@NEW.example","role":"viewer"}`).want(409, "already_member")
	// Nothing shows the secret, and an invited person has no access.
	for _, path := range []string{members, members + "/" + ada, "/v1/organizations/" + x.org + "/events"} {
		if got := s.as(x.token, "GET", path, "").want(200); strings.Contains(string(got.body), secret) {
			t.Errorf("%s shows the secret", path)
		}
	}
	s.as(x.token, "GET", access+ada, "").want(404)

	accept := func(token string) string { return fmt.Sprintf(`{"token":%q}`, token) }
	s.as("", "POST", acceptPath, accept(auth.NewSecret(auth.InvitationSecret))).want(404, "unknown_invitation")
	s.as("", "POST", acceptPath, accept(x.token)).want(404, "unknown_invitation")
	s.as("", "POST", acceptPath, accept("noise")).want(404, "unknown_invitation")
	s.as("", "POST", acceptPath, fmt.Sprintf(`{"token":%q,"user_id":%q}`, secret, x.member)).want(409, "invitation_for_another_user")
	s.as("", "POST", acceptPath, `{}`).want(422, "required")
	s.as("", "POST", acceptPath, `{"tokens":1}`).want(422, "unknown_field")
	s.as("", "POST", acceptPath+"?x=1", accept(secret)).want(422, "unknown_parameter")
	s.as("", "POST", acceptPath, accept(secret), "Content-Type", "text/plain").want(415)
	accepted := s.as("", "POST", acceptPath, fmt.Sprintf(`{"token":%q,"user_id":%q}`, secret, ada)).want(200)
	if accepted.get("state") != "active" || accepted.get("accepted") != "true" || accepted.get("user_id") != ada || accepted.header.Get("Muster-Position") == "" {
		t.Errorf("%s", accepted.body)
	}
	s.as(x.token, "GET", access+ada, "").want(200)
	s.as("", "POST", acceptPath, accept(secret)).want(200)
	event := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?type=muster.member.accepted", "").want(200)
	if event.count() != 1 || event.get("items", 0, "authtype") != "user" || event.get("items", 0, "authid") != ada {
		t.Errorf("%s", event.body)
	}
	// A person who is removed and invited again is the same user, with the same
	// membership.
	s.as(x.token, "DELETE", members+"/"+ada, "").want(204)
	s.as("", "POST", acceptPath, accept(secret)).want(404, "unknown_invitation")
	if again := s.as(x.token, "POST", members, `{"email":"ada@new.example","role":"client"}`).want(201); again.get("user_id") != ada || again.get("id") != invited.get("id") {
		t.Errorf("%s", again.body)
	}
}

// The secrets of renewed, expired and withdrawn invitations are refused exactly like
// wrong ones.
func TestDeadInvitations(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	invite := func(email, more string) (user, secret string) {
		got := s.as(x.token, "POST", members, fmt.Sprintf(`{"email":%q,"role":"viewer"%s}`, email, more)).want(201)
		return got.get("user_id"), got.get("invitation", "token")
	}
	ada, renewed := invite("ada@new.example", "")
	fresh := s.as(x.token, "POST", members+"/"+ada+"/resend", "").want(200)
	ben, removed := invite("ben@new.example", "")
	s.as(x.token, "DELETE", members+"/"+ben, "").want(204)
	_, expired := invite("cleo@new.example", `,"invitation_expires_in":60`)
	s.clock.Store(int64(time.Hour))
	wrong := impersonal(t, s.as("", "POST", acceptPath, `{"token":"`+auth.NewSecret(auth.InvitationSecret)+`"}`).want(404, "unknown_invitation"))
	for name, secret := range map[string]string{"renewed": renewed, "removed": removed, "expired": expired} {
		got := s.as("", "POST", acceptPath, `{"token":"`+secret+`"}`).want(404, "unknown_invitation")
		if fmt.Sprint(impersonal(t, got)) != fmt.Sprint(wrong) {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	s.as("", "POST", acceptPath, `{"token":"`+fresh.get("invitation", "token")+`"}`).want(200)
	// After an invitation has expired the person is not invited any more, and can be
	// invited again.
	if got := s.as(x.token, "GET", members+"?state=invited", "").want(200).count(); got != 0 {
		t.Errorf("%d are invited", got)
	}
	invite("cleo@new.example", "")
	s.as(x.token, "POST", members+"/"+x.member+"/resend", `{"invitation_expires_in":60}`).want(409, "not_invited")
	s.as(x.token, "POST", members+"/"+newText()+"/resend", "").want(404, "not_found")
	s.as(x.token, "POST", members+"/"+ada+"/resend", `{"invitation_expires_in":-1}`).want(422, "out_of_range")
}

// A person who was invited to a role that has been archived since cannot accept it. They
// can accept after they have been given another role.
func TestInvitationToAnArchivedRole(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members, roles := "/v1/workspaces/"+x.ws+"/members", "/v1/organizations/"+x.org+"/roles"
	role := s.as(x.token, "POST", roles, `{"key":"reviewer","name":"Reviewer","level":25,"permissions":["reports.view"]}`).want(201).get("id")
	invited := s.as(x.token, "POST", members, `{"email":"ada@new.example","role":"reviewer"}`).want(201)
	ada, secret := members+"/"+invited.get("user_id"), `{"token":"`+invited.get("invitation", "token")+`"}`
	s.as(x.token, "DELETE", roles+"/"+role, "").want(204)
	s.as("", "POST", acceptPath, secret).want(422, "unknown_role")
	s.as(x.token, "POST", ada+"/accept", "").want(422, "unknown_role")
	s.as(x.token, "POST", ada+"/resend", "").want(422, "unknown_role")
	s.as(x.token, "GET", ada, "").want(200)
	s.as(x.token, "PATCH", ada, `{"role":"viewer"}`).want(200)
	if got := s.as("", "POST", acceptPath, secret).want(200); got.get("role", "key") != "viewer" || got.get("state") != "active" {
		t.Errorf("%s", got.body)
	}
}

// The invited user can accept with a token of their own, and a program can accept for
// them. Nobody else can.
func TestAcceptWithToken(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	for i, c := range []struct {
		as     func(user string) (token string, headers []string)
		status int
	}{
		{func(string) (string, []string) { return x.token, nil }, 200},
		{func(user string) (string, []string) { return x.token, []string{"Muster-On-Behalf-Of", user} }, 200},
		{func(user string) (string, []string) {
			token, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["workspace_members:update"],"user_id":%q`, user))
			return token, nil
		}, 200},
		{func(string) (string, []string) {
			token, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"user_id":%q`, x.owner))
			return token, nil
		}, 403},
		{func(string) (string, []string) {
			token, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["all:all"],"workspace_id":%q`, x.ws))
			return token, nil
		}, 200},
		{func(string) (string, []string) { return x.token, []string{"Muster-On-Behalf-Of", x.member} }, 403},
	} {
		user := s.as(x.token, "POST", members, fmt.Sprintf(`{"email":"p%d@new.example","role":"viewer"}`, i)).want(201).get("user_id")
		token, headers := c.as(user)
		if got := s.as(token, "POST", members+"/"+user+"/accept", "", headers...).want(c.status); c.status == 200 && got.get("state") != "active" {
			t.Errorf("%s", got.body)
		}
	}
}

// Whoever may see an invited member sees until when the invitation can be accepted, and
// never its secret.
func TestInvitationIsShown(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	added := s.as(x.token, "POST", members, `{"email":"ada@acme.example","role":"viewer"}`).want(201)
	ends, secret, user := added.get("invitation", "expires_at"), added.get("invitation", "token"), added.get("user_id")
	shown := func(want string) {
		t.Helper()
		for _, path := range []string{members + "/" + user, "/v1/memberships/" + added.get("id"), members + "?role=viewer"} {
			got, steps := s.as(x.token, "GET", path, "").want(200), []any{"invitation"}
			if strings.Contains(path, "?") {
				steps = []any{"items", 0, "invitation"}
			}
			if want != "<nil>" {
				steps = append(steps, "expires_at")
			}
			if got.get(steps...) != want || strings.Contains(string(got.body), secret) {
				t.Errorf("%s: %s, want %s", path, got.body, want)
			}
		}
	}
	shown(ends)
	if got := s.as(x.token, "PATCH", members+"/"+user, `{"expires_at":"2040-01-01T00:00:00Z"}`).want(200).get("invitation", "expires_at"); got != ends {
		t.Errorf("a changed member's invitation ends at %s", got)
	}
	renewed := s.as(x.token, "POST", members+"/"+user+"/resend", `{"invitation_expires_in":60}`).want(200)
	shown(renewed.get("invitation", "expires_at"))
	s.as("", "POST", "/v1/invitations/accept", fmt.Sprintf(`{"token":%q}`, renewed.get("invitation", "token"))).want(200)
	shown("<nil>")
}
