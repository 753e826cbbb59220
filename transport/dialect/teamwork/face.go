package teamwork

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/transport"
)

const path = "/api/v1/Workspaces"

// Face returns the dialect.
func Face() transport.Face {
	const tag = "Workspaces"
	return transport.Face{
		Name: "teamwork", Owns: []string{"/api/v1"},
		Title: "Muster in Teamwork's dialect",
		Description: "Members of workspaces as Teamwork's API has them. An accessLevel is 0 for a client, 1 for a viewer, 2 for an editor, 3 for an admin, 4 for an owner. " +
			"Every write also takes Idempotency-Key, If-Match and Muster-Reason, and returns Muster-Position.",
		Tags: []*huma.Tag{{Name: tag, Description: "The members of workspaces."}},
		Scheme: &huma.SecurityScheme{
			Type: "http", Scheme: "bearer",
			Description: "A token. Each operation names the scope that it must have; all on either side of the colon means everything. " +
				"A token that is bound to a user may write as far as that user may: as an owner of the workspace, or as an owner or admin of its organization.",
		},
		Lenient: true, MediaTypes: []string{"text/json", "application/*+json"}, ErrorForm: errorForm, Examples: examples,
		Operations: []transport.Operation{
			{
				ID: "list-workspace-members", Path: path + "/{workspaceId}/members",
				Reach: transport.ReachWorkspace, Scope: "workspace_members:read", Tag: tag,
				Summary:     "List a workspace's members",
				Description: "The workspace's own members, invited and suspended ones included, the oldest first. Access that is inherited from the organization is not among them.",
				Do:          transport.Query(list),
			},
			{
				ID: "add-workspace-member", Method: http.MethodPost, Path: path + "/{workspaceId}/members",
				Reach: transport.ReachWorkspace, Scope: "workspace_members:create", Tag: tag, Status: http.StatusCreated,
				Summary:     "Add a member to a workspace",
				Description: "Makes the user a member with that access level. Somebody who is a member or invited already: 409.",
				Do:          transport.Command(add),
			},
			{
				ID: "update-member-access", Method: http.MethodPut, Path: path + "/members/{memberId}/access",
				Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: tag,
				Summary:     "Update a member's access level",
				Description: "Gives the member that access level. Permissions of the member's own stay. The last owner remains an owner.",
				Do:          transport.Command(update),
			},
			{
				ID: "update-access", Method: http.MethodPut, Path: path + "/members/access",
				Reach: transport.ReachWorkspace, Scope: "workspace_members:update", Tag: tag, Errors: []int{http.StatusNotFound},
				Summary:     "Update the access level of the member in the body",
				Description: "Gives the member that access level. Permissions of the member's own stay. The last owner remains an owner.",
				Do:          transport.Command(updateInBody),
			},
		},
	}
}

// refused is the form of an error (RFC 9457).
type refused struct {
	Type     string `json:"type" bounds:"problem" format:"uri-reference" doc:"Where the kind of error is explained; the part after # is for programs." example:"/docs/problems#not_found"`
	Title    string `json:"title" bounds:"title" doc:"The kind of error; the same for every occurrence." example:"Not found"`
	Status   int32  `json:"status" minimum:"400" maximum:"599" doc:"The HTTP status." example:"404"`
	Detail   string `json:"detail" bounds:"detail" doc:"What is wrong with this request." example:"there is no such resource, or the token does not reach it"`
	Instance string `json:"instance" bounds:"path" format:"uri-reference" doc:"The path of the request." example:"/api/v1/Workspaces/members/019cc043-af91-783e-9927-3daab1cd9277/access"`
}

func errorForm(p *transport.Problem) transport.ErrorAnswer {
	status := p.Status
	if status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	return transport.ErrorAnswer{
		Status: status, ContentType: "application/problem+json",
		Body: &refused{p.Type, p.Title, int32(status), p.InOne(), p.Instance}, //nolint:gosec // a status has three digits
	}
}
