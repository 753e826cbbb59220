package transport

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport/auth"
)

// AddedMember is a membership with what an invited person accepts with.
type AddedMember struct {
	Membership
	Invitation *Invitation `json:"invitation" doc:"For an invited person; null for a user who was added by their id, and when this is the answer to a request that was answered before."`
}

// TransformSchema documents what can be null.
func (AddedMember) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "name", "invitation")
}

func (m *AddedMember) appendJSON(b []byte) []byte {
	b = m.Membership.appendJSON(b)
	b = append(b[:len(b)-1], `,"invitation":`...)
	if m.Invitation == nil {
		return append(b, "null}"...)
	}
	return append(m.Invitation.appendJSON(b), '}')
}

type addMemberBody struct {
	User        domain.UserID       `json:"user_id,omitzero" format:"uuid" doc:"The user, by the id that your product knows them by. Without it the person with the e-mail address is invited."`
	Email       string              `json:"email,omitzero" maxLength:"254" doc:"Needed without user_id. With it the user's profile is written to the directory." example:"ada@acme.example"`
	Name        personNameInput     `json:"name,omitzero"`
	AvatarURL   string              `json:"avatar_url,omitzero" nullable:"true" maxLength:"2000" format:"uri" example:"https://acme.example/ada.png" doc:"An https address."`
	Role        domain.RoleKey      `json:"role" example:"editor" doc:"The key of a role: owner, admin, editor, viewer, client or one of the organization's own."`
	Permissions []domain.Permission `json:"permissions,omitzero" nullable:"true" maxItems:"200" example:"[\"workspace.view\",\"reports.view\"]" doc:"What the member may do instead of what the role says; null: those of the role."`
	ExpiresAt   time.Time           `json:"expires_at,omitzero" nullable:"true" doc:"When the membership ends by itself; null: never."`
	InvitationTerm
}

func (b *addMemberBody) needs() []need {
	return []need{
		{"/user_id", !b.User.IsZero() || b.Email != ""},
		{"/role", b.Role != ""},
		{"/email", b.Email != "" || b.Name == personNameInput{} && b.AvatarURL == ""},
	}
}

// check refuses what is meant for an invitation where there is none.
func (b *addMemberBody) check() error {
	if !b.User.IsZero() && b.InvitationExpiresIn != nil {
		return &domain.InvalidError{Pointer: "/invitation_expires_in", Code: codeInvalidValue, Detail: "only who is invited, by e-mail address without user_id, has an invitation"}
	}
	return b.InvitationTerm.check()
}

func (b *addMemberBody) terms() domain.Terms {
	return domain.Terms{Role: b.Role, Permissions: b.Permissions, ExpiresAt: milliseconds(b.ExpiresAt)}
}

func (b *addMemberBody) profile() domain.ProfileFacts {
	return domain.ProfileFacts{Email: b.Email, Name: domain.PersonName(b.Name), AvatarURL: b.AvatarURL}
}

// command is what the body asks for: to add the user, or to invite the person
// with that secret.
func (b *addMemberBody) command(a *API, m domain.Meta, ws domain.WorkspaceID, secret string) domain.Command {
	if b.User.IsZero() {
		return domain.InviteMember{
			Meta: m, Workspace: ws, Profile: b.profile(), Terms: b.terms(), User: a.newID(), Membership: a.newID(),
			Secret: auth.HashSecret(secret), Lasts: b.lasts(),
		}
	}
	add := domain.AddMember{Meta: m, Workspace: ws, User: b.User, Terms: b.terms(), Membership: a.newID()}
	if b.Email != "" {
		profile := b.profile()
		add.Profile = &profile
	}
	return add
}

type addMemberInput struct {
	WorkspacePath
	WriteHeaders
	JSONBody[addMemberBody]
}

func (a *API) addMember(c *call, in *addMemberInput) (*Written[AddedMember], error) {
	org, err := c.organizationOf(in.Workspace)
	if err != nil {
		return nil, err
	}
	sent := &in.Body.value
	if err := sent.check(); err != nil {
		return nil, err
	}
	secret := auth.NewSecret(auth.InvitationSecret)
	command := sent.command(a, in.meta(c, org, in.Body.sum), in.Workspace, secret)
	result, err := in.run(c, command)
	if err != nil {
		return nil, err
	}
	member := memberOf(result, command)
	shown := AddedMember{Membership: c.leftMember(result, member)}
	born := domain.MemberAdded{}.EventType()
	if sent.User.IsZero() {
		born = domain.MemberInvited{}.EventType()
		shown.Invitation = in.invitation(result, member, secret)
	}
	return written(&in.WriteHeaders, result, born, member.Version, &shown), nil
}

// memberOf is the membership that a command is about, as it left it. Of an
// invitation that was answered before, the first request knew whom it is for: then
// it is the only membership that there is.
func memberOf(result events.Result, command domain.Command) *domain.Membership {
	switch c := command.(type) { //nolint:gochecksumtype // no other is about one membership
	case domain.AddMember:
		return result.State.Membership(c.Workspace, c.User)
	case domain.PutMember:
		return result.State.Membership(c.Workspace, c.User)
	case domain.PutMemberRole:
		return result.State.Membership(c.Workspace, c.User)
	case domain.ChangeMember:
		return result.State.Membership(c.Workspace, c.User)
	case domain.RemoveMember:
		return result.State.Membership(c.Workspace, c.User)
	case domain.InviteMember:
		if member := result.State.Membership(c.Workspace, c.Invitee(result.State)); member != nil {
			return member
		}
	}
	return part[*domain.Membership](result)
}
