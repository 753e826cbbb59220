package native

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// Grant is one reason why a user has access.
type Grant struct {
	Source     source               `json:"source" doc:"direct: a membership of the workspace; organization: inherited from a role in the organization."`
	Role       RoleInBrief          `json:"role"`
	Since      transport.Time       `json:"since"`
	Event      domain.EventID       `json:"event_id" bounds:"event" doc:"The event that gave it." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
	Membership *domain.MembershipID `json:"membership_id" format:"uuid" nullable:"true" doc:"null for an inherited grant."`
	Origin     *GrantOrigin         `json:"origin,omitempty" doc:"With include=reasons or explain=true: by whom and why the event was made."`
}

// GrantOrigin is who made the event of a grant, when and why.
type GrantOrigin struct {
	GrantedBy GrantedBy      `json:"granted_by"`
	Reason    *string        `json:"reason" bounds:"reason" doc:"The Muster-Reason that it was done with; null for none." example:"Joined the team, ticket 4711"`
	At        transport.Time `json:"at" doc:"When the event was recorded."`
}

// source is a [projections.Source].
type source projections.Source

// Schema documents the sources.
func (source) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, name := range projections.Sources() {
		s.Enum = append(s.Enum, string(name))
	}
	return s
}

func showGrants(grants []projections.Grant) []Grant {
	shown := make([]Grant, len(grants))
	for i := range grants {
		shown[i] = showGrant(&grants[i])
	}
	return shown
}

func showGrant(g *projections.Grant) Grant {
	return Grant{source(g.Source), roleInBrief(g.Role), transport.Time(g.Since), g.Event, idOrNull(g.Membership), nil}
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (g *Grant) AppendJSON(b []byte) []byte {
	b = appendText(append(b, `{"source":`...), string(g.Source))
	b = g.Role.AppendJSON(append(b, `,"role":`...))
	b = g.Since.AppendJSON(append(b, `,"since":`...))
	b = append(b, `,"event_id":"`...)
	var event [ulid.EncodedSize]byte
	_ = g.Event.MarshalTextTo(event[:]) // only fails for a buffer of another size
	b = append(append(b, event[:]...), `","membership_id":`...)
	if g.Membership == nil {
		b = append(b, "null"...)
	} else {
		b = appendID(b, *g.Membership)
	}
	if g.Origin != nil {
		b, _ = transport.AppendJSON(append(b, `,"origin":`...), g.Origin) // our own types always encode
	}
	return append(b, '}')
}

// Access is what all grants of a user in a workspace add up to.
type Access struct {
	User      domain.UserID      `json:"user_id" format:"uuid"`
	Workspace domain.WorkspaceID `json:"workspace_id" format:"uuid"`
	ProfileInBrief
	Role        RoleInBrief         `json:"role" doc:"The highest of the grants' roles."`
	Permissions []domain.Permission `json:"permissions" bounds:"access_permissions" nullable:"false" doc:"What any of the grants allows."`
	Grants      []Grant             `json:"grants" bounds:"grants" nullable:"false" doc:"The one with the highest role first."`
}

// TransformSchema documents which fields can be null.
func (Access) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "name")
}

