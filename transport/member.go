package transport

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

// MemberPath is the part of a path that names a user in a workspace.
type MemberPath struct {
	WorkspacePath
	User domain.UserID `path:"user" format:"uuid" doc:"The user's id, as your product knows it."`
}

func (a *API) members() {
	const path = "/v1/workspaces/{workspace}/members"
	tags := []string{"Members"}
	query(a, huma.Operation{
		OperationID: "list-members", Path: path,
		Tags: tags, Security: scope("workspace_members:read"), Summary: "List members",
		Description: "The workspace's own members, invited and suspended ones included. Access that is inherited from the organization is not among them: see List access.",
	}, a.listMembers)
	command(a, huma.Operation{
		OperationID: "add-member", Method: http.MethodPost, Path: path, DefaultStatus: http.StatusCreated,
		Tags: tags, Security: scope("workspace_members:create"), Summary: "Add or invite a member",
		Description: "With user_id, makes a user a member; an e-mail address writes their profile too, as far as the directory does not contradict it. With email alone the person is invited: they get a user id at once, the same for the same address, and no access until they accept; the answer has what they accept with, this once. Somebody who is a member or invited already: 409 already_member with membership_id.",
	}, a.addMember)
	query(a, huma.Operation{
		OperationID: "get-member", Path: path + "/{user}",
		Tags: tags, Security: scope("workspace_members:read"), Summary: "Get a member",
		Description: "The user's membership in the workspace; 404 when they are none, or not any more.",
	}, a.getMember)
	command(a, huma.Operation{
		OperationID: "put-member", Method: http.MethodPut, Path: path + "/{user}",
		Tags: tags, Security: scope("workspace_members:update"), Summary: "Make a user a member on these terms",
		Description: "Adds the user (201), or gives the member that role, those permissions and that end (200); what is left out is the role's permissions, and no end.",
		Responses:   orCreated(),
	}, a.putMember)
	command(a, huma.Operation{
		OperationID: "update-member", Method: http.MethodPatch, Path: path + "/{user}",
		Tags: tags, Security: scope("workspace_members:update"), Summary: "Change a member's terms",
		Description: "A merge patch (RFC 7396): what is left out stays; permissions null are the role's, expires_at null is never. Nobody gives or takes a role above their own, or permissions that they do not have, and the last owner stays one.",
	}, a.updateMember)
	command(a, huma.Operation{
		OperationID: "remove-member", Method: http.MethodDelete, Path: path + "/{user}",
		Tags: tags, Security: scope("workspace_members:delete"), Summary: "Remove a member",
		Description: "Ends the membership, or takes the invitation back. Again 204 when removed before; 404 for somebody who never was a member. The last owner stays.",
	}, a.removeMember)
	query(a, huma.Operation{
		OperationID: "get-membership", Path: "/v1/memberships/{membership}",
		Tags: tags, Security: scope("workspace_members:read"), Summary: "Get a membership by its id",
		Description: "The membership, also when it has been removed.",
	}, a.getMembership)
}

type listMembersInput struct {
	WorkspacePath
	ReadHeaders
	ListQuery
	CountQuery
	State string `query:"state" enum:"invited,active,suspended,removed" doc:"Memberships in this state; without it all but removed ones."`
	Role  string `query:"role" maxLength:"50" pattern:"^[a-z][a-z0-9_]*$" doc:"Members with this role, by its key." example:"editor"`
	Q     string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Members whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
	Order string `query:"order_by" enum:"created_at,-created_at,email,-email,name,-name,role,-role" doc:"The order; a minus turns it around. created_at unless told otherwise. By role the lowest level comes first."`
}

func (a *API) listMembers(c *call, in *listMembersInput) (*Listing[Membership], error) {
	if _, err := c.findWorkspace(in.Workspace); err != nil {
		return nil, err
	}
	at := a.now()
	filter := projections.MemberFilter{
		State: domain.MembershipState(in.State), Role: domain.RoleKey(in.Role),
		Query: in.Q, Order: projections.Order(in.Order),
	}
	rows, err := a.models.Members(in.Workspace, filter, at, in.page())
	page, err := listing(rows, err, showMember)
	return counted(in.CountQuery, in.ListQuery, page, err, func() (int, error) { return a.models.CountMembers(in.Workspace, filter, at) })
}

type getMemberInput struct {
	MemberPath
	ReadHeaders
}

func (a *API) getMember(c *call, in *getMemberInput) (*Resource[Membership], error) {
	return c.foundMember(a.models.Member(in.Workspace, in.User, a.now()))
}

type getMembershipInput struct {
	Membership domain.MembershipID `path:"membership" format:"uuid" doc:"The membership's id."`
	ReadHeaders
}

func (a *API) getMembership(c *call, in *getMembershipInput) (*Resource[Membership], error) {
	return c.foundMember(a.models.Membership(in.Membership, a.now()))
}

