package attio

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/transport"
)

const path = "/v2/workspace_members"

// Face is the dialect.
func Face() transport.Face {
	const members, meta = "Workspace members", "Meta"
	return transport.Face{
		Name: "attio", Owns: []string{"/v2"},
		Title:       "Muster in Attio's dialect",
		Description: "Workspace members as Attio's API has them. The workspace is the one that the token is bound to.",
		Tags: []*huma.Tag{
			{Name: members, Description: "Who is, or was, a member of the token's workspace."},
			{Name: meta, Description: "The token itself."},
		},
		Scheme: &huma.SecurityScheme{
			Type: "http", Scheme: "bearer",
			Description: "A token that is bound to a workspace. Each operation names the scope that it must have; any stands for every such token. user_management:read is another name of workspace_members:read.",
		},
		Bound: true, ErrorForm: errorForm, Examples: examples,
		Operations: []transport.Operation{
			transport.Query(huma.Operation{
				OperationID: "list-workspace-members", Path: path,
				Tags: []string{members}, Security: transport.Scope("user_management:read"), Summary: "List workspace members",
				Description: "All who are, or ever were, members of the workspace, the oldest first. Who is only invited is not among them, nor is access that is inherited from the organization.",
			}, list),
			transport.Query(huma.Operation{
				OperationID: "get-workspace-member", Path: path + "/{workspace_member_id}",
				Tags: []string{members}, Security: transport.Scope("user_management:read"), Summary: "Get a workspace member",
				Description: "The member with that id, be it one who was; 404 when the workspace never had them.",
			}, get),
			transport.Query(huma.Operation{
				OperationID: "identify", Path: "/v2/self",
				Tags: []string{meta}, Security: transport.Scope("any"), Summary: "Identify",
				Description: "What the token is, which workspace it is bound to, and what it may do.",
			}, identify),
		},
	}
}

// refused is the form of an error.
type refused struct {
	StatusCode int    `json:"status_code" minimum:"400" maximum:"599" doc:"The HTTP status." example:"404"`
	Type       string `json:"type" enum:"invalid_request_error,auth_error,rate_limit_error,api_error" doc:"Whose mistake it is." example:"invalid_request_error"`
	Code       string `json:"code" doc:"The kind of error, for programs: one of Muster's codes." example:"not_found"`
	Message    string `json:"message" doc:"What is wrong with this request." example:"Workspace member with ID \"50cf242c-7fa3-4cad-87d0-75b1af71c57b\" not found."`
}

func errorForm(p *transport.Problem) transport.ErrorAnswer {
	status, kind, message := p.Status, "invalid_request_error", p.InOne()
	switch {
	case status == http.StatusUnprocessableEntity:
		status = http.StatusBadRequest
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		kind = "auth_error"
	case status == http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case status >= http.StatusInternalServerError:
		kind = "api_error"
	case status == http.StatusNotFound:
		if id, ok := strings.CutPrefix(p.Instance, path+"/"); ok && !strings.Contains(id, "/") {
			message = `Workspace member with ID "` + id + `" not found.`
		}
	}
	return transport.ErrorAnswer{
		Status: status, ContentType: "application/json",
		Body: &refused{status, kind, p.Code, message},
	}
}
