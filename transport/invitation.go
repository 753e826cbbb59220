package transport

import (
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/auth"
)

// Invitation is what a person accepts with, and until when they can.
type Invitation struct {
	Token     string `json:"token" doc:"The invitation's secret, shown this once: Muster keeps only a hash. Give it to the person, for example in a link." example:"inv_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"`
	ExpiresAt Time   `json:"expires_at"`
}

func (i *Invitation) appendJSON(b []byte) []byte {
	b = appendText(append(b, `{"token":`...), i.Token)
	return append(i.ExpiresAt.appendJSON(append(b, `,"expires_at":`...)), '}')
}

// invitation shows the secret of an invitation that was made just now.
func (h *WriteHeaders) invitation(result events.Result, member *domain.Membership, secret string) *Invitation {
	if h.ValidateOnly || result.Replayed {
		return nil
	}
	return &Invitation{secret, Time(member.Invitation.ExpiresAt)}
}

// InvitationTerm says how long an invitation lasts.
type InvitationTerm struct {
	InvitationExpiresIn *int64 `json:"invitation_expires_in,omitzero" minimum:"1" maximum:"2592000" doc:"How many seconds the invitation lasts: at most 30 days; 7 days unless told otherwise." example:"604800"`
}

func (t InvitationTerm) check() error {
	if t.InvitationExpiresIn == nil || *t.InvitationExpiresIn > 0 && *t.InvitationExpiresIn <= int64(domain.MaxInvitation/time.Second) {
		return nil
	}
	return &domain.InvalidError{Pointer: "/invitation_expires_in", Code: codeOutOfRange, Detail: "a number of seconds is expected, 30 days at most"}
}

func (t InvitationTerm) lasts() time.Duration {
	if t.InvitationExpiresIn == nil {
		return 0
	}
	return time.Duration(*t.InvitationExpiresIn) * time.Second
}

func (a *API) invitations() {
	tags := []string{"Members"}
	command(a, huma.Operation{
		OperationID: "resend-invitation", Method: http.MethodPost, Path: "/v1/workspaces/{workspace}/members/{user}/resend",
		Tags: tags, Security: scope("workspace_members:update"), Summary: "Renew an invitation",
		Description: "Gives the invitation another secret, shown in this answer and never again, and another time to accept; the former secret opens nothing any more. Muster sends no mail. 409 not_invited when there is no invitation; 422 unknown_role when its role has been archived since.",
	}, a.resendInvitation)
	register(a.native, huma.Operation{
		OperationID: "accept-invitation", Method: http.MethodPost, Path: "/v1/invitations/accept",
		Tags: tags, Security: public, Summary: "Accept an invitation with its secret",
		Description: "Takes no token: the invitation's secret says enough. It makes the invited user an active member; again 200 when accepted before. A secret that is wrong, was renewed or taken back, or has expired is 404 unknown_invitation, and the answer does not tell which. 422 unknown_role when the invitation's role has been archived since: it opens again when whoever manages the workspace gives the person another role.",
	}, []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable}, a.acceptInvitation)
}

type resendInvitationInput struct {
	MemberPath
	WriteHeaders
	OptionalJSONBody[InvitationTerm]
}

func (a *API) resendInvitation(c *call, in *resendInvitationInput) (*Written[AddedMember], error) {
	org, err := c.organizationOf(in.Workspace)
	if err != nil {
		return nil, err
	}
	if err := in.Body.value.check(); err != nil {
		return nil, err
	}
	secret := auth.NewSecret(auth.InvitationSecret)
	result, err := in.run(c, domain.RenewInvitation{
		Meta: in.meta(c, org, in.Body.sum), Workspace: in.Workspace, User: in.User,
		Secret: auth.HashSecret(secret), Lasts: in.Body.value.lasts(),
	})
	if err != nil {
		return nil, err
	}
	member := result.State.Membership(in.Workspace, in.User)
	shown := AddedMember{c.leftMember(result, member), in.invitation(result, member, secret)}
	return written(&in.WriteHeaders, result, "", member.Version, &shown), nil
}

type acceptInvitationBody struct {
	Token string        `json:"token" maxLength:"100" doc:"The invitation's secret." example:"inv_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"`
	User  domain.UserID `json:"user_id,omitzero" format:"uuid" doc:"When given it must be the invited user's; otherwise 409 invitation_for_another_user."`
}

func (b *acceptInvitationBody) needs() []need { return []need{{"/token", b.Token != ""}} }

type acceptInvitationInput struct{ JSONBody[acceptInvitationBody] }

func (a *API) acceptInvitation(c *call, in *acceptInvitationInput) (*Written[Membership], error) {
	sent := &in.Body.value
	if !auth.IsSecret(sent.Token, auth.InvitationSecret) {
		return nil, noInvitation()
	}
	secret := auth.HashSecret(sent.Token)
	invited, err := a.models.InvitationBySecret(secret, a.now())
	switch {
	case errors.Is(err, projections.ErrNotFound):
		return nil, noInvitation()
	case err != nil:
		return nil, err
	case invited.State != domain.MembershipInvited && invited.State != domain.MembershipActive:
		return nil, noInvitation()
	case !sent.User.IsZero() && sent.User != invited.User:
		return nil, anotherInvitee.problem("the invitation is for another user than user_id says")
	}
	var headers WriteHeaders
	result, err := headers.run(c, domain.AcceptInvitation{
		Meta: domain.Meta{
			ID: a.newID(), Organization: invited.Organization,
			Actor: domain.Actor{Kind: domain.ActorUser, ID: invited.User.String(), User: invited.User},
		},
		Workspace: invited.Workspace, User: invited.User, Secret: secret,
	})
	switch {
	case errors.Is(err, domain.ErrNotInvited), errors.Is(err, domain.ErrUnknownWorkspace), errors.Is(err, domain.ErrNotAllowed):
		return nil, noInvitation()
	case err != nil:
		return nil, err
	}
	shown := c.leftMember(result, result.State.Membership(invited.Workspace, invited.User))
	return written(&headers, result, "", shown.Version, &shown), nil
}

// noInvitation is the problem of every secret that opens nothing, for whatever
// reason.
func noInvitation() *Problem {
	return unknownInvitation.problem("the invitation is unknown, or cannot be accepted any more: ask for another one")
}
