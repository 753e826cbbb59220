package native

import (
	"net/http"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// memberOperation is one operation of a batch. It has the fields of the request that it
// stands for, and the user's id.
type memberOperation struct {
	Op          string                               `json:"op" enum:"add,update,remove" doc:"add: as Add or invite a member; update: as Change a member's terms; remove: as Remove a member."`
	User        domain.UserID                        `json:"user_id,omitzero" format:"uuid" doc:"Needed to update and to remove; to add, this or email."`
	Email       *string                              `json:"email,omitzero" bounds:"email" example:"ada@acme.example" doc:"To add."`
	Name        personNameInput                      `json:"name,omitzero" doc:"To add."`
	AvatarURL   *string                              `json:"avatar_url,omitzero" bounds:"avatar_url" nullable:"true" format:"uri" example:"https://acme.example/ada.png" doc:"To add. An https address."`
	Role        transport.Patch[domain.RoleKey]      `json:"role,omitzero" bounds:"role" example:"editor" doc:"Needed to add."`
	Permissions transport.Patch[[]domain.Permission] `json:"permissions,omitzero" bounds:"permissions" nullable:"true" example:"[\"workspace.view\",\"reports.view\"]" doc:"To add and to update. null: those of the role."`
	ExpiresAt   transport.Patch[time.Time]           `json:"expires_at,omitzero" nullable:"true" doc:"To add and to update. null: never."`
	Suspended   bool                                 `json:"suspended,omitzero" example:"false" doc:"To add. true: the user has no access until they are reinstated."`
	InvitationTerm
}

func (o *memberOperation) add() *addMemberBody {
	return &addMemberBody{
		User: o.User, Email: o.Email, Name: o.Name, AvatarURL: o.AvatarURL,
		Role: o.Role.Value(), Permissions: o.Permissions.Value(), ExpiresAt: o.ExpiresAt.Value(), Suspended: o.Suspended, InvitationTerm: o.InvitationTerm,
	}
}

func (o *memberOperation) update() *updateMemberBody {
	return &updateMemberBody{o.Role, o.Permissions, o.ExpiresAt}
}

// check refuses an operation that is unknown or has the wrong fields.
func (o *memberOperation) check() error {
	required := o.Required()
	switch o.Op {
	case "add":
		add := o.add()
		if err := add.check(); err != nil {
			return err
		}
		required = add.Required()
	case "update", "remove":
		if o.addsOnly() || o.Op == "remove" && (o.Role.Given() || o.Permissions.Given() || o.ExpiresAt.Given()) {
			return transport.InvalidField("", transport.CodeInvalidValue, "the operation has fields that "+o.Op+" does not take")
		}
	default:
		return transport.InvalidField("/op", transport.CodeInvalidValue, "add, update or remove is expected")
	}
	return transport.Missing(required)
}

// addsOnly reports whether the operation has fields that only add takes.
func (o *memberOperation) addsOnly() bool {
	return o.Email != nil || o.Name != personNameInput{} || o.AvatarURL != nil || o.Suspended || o.InvitationExpiresIn != nil
}

func (o *memberOperation) Required() []transport.Required {
	return append(o.update().Required(), transport.Require("/user_id", !o.User.IsZero()))
}

// scope returns the scope that the token needs for the operation.
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

// status returns the status that the operation would have by itself.
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

// command returns the command that the operation asks for.
func (o *memberOperation) command(c *transport.Call, m domain.Meta, ws domain.WorkspaceID, secret string) domain.Command {
	switch o.Op {
	case "add":
		return o.add().command(c, m, ws, secret)
	case "remove":
		return domain.RemoveMember{Meta: m, Workspace: ws, User: o.User}
	default:
		return o.update().command(m, ws, o.User)
	}
}
