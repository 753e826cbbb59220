package native

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/openapi"
)

// AddedMember is a membership. For an invited person it includes the invitation.
type AddedMember struct {
	Membership
	Invitation *Invitation `json:"invitation" doc:"For an invited person; null for a user who was added by their id, and when this is the answer to a request that was answered before."`
}

// TransformSchema documents which fields can be null.
func (AddedMember) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "name", "invitation")
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (m *AddedMember) AppendJSON(b []byte) []byte {
	b = append(m.appendTerms(b, new(appendedTerms)), `,"invitation":`...)
	if m.Invitation == nil {
		return append(b, "null}"...)
	}
	return append(m.Invitation.AppendJSON(b), '}')
}

type addMemberBody struct {
	User        domain.UserID       `json:"user_id,omitzero" format:"uuid" doc:"The user, by your product's id for them. Without it the person with the e-mail address is invited."`
	Email       *string             `json:"email,omitzero" bounds:"email" doc:"Needed without user_id. With user_id it becomes the user's address in the directory. Only an owner or admin of the organization, or a token of the organization, can do that." example:"ada@acme.example"`
	Name        personNameInput     `json:"name,omitzero"`
	AvatarURL   *string             `json:"avatar_url,omitzero" bounds:"avatar_url" nullable:"true" format:"uri" example:"https://acme.example/ada.png" doc:"An https address."`
	Role        domain.RoleKey      `json:"role" bounds:"role" example:"editor" doc:"The key of a role: owner, admin, editor, viewer, client or one of the organization's own."`
	Permissions []domain.Permission `json:"permissions,omitzero" bounds:"permissions" nullable:"true" example:"[\"workspace.view\",\"reports.view\"]" doc:"What the member may do instead of what the role says; null: those of the role."`
	ExpiresAt   time.Time           `json:"expires_at,omitzero" nullable:"true" doc:"When the membership ends by itself; null: never."`
	Suspended   bool                `json:"suspended,omitzero" example:"false" doc:"true: the user has no access until they are reinstated. Only with user_id."`
	InvitationTerm
}

func (b *addMemberBody) Required() []transport.Required {
	return []transport.Required{
		transport.Require("/user_id", !b.User.IsZero() || b.Email != nil),
		transport.Require("/role", b.Role != ""),
	}
}

// check refuses an empty picture, a term for an invitation if the body does not invite
// anyone, and a suspension if it does.
func (b *addMemberBody) check() error {
	if !b.User.IsZero() && b.InvitationExpiresIn != nil {
		return &domain.InvalidError{Pointer: "/invitation_expires_in", Code: transport.CodeInvalidValue, Detail: "only an invited person (email without user_id) has an invitation"}
	}
	if b.User.IsZero() && b.Suspended {
		return &domain.InvalidError{Pointer: "/suspended", Code: transport.CodeInvalidValue, Detail: "a user_id is expected with it: an invited person has no access to suspend"}
	}
	if err := checkAvatar(b.AvatarURL); err != nil {
		return err
	}
	return b.InvitationTerm.check()
}

func (b *addMemberBody) terms() domain.Terms {
	return domain.Terms{Role: b.Role, Permissions: b.Permissions, ExpiresAt: milliseconds(b.ExpiresAt)}
}

func (b *addMemberBody) profile() domain.ProfilePatch { return said(b.Email, b.Name, b.AvatarURL) }

// command returns the command that the body asks for: to add the user, or to invite the
// person with that secret.
func (b *addMemberBody) command(c *transport.Call, m domain.Meta, ws domain.WorkspaceID, secret string) domain.Command {
	if b.User.IsZero() {
		return domain.InviteMember{
			Meta: m, Workspace: ws, Profile: factsOf(b.profile()), Terms: b.terms(), User: c.NewID(), Membership: c.NewID(),
			Secret: auth.HashSecret(secret), Lasts: b.lasts(),
		}
	}
	add := domain.AddMember{Meta: m, Workspace: ws, User: b.User, Terms: b.terms(), Membership: c.NewID()}
	if profile := b.profile(); profile != (domain.ProfilePatch{}) {
		add.Profile = &profile
	}
	if b.Suspended {
		return domain.AddSuspendedMember{AddMember: add}
	}
	return add
}

type addMemberInput struct {
	WorkspacePath
	transport.WriteHeaders
	transport.JSONBody[addMemberBody]
}

func addMember(c *transport.Call, in *addMemberInput) (*transport.Written[AddedMember], error) {
	sent := in.Sent()
	if err := sent.check(); err != nil {
		return nil, err
	}
	born, secret := domain.MemberAdded{}.EventType(), ""
	if sent.User.IsZero() {
		born, secret = domain.MemberInvited{}.EventType(), auth.NewSecret(auth.InvitationSecret)
	}
	changed, err := c.ChangeMember(in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return sent.command(c, m, in.Workspace, secret)
	})
	if err != nil {
		return nil, err
	}
	return addedMember(changed, born, secret), nil
}

// addedMember returns the answer to a command that adds a member or renews an invitation.
// The secret is that of the invitation. It is empty for a member without one.
func addedMember(changed transport.Changed, born, secret string) *transport.Written[AddedMember] {
	shown := AddedMember{Membership: showMember(&changed.Member)}
	if secret != "" {
		shown.Invitation = newInvitation(changed.Result, &changed.Membership, secret)
	}
	return transport.Wrote(changed.Result, born, changed.Version, &shown)
}
