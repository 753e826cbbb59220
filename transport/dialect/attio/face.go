package attio

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/transport"
)

const path = "/v2/workspace_members"

// Face returns the dialect.
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
			Description: "A token that is bound to a workspace. Each operation names the scope that it must have; any means every such token. user_management:read is another name of workspace_members:read.",
		},
		ErrorForm: errorForm, Examples: examples,
		Operations: []transport.Operation{
			{
				ID: "list-workspace-members", Path: path,
				Reach: transport.ReachBoundWorkspace, Scope: "user_management:read", Tag: members,
				Summary:     "List workspace members",
				Description: "All who are, or ever were, members of the workspace, the oldest first. People who are only invited are not among them, nor is access that is inherited from the organization.",
				Do:          transport.Query(list),
			},
			{
				ID: "get-workspace-member", Path: path + "/{workspace_member_id}",
				Reach: transport.ReachBoundWorkspace, Scope: "user_management:read", Tag: members,
				Summary:     "Get a workspace member",
				Description: "The member with that id, past members included; 404 if the workspace never had them.",
				Do:          transport.Query(get),
			},
			{
				ID: "identify", Path: "/v2/self",
				Reach: transport.ReachBoundWorkspace, Scope: transport.AnyScope, Tag: meta,
				Summary:     "Identify",
				Description: "What the token is, which workspace it is bound to, and what it may do.",
				Do:          transport.Query(identify),
			},
		},
	}
}

// refused is the form of an error.
type refused struct {
	StatusCode int    `json:"status_code" minimum:"400" maximum:"599" doc:"The HTTP status." example:"404"`
	Type       string `json:"type" enum:"invalid_request_error,auth_error,rate_limit_error,api_error" doc:"Whose mistake it is." example:"invalid_request_error"`
	Code       string `json:"code" bounds:"code" doc:"The kind of error, for programs: one of Muster's codes." example:"not_found"`
	Message    string `json:"message" bounds:"detail" doc:"What is wrong with this request." example:"Workspace member with ID \"50cf242c-7fa3-4cad-87d0-75b1af71c57b\" not found."`
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
