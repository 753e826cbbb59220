package native

import (
	"net/http"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// MemberPath is the part of a path that names a user in a workspace.
type MemberPath struct {
	WorkspacePath
	User domain.UserID `path:"user" format:"uuid" doc:"The user's id, as your product knows it."`
}

func memberOperations() []transport.Operation {
	const path = "/v1/workspaces/{workspace}/members"
	const tag = "Members"
	return []transport.Operation{
		{
			ID: "list-members", Path: path,
			Reach: transport.ReachWorkspace, Scope: "workspace_members:read", Tag: tag,
			Summary:     "List members",
			Description: "The workspace's own members, invited and suspended ones included. Access that is inherited from the organization is not among them: see List access.",
			Do:          transport.Query(listMembers),
		},
		{
			ID: "add-member", Method: http.MethodPost, Path: path,
			Reach: transport.ReachWorkspace, Scope: "workspace_members:create", Tag: tag, Status: http.StatusCreated,
			Summary:     "Add or invite a member",
			Description: "With user_id, makes a user a member. An e-mail address, name or picture sent along changes the user's entry in the directory, and what is left out stays as it is. Only somebody who acts for the organization may do that: an owner or admin of it, or a token of the organization. Managers of the workspace may repeat what the directory says. With email alone the person is invited: they get a user id at once, the same for the same address, and no access until they accept; the answer has what they accept with, this once. Somebody who is a member or invited already: 409 already_member with membership_id. Somebody who was just removed from the organization with very many memberships: 409 member_ending, for some seconds. Below level 50 the actor must have every permission that the membership then allows: 403 role_above_own otherwise.",
			Do:          transport.Command(addMember),
		},
		{
			ID: "get-member", Path: path + "/{user}",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:read", Tag: tag,
			Summary:     "Get a member",
			Description: "The user's membership in the workspace; 404 if they are not a member, or no longer one.",
			Do:          transport.Query(getMember),
		},
		{
			ID: "put-member", Method: http.MethodPut, Path: path + "/{user}",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: tag, MayCreate: true,
			Summary:     "Make a user a member on these terms",
			Description: "Adds the user (201), or gives the member that role, those permissions and that end (200). Without permissions they are the role's, and without expires_at the membership does not end by itself. Below level 50 the actor must have every permission that the membership then allows, if the user is added or the role or the list changes.",
			Do:          transport.Command(putMember),
		},
		{
			ID: "update-member", Method: http.MethodPatch, Path: path + "/{user}",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: tag,
			Summary:     "Change a member's terms",
			Description: "A merge patch (RFC 7396): fields that are left out stay as they are. permissions null means the role's, and expires_at null means never. Nobody gives or takes a role above their own. Below level 50 the actor must have every permission that the membership then allows, if the role or the list changes. The last owner remains an owner.",
			Do:          transport.Command(updateMember),
		},
		{
			ID: "remove-member", Method: http.MethodDelete, Path: path + "/{user}",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:delete", Tag: tag,
			Summary:     "Remove a member",
			Description: "Ends the membership, or takes the invitation back. Again 204 when removed before; 404 for someone who was never a member. The last owner cannot be removed.",
			Do:          transport.Command(removeMember),
		},
		{
			ID: "get-member-history", Path: path + "/{user}/history",
			Reach: transport.ReachWorkspace, Scope: "audit:read", Tag: tag,
			Summary:     "Get the history of a membership",
			Description: "Every event that has made the user's membership in the workspace what it is, in order: who did it, when and why, what it changed, and what the membership was afterwards. Removal and return are part of it, and so are suspensions in the organization since the membership began. An end by the clock that no event has recorded yet is the last entry, without position and event_id. 404 for a user who was never a member or invited.",
			Do:          transport.Query(memberHistory),
		},
		{
			ID: "get-membership", Path: "/v1/memberships/{membership}",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:read", Tag: tag,
			Summary:     "Get a membership by its id",
			Description: "The membership, also when it has been removed.",
			Do:          transport.Query(getMembership),
		},
	}
}

type listMembersInput struct {
	WorkspacePath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
	CountQuery
	State string `query:"state" enum:"invited,active,suspended,removed" doc:"Memberships in this state; without it all but removed ones."`
	Role  string `query:"role" maxLength:"50" pattern:"^[a-z][a-z0-9_]*$" doc:"Members with this role, by its key." example:"editor"`
	Q     string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Members whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
	Order string `query:"order_by" enum:"created_at,-created_at,email,-email,name,-name,role,-role" doc:"The order; a minus reverses it. The default is created_at. By role the lowest level comes first."`
}

func listMembers(c *transport.Call, in *listMembersInput) (*Listing[Membership], error) {
	page, err := in.counted(in.CountQuery)
	if err != nil {
		return nil, err
	}
	ws, err := c.FindWorkspace(in.Workspace)
	if err != nil {
		return nil, err
	}
	q, err := c.Queries(ws.Organization)
	if err != nil {
		return nil, err
	}
	rows, err := q.Members(c, ws, projections.MemberFilter{
		State: domain.MembershipState(in.State), Role: domain.RoleKey(in.Role),
		Query: in.Q, Order: projections.Order(in.Order),
	}, c.At(), page)
	out, err := countedListing(c, page, rows, err, showMember)
	if err == nil {
		out.Body.appendItems = func(b []byte) []byte { return appendMembers(b, rows.Items) }
	}
	return out, err
}

type getMemberInput struct {
	MemberPath
	transport.ReadHeaders
	transport.AsOf
}

func getMember(c *transport.Call, in *getMemberInput) (*transport.Resource[Membership], error) {
	q, err := c.QueriesIn(in.Workspace)
	if err != nil {
		return nil, err
	}
	member, err := q.Member(in.Workspace, in.User, c.At())
	return foundMember(c, member, err)
}

type getMembershipInput struct {
	Membership domain.MembershipID `path:"membership" format:"uuid" doc:"The membership's id."`
	transport.ReadHeaders
	transport.AsOf
}

func getMembership(c *transport.Call, in *getMembershipInput) (*transport.Resource[Membership], error) {
	member, err := c.Models().Membership(in.Membership, c.Now())
	if err == nil && c.IsPast() && c.Reaches(member.Organization, member.Workspace) {
		q, failed := c.Queries(member.Organization)
		if failed != nil {
			return nil, failed
		}
		member, err = q.Membership(in.Membership, c.At())
	}
	return foundMember(c, member, err)
}

// foundMember returns the answer to a query for one membership, if the token reaches it.
// It is never 304, because it shows the person's profile, which the membership's version
// does not cover.
func foundMember(c *transport.Call, member projections.Member, err error) (*transport.Resource[Membership], error) {
	if err != nil {
		return nil, err
	}
	if !c.Reaches(member.Organization, member.Workspace) {
		return nil, transport.NotFound()
	}
	shown := showMember(&member)
	return transport.Found(transport.ETagHeaders{}, member.Version, &shown), nil
}

type putMemberBody struct {
	Role        domain.RoleKey      `json:"role" bounds:"role" example:"editor" doc:"The key of a role: owner, admin, editor, viewer, client or one of the organization's own."`
	Permissions []domain.Permission `json:"permissions,omitzero" bounds:"permissions" nullable:"true" example:"[\"workspace.view\",\"reports.view\"]" doc:"What the member may do instead of what the role says; null: those of the role."`
	ExpiresAt   time.Time           `json:"expires_at,omitzero" nullable:"true" doc:"When the membership ends by itself; null: never."`
}

func (b *putMemberBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/role", b.Role != "")}
}

type putMemberInput struct {
	MemberPath
	transport.WriteHeaders
	transport.JSONBody[putMemberBody]
}

func putMember(c *transport.Call, in *putMemberInput) (*transport.Written[Membership], error) {
	sent := in.Sent()
	return changeMember(c, in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.PutMember{
			Meta: m, Workspace: in.Workspace, User: in.User, Membership: c.NewID(),
			Terms: domain.Terms{Role: sent.Role, Permissions: sent.Permissions, ExpiresAt: milliseconds(sent.ExpiresAt)},
		}
	})
}

