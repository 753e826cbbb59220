package instantly

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/transport"
)

const path = "/api/v2/workspace-members"

// Face returns the dialect.
func Face() transport.Face {
	const tag = "Workspace members"
	return transport.Face{
		Name: "instantly", Owns: []string{"/api/v2"},
		Title: "Muster in Instantly's dialect",
		Description: "Workspace members as Instantly's API has them. The workspace is the one that the token is bound to. " +
			"Every write also takes Idempotency-Key, If-Match and Muster-Reason, and returns Muster-Position.",
		Tags: []*huma.Tag{{Name: tag, Description: "The members of the token's workspace."}},
		Scheme: &huma.SecurityScheme{
			Type: "http", Scheme: "bearer",
			Description: "A token that is bound to a workspace. Each operation names the scope that it must have; all on either side of the colon means everything.",
		},
		Lenient: true, ErrorForm: errorForm, Examples: examples,
		Operations: []transport.Operation{
			{
				ID: "list-workspace-members", Path: path,
				Reach: transport.ReachBoundWorkspace, Scope: "workspace_members:read", Tag: tag,
				Summary:     "List workspace members",
				Description: "The workspace's own members, invited and suspended ones included, the oldest first. Access that is inherited from the organization is not among them.",
				Do:          transport.Query(list),
			},
			{
				ID: "create-workspace-member", Method: http.MethodPost, Path: path,
				Reach: transport.ReachBoundWorkspace, Scope: "workspace_members:create", Tag: tag,
				Summary:     "Create workspace member",
				Description: "Invites the person with the e-mail address. Muster sends no mail. Somebody who is a member or invited already: 409.",
				Do:          transport.Command(create),
			},
			{
				ID: "get-workspace-member", Path: path + "/{id}",
				Reach: transport.ReachBoundWorkspace, Scope: "workspace_members:read", Tag: tag,
				Summary:     "Get workspace member",
				Description: "The membership with that id; 404 if the workspace does not have it, or no longer has it.",
				Do:          transport.Query(get),
			},
			{
				ID: "update-workspace-member", Method: http.MethodPatch, Path: path + "/{id}",
				Reach: transport.ReachBoundWorkspace, Scope: "workspace_members:update", Tag: tag,
				Summary:     "Update workspace member",
				Description: "Changes the role, the permissions, or both. What is left out stays; permissions null are the role's. The last owner remains an owner.",
				Do:          transport.Command(update),
			},
			{
				ID: "delete-workspace-member", Method: http.MethodDelete, Path: path + "/{id}",
				Reach: transport.ReachBoundWorkspace, Scope: "workspace_members:delete", Tag: tag,
				Summary:     "Delete workspace member",
				Description: "Ends the membership, or takes the invitation back, and returns the member as they were. The last owner cannot be removed.",
				Do:          transport.Command(remove),
			},
		},
	}
}

// refused is the form of an error.
type refused struct {
	StatusCode int    `json:"statusCode" minimum:"400" maximum:"599" doc:"The HTTP status." example:"404"`
	Error      string `json:"error" maxLength:"100" pattern:"\\S" doc:"What the status means." example:"Not Found"`
	Message    string `json:"message" bounds:"detail" doc:"What is wrong with this request." example:"Resource not found"`
}

func errorForm(p *transport.Problem) transport.ErrorAnswer {
	status, message := p.Status, p.InOne()
	switch {
	case status == http.StatusUnprocessableEntity:
		status = http.StatusBadRequest
	case status == http.StatusNotFound:
		message = "Resource not found"
	case p.Code == "missing_token":
		message = "Missing Authorization header"
	}
	return transport.ErrorAnswer{
		Status: status, ContentType: "application/json",
		Body: &refused{status, http.StatusText(status), message},
	}
}
