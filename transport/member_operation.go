package transport

import (
	"net/http"
	"time"

	"github.com/muster-dev/muster/domain"
)

// memberOperation is one operation of a batch: the fields of the request that it
// stands for, with the user's id.
type memberOperation struct {
	Op          string                     `json:"op" enum:"add,update,remove" doc:"add: as Add or invite a member; update: as Change a member's terms; remove: as Remove a member."`
	User        domain.UserID              `json:"user_id,omitzero" format:"uuid" doc:"Needed to update and to remove; to add, this or email."`
	Email       string                     `json:"email,omitzero" maxLength:"254" example:"ada@acme.example" doc:"To add."`
	Name        personNameInput            `json:"name,omitzero" doc:"To add."`
	AvatarURL   string                     `json:"avatar_url,omitzero" nullable:"true" maxLength:"2000" format:"uri" example:"https://acme.example/ada.png" doc:"To add. An https address."`
	Role        Patch[domain.RoleKey]      `json:"role,omitzero" example:"editor" doc:"Needed to add."`
	Permissions Patch[[]domain.Permission] `json:"permissions,omitzero" nullable:"true" maxItems:"200" example:"[\"workspace.view\",\"reports.view\"]" doc:"To add and to update. null: those of the role."`
	ExpiresAt   Patch[time.Time]           `json:"expires_at,omitzero" nullable:"true" doc:"To add and to update. null: never."`
	InvitationTerm
}

func (o *memberOperation) add() *addMemberBody {
	return &addMemberBody{
		User: o.User, Email: o.Email, Name: o.Name, AvatarURL: o.AvatarURL,
		Role: o.Role.value, Permissions: o.Permissions.value, ExpiresAt: o.ExpiresAt.value, InvitationTerm: o.InvitationTerm,
	}
}

func (o *memberOperation) update() *updateMemberBody {
	return &updateMemberBody{o.Role, o.Permissions, o.ExpiresAt}
}

// check refuses an operation that is not one.
func (o *memberOperation) check() error {
	var body needy = o
	switch o.Op {
	case "add":
		add := o.add()
		if err := add.check(); err != nil {
			return err
		}
		body = add
	case "update", "remove":
		if o.addsOnly() || o.Op == "remove" && (o.Role.there || o.Permissions.there || o.ExpiresAt.there) {
			return invalid(FieldProblem{"", codeInvalidValue, "the operation has fields that " + o.Op + " does not take"})
		}
	default:
		return invalid(FieldProblem{"/op", codeInvalidValue, "add, update or remove is expected"})
	}
	if p := missing(body); p != nil {
		return p
	}
	return nil
}

// addsOnly reports whether the operation has fields that only add takes.
func (o *memberOperation) addsOnly() bool {
	return o.Email != "" || o.Name != personNameInput{} || o.AvatarURL != "" || o.InvitationExpiresIn != nil
}

func (o *memberOperation) needs() []need {
	return append(o.update().needs(), need{"/user_id", !o.User.IsZero()})
}

// scope is what the operation demands of a token.
func (o *memberOperation) scope() domain.Scope {
	switch o.Op {
	case "add":
		return "workspace_members:create"
	case "remove":
		return "workspace_members:delete"
	default:
		return "workspace_members:update"
	}
}

// status is that of the operation by itself.
func (o *memberOperation) status() int {
	switch o.Op {
	case "add":
		return http.StatusCreated
	case "remove":
		return http.StatusNoContent
	default:
		return http.StatusOK
	}
}

// command is what the operation asks for.
func (o *memberOperation) command(a *API, m domain.Meta, ws domain.WorkspaceID, secret string) domain.Command {
	switch o.Op {
	case "add":
		return o.add().command(a, m, ws, secret)
	case "remove":
		return domain.RemoveMember{Meta: m, Workspace: ws, User: o.User}
	default:
		return o.update().command(m, ws, o.User)
	}
}