type updateMemberBody struct {
	Role        transport.Patch[domain.RoleKey]      `json:"role,omitzero" bounds:"role" example:"editor"`
	Permissions transport.Patch[[]domain.Permission] `json:"permissions,omitzero" bounds:"permissions" nullable:"true" example:"[\"workspace.view\",\"reports.view\"]" doc:"null: those of the role."`
	ExpiresAt   transport.Patch[time.Time]           `json:"expires_at,omitzero" nullable:"true" doc:"null: never."`
}

func (b *updateMemberBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/role", !b.Role.IsNull())}
}

// command returns the command that the patch asks for.
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
	transport.WriteHeaders
	transport.JSONBody[updateMemberBody]
}

func updateMember(c *transport.Call, in *updateMemberInput) (*transport.Written[Membership], error) {
	return changeMember(c, in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return in.Sent().command(m, in.Workspace, in.User)
	})
}

// changeMember runs a command on one membership and returns its answer.
func changeMember(c *transport.Call, w *transport.Write, ws domain.WorkspaceID, command func(domain.Meta) domain.Command) (*transport.Written[Membership], error) {
	changed, err := c.ChangeMember(w, ws, command)
	if err != nil {
		return nil, err
	}
	shown := showMember(&changed.Member)
	return transport.Wrote(changed.Result, domain.MemberAdded{}.EventType(), changed.Version, &shown), nil
}

// leftMember returns a membership as a command left it.
func leftMember(c *transport.Call, result transport.Result, key domain.Key) Membership {
	left := c.Left(result, key)
	return showMember(&left)
}

type removeMemberInput struct {
	MemberPath
	transport.WriteHeaders
}

func removeMember(c *transport.Call, in *removeMemberInput) (*transport.Gone, error) {
	result, err := c.DoInWorkspace(in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.RemoveMember{Meta: m, Workspace: in.Workspace, User: in.User}
	})
	if err != nil {
		return nil, err
	}
	return transport.Ended(result), nil
}
