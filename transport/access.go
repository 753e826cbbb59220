package transport

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// Grant is one reason why a user has access.
type Grant struct {
	Source     projections.Source   `json:"source" enum:"direct,organization" doc:"direct: a membership of the workspace; organization: inherited from a role in the organization."`
	Role       RoleInBrief          `json:"role"`
	Since      Time                 `json:"since"`
	Event      domain.EventID       `json:"event_id" doc:"The event that gave it." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
	Membership *domain.MembershipID `json:"membership_id" format:"uuid" nullable:"true" doc:"null for an inherited grant."`
}

func showGrants(grants []projections.Grant) []Grant {
	shown := make([]Grant, len(grants))
	for i := range grants {
		shown[i] = showGrant(&grants[i])
	}
	return shown
}

func showGrant(g *projections.Grant) Grant {
	return Grant{g.Source, roleInBrief(g.Role), Time(g.Since), g.Event, idOrNull(g.Membership)}
}

func (g *Grant) appendJSON(b []byte) []byte {
	b = appendText(append(b, `{"source":`...), string(g.Source))
	b = g.Role.appendJSON(append(b, `,"role":`...))
	b = g.Since.appendJSON(append(b, `,"since":`...))
	b = append(b, `,"event_id":"`...)
	var event [ulid.EncodedSize]byte
	_ = g.Event.MarshalTextTo(event[:]) // fails on another size only
	b = append(append(b, event[:]...), `","membership_id":`...)
	if g.Membership == nil {
		return append(b, "null}"...)
	}
	return append(appendID(b, *g.Membership), '}')
}

// Access is what all grants of one user in one workspace add up to.
type Access struct {
	User      domain.UserID      `json:"user_id" format:"uuid"`
	Workspace domain.WorkspaceID `json:"workspace_id" format:"uuid"`
	ProfileInBrief
	Role        RoleInBrief         `json:"role" doc:"That of the strongest grant."`
	Permissions []domain.Permission `json:"permissions" nullable:"false"`
	Grants      []Grant             `json:"grants" nullable:"false" doc:"The strongest first."`
}

// TransformSchema documents what can be null.
func (Access) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "name")
}

func showAccess(a *projections.Access) Access {
	return Access{
		a.User, a.Workspace, profileInBrief(a.Profile), roleInBrief(a.Role), a.Permissions, showGrants(a.Grants),
	}
}

func (a *Access) appendJSON(b []byte) []byte {
	b = appendID(append(b, `{"user_id":`...), a.User)
	b = appendID(append(b, `,"workspace_id":`...), a.Workspace)
	b = a.appendFields(b)
	b = a.Role.appendJSON(append(b, `,"role":`...))
	b = appendPermissions(append(b, `,"permissions":`...), a.Permissions)
	b = appendGrants(append(b, `,"grants":`...), a.Grants)
	return append(b, '}')
}

func appendGrants(b []byte, grants []Grant) []byte {
	return appendList(b, grants, func(b []byte, g *Grant) []byte { return g.appendJSON(b) })
}

func (a *API) access() {
	const path = "/v1/workspaces/{workspace}/access"
	tags := []string{"Access"}
	query(a, huma.Operation{
		OperationID: "list-access", Path: path,
		Tags: tags, Security: scope("access:read"), Summary: "List access",
		Description: "Everybody who has access to the workspace, each once with all their grants: members, and the organization's owners and admins.",
	}, a.listAccess)
	query(a, huma.Operation{
		OperationID: "get-access", Path: path + "/{user}",
		Tags: tags, Security: scope("access:read"), Summary: "Explain a user's access",
		Description: "What the user may do in the workspace, and why: every grant with the event that made it, who did that, when, and the reason that was given. 404 when they have no access.",
	}, a.getAccess)
	query(a, huma.Operation{
		OperationID: "list-user-workspaces", Path: "/v1/organizations/{organization}/users/{user}/workspaces",
		Tags: tags, Security: scope("access:read"), Summary: "List the workspaces of a user",
		Description: "Every workspace of the organization that the user reaches, and how.",
	}, a.listWorkspacesOf)
}

type listAccessInput struct {
	WorkspacePath
	ReadHeaders
	ListQuery
	CountQuery
	Role       string `query:"role" maxLength:"50" pattern:"^[a-z][a-z0-9_]*$" doc:"Those whose access adds up to this role, by its key." example:"admin"`
	Source     string `query:"source" enum:"direct,organization" doc:"Those who have a grant from there."`
	Permission string `query:"permission" maxLength:"100" pattern:"^[A-Za-z][A-Za-z0-9_]*(\\.[A-Za-z][A-Za-z0-9_]*)+$" doc:"Those who are allowed this." example:"content.edit"`
	Q          string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Those whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
}

func (a *API) listAccess(c *call, in *listAccessInput) (*Listing[Access], error) {
	if _, err := c.findWorkspace(in.Workspace); err != nil {
		return nil, err
	}
	at := a.now()
	filter := projections.AccessFilter{
		Role: domain.RoleKey(in.Role), Source: projections.Source(in.Source),
		Permission: domain.Permission(in.Permission), Query: in.Q,
	}
	rows, err := a.models.AccessList(in.Workspace, filter, at, in.page())
	page, err := listing(rows, err, showAccess)
	return counted(in.CountQuery, in.ListQuery, page, err, func() (int, error) { return a.models.CountAccess(in.Workspace, filter, at) })
}

// WorkspaceAccess is a workspace that a user reaches, and how.
type WorkspaceAccess struct {
	Workspace   Workspace           `json:"workspace"`
	Role        RoleInBrief         `json:"role" doc:"That of the strongest grant."`
	Permissions []domain.Permission `json:"permissions" nullable:"false"`
	Grants      []Grant             `json:"grants" nullable:"false" doc:"The strongest first."`
}

func showWorkspaceAccess(w *projections.WorkspaceAccess) WorkspaceAccess {
	return WorkspaceAccess{
		showWorkspace(&w.Workspace), roleInBrief(w.Access.Role), w.Access.Permissions, showGrants(w.Access.Grants),
	}
}

type listWorkspacesOfInput struct {
	OrganizationUserPath
	ReadHeaders
	ListQuery
}

func (a *API) listWorkspacesOf(c *call, in *listWorkspacesOfInput) (*Listing[WorkspaceAccess], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := a.models.WorkspacesOf(in.Organization, in.User, a.now(), in.page())
	return listing(rows, err, showWorkspaceAccess)
}
