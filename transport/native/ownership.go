package native

import (
	"net/http"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// OwnershipTransfer is what a transfer of ownership has made of the two memberships.
type OwnershipTransfer struct {
	Owner  Membership `json:"owner" doc:"Who owns the workspace now."`
	Former Membership `json:"former_owner" doc:"Who gave it; an admin now."`
}

func ownershipOperations() []transport.Operation {
	return []transport.Operation{
		{
			ID: "transfer-ownership", Method: http.MethodPost, Path: "/v1/workspaces/{workspace}/transfer-ownership",
			Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: "Members",
			Summary:     "Transfer ownership",
			Description: "Makes another active member an owner of the workspace, and the owner an admin, in one commit. Owners may, and anyone who acts for the organization.",
			Do:          transport.Command(transferOwnership),
		},
	}
}

type transferOwnershipBody struct {
	To   domain.UserID `json:"to_user_id" format:"uuid" doc:"An active member whose membership does not end by itself."`
	From domain.UserID `json:"from_user_id,omitzero" format:"uuid" nullable:"true" doc:"The owner who gives up ownership. The default is the user who makes the request; a program must name one."`
}

func (b *transferOwnershipBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/to_user_id", !b.To.IsZero())}
}

type transferOwnershipInput struct {
	WorkspacePath
	transport.WriteHeaders
	transport.JSONBody[transferOwnershipBody]
}

func transferOwnership(c *transport.Call, in *transferOwnershipInput) (*transport.Committed[OwnershipTransfer], error) {
	sent, from := in.Sent(), in.Sent().From
	switch {
	case !from.IsZero():
	case !in.OnBehalfOf.IsZero():
		from = in.OnBehalfOf
	default:
		from = c.User()
	}
	result, err := c.DoInWorkspace(in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.TransferOwnership{Meta: m, Workspace: in.Workspace, From: from, To: sent.To}
	})
	if err != nil {
		return nil, err
	}
	return transport.Commit(result, &OwnershipTransfer{
		Owner:  leftMember(c, result, domain.MembershipKey(in.Workspace, sent.To)),
		Former: leftMember(c, result, domain.MembershipKey(in.Workspace, from)),
	}), nil
}
