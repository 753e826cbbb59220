package transport

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// memberStates registers the verbs that change the state of a membership.
func (a *API) memberStates() {
	for _, verb := range []struct {
		name, summary, description string
		command                    func(domain.Meta, MemberPath) domain.Command
	}{
		{
			"suspend", "Suspend a member", "Takes the member's direct access for a while; the membership stays, and so does access that is inherited from the organization. Again 200 when suspended before. The last owner stays active.",
			func(m domain.Meta, p MemberPath) domain.Command {
				return domain.SuspendMember{Meta: m, Workspace: p.Workspace, User: p.User}
			},
		},
		{
			"reinstate", "Reinstate a member", "Gives a suspended member their access back. Again 200 when active.",
			func(m domain.Meta, p MemberPath) domain.Command {
				return domain.ReinstateMember{Meta: m, Workspace: p.Workspace, User: p.User}
			},
		},
		{
			"accept", "Accept an invitation for a user", "Makes an invited user an active member. The user may, through a token bound to them or on their behalf, and a program that has asked them. Again 200 when active. With the invitation's secret and no token: see Accept an invitation with its secret.",
			func(m domain.Meta, p MemberPath) domain.Command {
				return domain.AcceptInvitation{Meta: m, Workspace: p.Workspace, User: p.User}
			},
		},
		{
			"leave", "Leave a workspace", "Ends the user's own membership, whatever their role; only the user may, through a token bound to them or on their behalf. Again 200 when it has ended before. The last owner stays.",
			func(m domain.Meta, p MemberPath) domain.Command {
				return domain.LeaveWorkspace{Meta: m, Workspace: p.Workspace, User: p.User}
			},
		},
	} {
		id := verb.name + "-member"
		switch verb.name {
		case "accept":
			id = "accept-member-invitation"
		case "leave":
			id = "leave-workspace"
		}
		command(a, huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: "/v1/workspaces/{workspace}/members/{user}/" + verb.name,
			Tags: []string{"Members"}, Security: scope("workspace_members:update"), Summary: verb.summary, Description: verb.description,
		}, func(c *call, in *memberVerbInput) (*Written[Membership], error) {
			return in.changeMember(c, in.MemberPath, domain.Hash{}, func(m domain.Meta) domain.Command { return verb.command(m, in.MemberPath) })
		})
	}
}

type memberVerbInput struct {
	MemberPath
	WriteHeaders
}