// foundMember answers a membership, when the token reaches it. There is no 304
// for one: it shows the person's profile, which is not part of its version.
func (c *call) foundMember(member projections.Member, err error) (*Resource[Membership], error) {
	if err != nil {
		return nil, err
	}
	if !c.who.ReachesWorkspace(member.Organization, member.Workspace) {
		return nil, nothing()
	}
	shown := showMember(&member)
	return found(ETagHeaders{}, member.Version, &shown)
}

type putMemberBody struct {
	Role        domain.RoleKey      `json:"role" example:"editor" doc:"The key of a role: owner, admin, editor, viewer, client or one of the organization's own."`
	Permissions []domain.Permission `json:"permissions,omitzero" nullable:"true" maxItems:"200" example:"[\"workspace.view\",\"reports.view\"]" doc:"What the member may do instead of what the role says; null: those of the role."`
	ExpiresAt   time.Time           `json:"expires_at,omitzero" nullable:"true" doc:"When the membership ends by itself; null: never."`
}

func (b *putMemberBody) needs() []need { return []need{{"/role", b.Role != ""}} }

type putMemberInput struct {
	MemberPath
	WriteHeaders
	JSONBody[putMemberBody]
}

func (a *API) putMember(c *call, in *putMemberInput) (*Written[Membership], error) {
	sent := &in.Body.value
	return in.changeMember(c, in.MemberPath, in.Body.sum, func(m domain.Meta) domain.Command {
		return domain.PutMember{
			Meta: m, Workspace: in.Workspace, User: in.User, Membership: a.newID(),
			Terms: domain.Terms{Role: sent.Role, Permissions: sent.Permissions, ExpiresAt: milliseconds(sent.ExpiresAt)},
		}
	})
}

type updateMemberBody struct {
	Role        Patch[domain.RoleKey]      `json:"role,omitzero" example:"editor"`
	Permissions Patch[[]domain.Permission] `json:"permissions,omitzero" nullable:"true" maxItems:"200" example:"[\"workspace.view\",\"reports.view\"]" doc:"null: those of the role."`
	ExpiresAt   Patch[time.Time]           `json:"expires_at,omitzero" nullable:"true" doc:"null: never."`
}

func (b *updateMemberBody) needs() []need { return []need{{"/role", !b.Role.null}} }

// command is the change that the patch asks for.
func (b *updateMemberBody) command(m domain.Meta, ws domain.WorkspaceID, user domain.UserID) domain.ChangeMember {
	c := domain.ChangeMember{Meta: m, Workspace: ws, User: user, Role: b.Role.Change(), Permissions: b.Permissions.Change()}
	if end := b.ExpiresAt.Change(); end != nil {
		*end = milliseconds(*end)
		c.ExpiresAt = end
	}
	return c
}

type updateMemberInput struct {
	MemberPath
	WriteHeaders
	JSONBody[updateMemberBody]
}

func (a *API) updateMember(c *call, in *updateMemberInput) (*Written[Membership], error) {
	return in.changeMember(c, in.MemberPath, in.Body.sum, func(m domain.Meta) domain.Command {
		return in.Body.value.command(m, in.Workspace, in.User)
	})
}

// changeMember runs a command on one membership.
func (h *WriteHeaders) changeMember(c *call, path MemberPath, body domain.Hash, command func(domain.Meta) domain.Command) (*Written[Membership], error) {
	org, err := c.organizationOf(path.Workspace)
	if err != nil {
		return nil, err
	}
	result, err := h.run(c, command(h.meta(c, org, body)))
	if err != nil {
		return nil, err
	}
	shown := c.leftMember(result, result.State.Membership(path.Workspace, path.User))
	return written(h, result, domain.MemberAdded{}.EventType(), shown.Version, &shown), nil
}

// left is a membership as a command left it.
func (c *call) left(result events.Result, member *domain.Membership) projections.Member {
	role, _ := result.State.Role(member.Organization, member.Role)
	left := projections.Member{Membership: *member, Role: role, Profile: result.State.Profile(member.Organization, member.User)}
	if len(result.Types) == 0 { // so it may have ended since it was written last
		left.State = member.StateAt(c.api.now())
	}
	return left
}

// leftMember shows a membership as a command left it.
func (c *call) leftMember(result events.Result, member *domain.Membership) Membership {
	left := c.left(result, member)
	return showMember(&left)
}

type removeMemberInput struct {
	MemberPath
	WriteHeaders
}

func (a *API) removeMember(c *call, in *removeMemberInput) (*Gone, error) {
	org, err := c.organizationOf(in.Workspace)
	if err != nil {
		return nil, err
	}
	result, err := in.run(c, domain.RemoveMember{
		Meta: in.meta(c, org, domain.Hash{}), Workspace: in.Workspace, User: in.User,
	})
	if err != nil {
		return nil, err
	}
	return gone(&in.WriteHeaders, result), nil
}
