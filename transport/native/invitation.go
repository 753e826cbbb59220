package native

import (
	"errors"
	"net/http"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
)

// Invitation is the secret with which a person accepts an invitation, and when it
// expires.
type Invitation struct {
	Token     string         `json:"token" bounds:"invitation_token" doc:"The invitation's secret, shown this once: Muster keeps only a hash. Give it to the person, for example in a link." example:"inv_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"`
	ExpiresAt transport.Time `json:"expires_at"`
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (i *Invitation) AppendJSON(b []byte) []byte {
	b = appendText(append(b, `{"token":`...), i.Token)
	return append(i.ExpiresAt.AppendJSON(append(b, `,"expires_at":`...)), '}')
}

// newInvitation returns the invitation that a command made, with its secret. It returns
// nil if the secret is worthless: see [transport.Result.Secret].
func newInvitation(result transport.Result, member *domain.Membership, secret string) *Invitation {
	if result.Secret(secret) == nil {
		return nil
	}
	return &Invitation{secret, transport.Time(member.Invitation.ExpiresAt)}
}

// InvitationTerm says how long an invitation lasts.
type InvitationTerm struct {
	InvitationExpiresIn *int64 `json:"invitation_expires_in,omitzero" minimum:"1" maximum:"2592000" doc:"How many seconds the invitation lasts: at most 30 days, 7 days by default." example:"604800"`
}

func (t InvitationTerm) check() error {
	if t.InvitationExpiresIn == nil || *t.InvitationExpiresIn > 0 && *t.InvitationExpiresIn <= int64(domain.MaxInvitation/time.Second) {
		return nil
	}
	return &domain.InvalidError{Pointer: "/invitation_expires_in", Code: transport.CodeOutOfRange, Detail: "a number of seconds is expected, 30 days at most"}
}

func (t InvitationTerm) lasts() time.Duration {
	if t.InvitationExpiresIn == nil {
		return 0
	}
	return time.Duration(*t.InvitationExpiresIn) * time.Second
}

func invitationOperations() []transport.Operation {
	const tag = "Members"
	return []transport.Operation{
		{
			ID: "resend-invitation", Method: http.MethodPost, Path: "/v1/workspaces/{workspace}/members/{user}/resend",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: tag,
			Summary:     "Renew an invitation",
			Description: "Gives the invitation a new secret, shown in this response and never again, and a new expiry; the old secret stops working. Muster sends no mail. 409 not_invited when there is no invitation; 422 unknown_role when its role has been archived since.",
			Do:          transport.Command(resendInvitation),
		},
		{
			ID: "accept-invitation", Method: http.MethodPost, Path: "/v1/invitations/accept",
			Reach: transport.ReachPublic, Tag: tag,
			Summary:     "Accept an invitation with its secret",
			Description: "Needs no token: the invitation's secret is enough. It makes the invited user an active member. Again 200 when accepted before. A secret that is wrong, was renewed or taken back, or has expired is 404 unknown_invitation, and the response does not tell which. 422 unknown_role if the invitation's role has been archived since: it can be accepted again once a manager of the workspace gives the person another role.",
			Errors:      []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
			Do:          transport.Command(acceptInvitation),
		},
	}
}

type resendInvitationInput struct {
	MemberPath
	transport.WriteHeaders
	transport.OptionalJSONBody[InvitationTerm]
}

func resendInvitation(c *transport.Call, in *resendInvitationInput) (*transport.Written[AddedMember], error) {
	sent := in.Sent()
	if err := sent.check(); err != nil {
		return nil, err
	}
	secret := auth.NewSecret(auth.InvitationSecret)
	changed, err := c.ChangeMember(in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.RenewInvitation{
			Meta: m, Workspace: in.Workspace, User: in.User, Secret: auth.HashSecret(secret), Lasts: sent.lasts(),
		}
	})
	if err != nil {
		return nil, err
	}
	return addedMember(changed, "", secret), nil
}

type acceptInvitationBody struct {
	Token string        `json:"token" bounds:"invitation_token" maxLength:"100" doc:"The invitation's secret." example:"inv_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"`
	User  domain.UserID `json:"user_id,omitzero" format:"uuid" doc:"When given it must be the invited user's; otherwise 409 invitation_for_another_user."`
}

func (b *acceptInvitationBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/token", b.Token != "")}
}

type acceptInvitationInput struct {
	transport.JSONBody[acceptInvitationBody]
}

func acceptInvitation(c *transport.Call, in *acceptInvitationInput) (*transport.Written[Membership], error) {
	sent := in.Sent()
	if !auth.IsSecret(sent.Token, auth.InvitationSecret) {
		return nil, noInvitation()
	}
	secret := auth.HashSecret(sent.Token)
	invited, err := transport.Find(c, func() (projections.Member, error) { return findInvitation(c, secret) })
	switch {
	case errors.Is(err, projections.ErrNotFound):
		return nil, noInvitation()
	case err != nil:
		return nil, err
	case !sent.User.IsZero() && sent.User != invited.User:
		return nil, transport.AnotherInvitee.Problem("the invitation is for another user than user_id says")
	}
	result, err := c.Perform(domain.AcceptInvitation{
		Meta: domain.Meta{
			ID: c.NewID(), Organization: invited.Organization,
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
	shown := leftMember(c, result, result.Target)
	return transport.Wrote(result, "", shown.Version, &shown), nil
}

// findInvitation returns the membership with the secret if the invitation is open or was
// accepted.
func findInvitation(c *transport.Call, secret domain.Hash) (projections.Member, error) {
	invited, err := c.Models().InvitationBySecret(secret, c.Now())
	if err == nil && invited.State != domain.MembershipInvited && invited.State != domain.MembershipActive {
		err = projections.ErrNotFound
	}
	return invited, err
}

// noInvitation returns the problem of a secret with which no invitation can be accepted.
// It is the same whatever the reason, so that it tells a stranger nothing.
func noInvitation() *transport.Problem {
	return transport.UnknownInvitation.Problem("the invitation is unknown, or cannot be accepted any more: ask for another one")
}