func showAccess(a *projections.Access) Access {
	return Access{
		a.User, a.Workspace, profileInBrief(a.Profile), roleInBrief(a.Role), a.Permissions, showGrants(a.Grants),
	}
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (a *Access) AppendJSON(b []byte) []byte {
	b = appendID(append(b, `{"user_id":`...), a.User)
	b = appendID(append(b, `,"workspace_id":`...), a.Workspace)
	b = a.appendFields(b)
	b = a.Role.AppendJSON(append(b, `,"role":`...))
	b = appendPermissions(append(b, `,"permissions":`...), a.Permissions)
	b = appendGrants(append(b, `,"grants":`...), a.Grants)
	return append(b, '}')
}

func appendGrants(b []byte, grants []Grant) []byte {
	return appendList(b, grants, func(b []byte, g *Grant) []byte { return g.AppendJSON(b) })
}

func accessOperations() []transport.Operation {
	const path = "/v1/workspaces/{workspace}/access"
	const tag = "Access"
	return []transport.Operation{
		{
			ID: "list-access", Path: path,
			Reach: transport.ReachWorkspace, Scope: "access:read", Tag: tag,
			Summary:     "List access",
			Description: "Everybody who has access to the workspace, once with all their grants: members, and the organization's owners and admins. Access is the union of the grants: it has every permission that any of them gives, and the highest of their roles.",
			Do:          transport.Query(listAccess),
		},
		{
			ID: "get-access", Path: path + "/{user}",
			Reach: transport.ReachWorkspace, Scope: "access:read", Tag: tag,
			Summary:     "Explain a user's access",
			Description: "What the user may do in the workspace, and why: every grant with what it allows, the event that made it, who did that, when, and the reason that was given. What any grant allows is allowed. 404 when they have no access.",
			Do:          transport.Query(getAccess),
		},
		{
			ID: "list-user-workspaces", Path: "/v1/organizations/{organization}/users/{user}/workspaces",
			Reach: transport.ReachOrganization, Scope: "access:read", Tag: tag,
			Summary:     "List the workspaces of a user",
			Description: "Every workspace of the organization that the user reaches, and how. In each of them, access is the union of what the grants allow.",
			Do:          transport.Query(listWorkspacesOf),
		},
	}
}

type listAccessInput struct {
	WorkspacePath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
	CountQuery
	IncludeQuery
	Role       string `query:"role" maxLength:"50" pattern:"^[a-z][a-z0-9_]*$" doc:"Those whose highest role is this one, by its key." example:"admin"`
	Source     source `query:"source" doc:"Those who have a grant from there."`
	Permission string `query:"permission" maxLength:"100" pattern:"^[A-Za-z][A-Za-z0-9_]*(\\.[A-Za-z][A-Za-z0-9_]*)+$" doc:"Those who are allowed this by any of their grants." example:"content.edit"`
	Q          string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Those whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
}

func listAccess(c *transport.Call, in *listAccessInput) (*Listing[Access], error) {
	in.resume(&in.Cursor)
	page, err := in.counted(in.CountQuery)
	if err != nil {
		return nil, err
	}
	ws, err := c.FindWorkspace(in.Workspace)
	if err != nil {
		return nil, err
	}
	q, err := c.Queries(ws.Organization)
	if err != nil {
		return nil, err
	}
	rows, err := q.AccessList(c, ws, projections.AccessFilter{
		Role: domain.RoleKey(in.Role), Source: projections.Source(in.Source),
		Permission: domain.Permission(in.Permission), Query: in.Q,
	}, c.At(), page)
	if err != nil || in.Include == "" {
		return countedListing(c, page, rows, err, showAccess)
	}
	in.keep(&rows.Next)
	origins, err := originsOf(c, ws.Organization, rows.Items, func(a *projections.Access) []projections.Grant { return a.Grants })
	return countedListing(c, page, rows, err, func(a *projections.Access) Access {
		shown := showAccess(a)
		origins.add(shown.Grants, a.Grants)
		return shown
	})
}

// WorkspaceAccess is a workspace that a user has access to, with the grants.
type WorkspaceAccess struct {
	Workspace   Workspace           `json:"workspace"`
	Role        RoleInBrief         `json:"role" doc:"The highest of the grants' roles."`
	Permissions []domain.Permission `json:"permissions" bounds:"access_permissions" nullable:"false" doc:"What any of the grants allows."`
	Grants      []Grant             `json:"grants" bounds:"grants" nullable:"false" doc:"The one with the highest role first."`
}

func showWorkspaceAccess(w *projections.WorkspaceAccess) WorkspaceAccess {
	return WorkspaceAccess{
		showWorkspace(&w.Workspace), roleInBrief(w.Access.Role), w.Access.Permissions, showGrants(w.Access.Grants),
	}
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (w *WorkspaceAccess) AppendJSON(b []byte) []byte {
	b = w.Workspace.AppendJSON(append(b, `{"workspace":`...))
	b = w.Role.AppendJSON(append(b, `,"role":`...))
	b = appendPermissions(append(b, `,"permissions":`...), w.Permissions)
	return append(appendGrants(append(b, `,"grants":`...), w.Grants), '}')
}

type listWorkspacesOfInput struct {
	OrganizationUserPath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
	IncludeQuery
}

func listWorkspacesOf(c *transport.Call, in *listWorkspacesOfInput) (*Listing[WorkspaceAccess], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	in.resume(&in.Cursor)
	rows, err := q.WorkspacesOf(c, in.Organization, in.User, c.At(), in.page())
	if err != nil || in.Include == "" {
		return listing(c, rows, err, showWorkspaceAccess)
	}
	in.keep(&rows.Next)
	origins, err := originsOf(c, in.Organization, rows.Items, func(w *projections.WorkspaceAccess) []projections.Grant { return w.Access.Grants })
	return listing(c, rows, err, func(w *projections.WorkspaceAccess) WorkspaceAccess {
		shown := showWorkspaceAccess(w)
		origins.add(shown.Grants, w.Access.Grants)
		return shown
	})
}
