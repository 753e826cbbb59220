package transactionlink

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

const (
	direct = "/workspaces/{workspaceId}/memberships"
	all    = "/organizations/workspaces/{workspaceId}/memberships"
)

// TransactionLink's permissions as scopes. If the token is bound to a user, the user's
// own role limits it as well.
const (
	canViewWorkspace         domain.Scope = "workspace_members:read"
	canManageWorkspaceAccess domain.Scope = "workspace_members:update"
)

// Face returns the dialect.
func Face() transport.Face {
	const tag = "Workspace memberships"
	return transport.Face{
		Name: "transactionlink", Owns: []string{"/workspaces", "/organizations/workspaces"},
		Title: "Muster in TransactionLink's dialect",
		Description: "Workspace memberships as TransactionLink's API has them. " +
			"can_view_workspace is the scope workspace_members:read and can_manage_workspace_access is workspace_members:update; of a token that is bound to a user, the user's own role decides as well. " +
			"Every write also takes Idempotency-Key, If-Match and Muster-Reason, and returns Muster-Position.",
		Tags: []*huma.Tag{{Name: tag, Description: "Who has access to a workspace."}},
		Scheme: &huma.SecurityScheme{
			Type: "apiKey", In: "header", Name: "Authorization",
			Description: "A token as it is, without Bearer; Bearer before it works too. Each operation names the scope that it must have; all on either side of the colon means everything.",
		},
		Authorization: bearer, Lenient: true, ErrorForm: errorForm, Examples: examples,
		Operations: []transport.Operation{
			{
				ID: "list-workspace-memberships", Path: direct,
				Reach: transport.ReachWorkspace, Scope: canViewWorkspace, Tag: tag,
				Summary:     "List workspace memberships",
				Description: "All who have access by a membership of the workspace itself. Those who are invited or suspended have none.",
				Do:          transport.Query(listDirect),
			},
			{
				ID: "list-all-workspace-memberships", Path: all,
				Reach: transport.ReachWorkspace, Scope: canViewWorkspace, Tag: tag,
				Summary:     "List workspace memberships including organization admins",
				Description: "All who have access, by a membership of the workspace or as an owner or admin of the organization; a user who has both appears twice.",
				Do:          transport.Query(listAll),
			},
			{
				ID: "put-workspace-membership", Method: http.MethodPut, Path: direct + "/{userId}",
				Reach: transport.ReachWorkspace, Scope: canManageWorkspaceAccess, Tag: tag,
				Summary:     "Add or update workspace membership",
				Description: "Makes the user a member with the role, or gives the member that role. The user of the body must be that of the path. A member's own permissions and the end of their membership stay. The last owner remains an owner.",
				Do:          transport.Command(put),
			},
			{
				ID: "remove-workspace-membership", Method: http.MethodDelete, Path: direct + "/{userId}",
				Reach: transport.ReachWorkspace, Scope: canManageWorkspaceAccess, Tag: tag,
				Summary:     "Remove workspace membership",
				Description: "Ends the membership, or takes the invitation back. Again 204 when removed before; 404 for someone who was never a member. What the user inherits from the organization stays. The last owner cannot be removed.",
				Do:          transport.Command(remove),
			},
		},
	}
}

// bearer returns the value of an Authorization header in the native form. A value without
// a space is a token, which lacks the scheme.
func bearer(value string) string {
	if value == "" || strings.Contains(value, " ") {
		return value
	}
	return "Bearer " + value
}

// refused is the form of an error.
type refused struct {
	Fingerprint string    `json:"fingerprint" bounds:"request_id" doc:"The request's X-Request-Id, under which it is logged." example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	Errors      []failure `json:"errors" bounds:"errors" nullable:"false" minItems:"1" doc:"What is wrong with this request: one, or one for each field and parameter that is wrong."`
}

type failure struct {
	Code    string `json:"code" bounds:"code" doc:"The kind of error, for programs: one of Muster's codes." example:"not_found"`
	Message string `json:"message" bounds:"detail" doc:"What is wrong, for people." example:"Not found"`
}

func errorForm(p *transport.Problem) transport.ErrorAnswer {
	status, message := p.Status, p.Detail
	switch {
	case status == http.StatusUnprocessableEntity:
		status = http.StatusBadRequest
	case status == http.StatusNotFound:
		message = p.Title
	case p.Code == "missing_token":
		message = "send Authorization: TOKEN"
	}
	shown := &refused{p.RequestID, []failure{{p.Code, message}}}
	if len(p.Errors) > 0 {
		shown.Errors = nil
	}
	for _, field := range p.Errors {
		shown.Errors = append(shown.Errors, failure{field.Code, field.Pointer + ": " + field.Detail})
	}
	return transport.ErrorAnswer{Status: status, ContentType: "application/json", Body: shown}
}
