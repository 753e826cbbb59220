package native

import (
	"net/http"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// memberStateOperations returns the operations that change the state of a membership.
func memberStateOperations() []transport.Operation {
	return []transport.Operation{
		{
			ID: "suspend-member", Method: http.MethodPost, Path: memberVerbPath + "suspend",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: "Members",
			Summary:     "Suspend a member",
			Description: "Takes away the member's direct access until the member is reinstated. The membership stays, and so does access that is inherited from the organization. Again 200 when suspended before. The last owner remains active.",
			Do: memberVerb(func(m domain.Meta, p MemberPath) domain.Command {
				return domain.SuspendMember{Meta: m, Workspace: p.Workspace, User: p.User}
			}),
		},
		{
			ID: "reinstate-member", Method: http.MethodPost, Path: memberVerbPath + "reinstate",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: "Members",
			Summary:     "Reinstate a member",
			Description: "Gives a suspended member their access back. Again 200 when active.",
			Do: memberVerb(func(m domain.Meta, p MemberPath) domain.Command {
				return domain.ReinstateMember{Meta: m, Workspace: p.Workspace, User: p.User}
			}),
		},
		{
			ID: "accept-member-invitation", Method: http.MethodPost, Path: memberVerbPath + "accept",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: "Members",
			Summary:     "Accept an invitation for a user",
			Description: "Makes an invited user an active member. The user may, through a token bound to them or on their behalf, and a program that has asked them. Again 200 when active. With the invitation's secret and no token: see Accept an invitation with its secret.",
			Do: memberVerb(func(m domain.Meta, p MemberPath) domain.Command {
				return domain.AcceptInvitation{Meta: m, Workspace: p.Workspace, User: p.User}
			}),
		},
		{
			ID: "leave-workspace", Method: http.MethodPost, Path: memberVerbPath + "leave",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: "Members",
			Summary:     "Leave a workspace",
			Description: "Ends the user's own membership, in any role. Only the user can do that, through a token bound to them or on their behalf. Again 200 when it has ended before. The last owner cannot be removed.",
			Do: memberVerb(func(m domain.Meta, p MemberPath) domain.Command {
				return domain.LeaveWorkspace{Meta: m, Workspace: p.Workspace, User: p.User}
			}),
		},
	}
}

const memberVerbPath = "/v1/workspaces/{workspace}/members/{user}/"

type memberVerbInput struct {
	MemberPath
	transport.WriteHeaders
}

// memberVerb returns the handler of a verb: it runs a command on the member that the path
// names.
func memberVerb(command func(domain.Meta, MemberPath) domain.Command) transport.Handler {
	return transport.Command(func(c *transport.Call, in *memberVerbInput) (*transport.Written[Membership], error) {
		return changeMember(c, in.Write(), in.Workspace, func(m domain.Meta) domain.Command { return command(m, in.MemberPath) })
	})
}
