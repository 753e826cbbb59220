package transport

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// OwnershipTransfer is what a transfer of ownership has made of both.
type OwnershipTransfer struct {
	Owner  Membership `json:"owner" doc:"Who owns the workspace now."`
	Former Membership `json:"former_owner" doc:"Who gave it; an admin now."`
}

func (a *API) ownership() {
	command(a, huma.Operation{
		OperationID: "transfer-ownership", Method: http.MethodPost, Path: "/v1/workspaces/{workspace}/transfer-ownership",
		Tags: []string{"Members"}, Security: scope("workspace_members:update"), Summary: "Transfer ownership",
		Description: "Makes another active member an owner of the workspace, and the owner an admin, in one commit. Owners may, and whoever acts for the organization.",
	}, a.transferOwnership)
}

type transferOwnershipBody struct {
	To   domain.UserID `json:"to_user_id" format:"uuid" doc:"An active member whose membership does not end by itself."`
	From domain.UserID `json:"from_user_id,omitzero" format:"uuid" nullable:"true" doc:"The owner who gives up; the user for whom this is done unless told otherwise. A program must say."`
}

func (b *transferOwnershipBody) needs() []need { return []need{{"/to_user_id", !b.To.IsZero()}} }

type transferOwnershipInput struct {
	WorkspacePath
	WriteHeaders
	JSONBody[transferOwnershipBody]
}

func (a *API) transferOwnership(c *call, in *transferOwnershipInput) (*Committed[OwnershipTransfer], error) {
	org, err := c.organizationOf(in.Workspace)
	if err != nil {
		return nil, err
	}
	sent, meta := &in.Body.value, in.meta(c, org, in.Body.sum)
	from := sent.From
	switch {
	case !from.IsZero():
	case !in.OnBehalfOf.IsZero():
		from = in.OnBehalfOf
	default:
		from = c.who.Actor.User
	}
	result, err := in.run(c, domain.TransferOwnership{Meta: meta, Workspace: in.Workspace, From: from, To: sent.To})
	if err != nil {
		return nil, err
	}
	return committed(&in.WriteHeaders, result, &OwnershipTransfer{
		Owner:  c.leftMember(result, result.State.Membership(in.Workspace, sent.To)),
		Former: c.leftMember(result, result.State.Membership(in.Workspace, from)),
	}), nil
}
