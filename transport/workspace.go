package transport

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// Workspace is the thing that people are members of.
type Workspace struct {
	ID           domain.WorkspaceID    `json:"id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	Name         string                `json:"name" example:"Product"`
	ArchivedAt   Time                  `json:"archived_at" nullable:"true" doc:"Since when the workspace can be read but not changed."`
	CreatedAt    Time                  `json:"created_at"`
	UpdatedAt    Time                  `json:"updated_at"`
}

func showWorkspace(w *domain.Workspace) Workspace {
	return Workspace{w.ID, w.Organization, w.Name, Time(w.ArchivedAt), Time(w.CreatedAt), Time(w.UpdatedAt)}
}

// WorkspacePath is the part of a path that names a workspace.
type WorkspacePath struct {
	Workspace domain.WorkspaceID `path:"workspace" format:"uuid" doc:"The workspace's id."`
}

// organizationOf answers the organization that a command on the workspace is for.
// For all but the root token that is the token's own; the domain refuses what does
// not belong to it.
func (c *call) organizationOf(ws domain.WorkspaceID) (domain.OrganizationID, error) {
	if !c.who.IsRoot() {
		if !c.who.ReachesWorkspace(c.who.Organization, ws) {
			return domain.OrganizationID{}, nothing()
		}
		return c.who.Organization, nil
	}
	found, err := c.api.models.Workspace(ws)
	return found.Organization, err
}

// findWorkspace answers the workspace, when the token reaches it.
func (c *call) findWorkspace(id domain.WorkspaceID) (domain.Workspace, error) {
	ws, err := c.api.models.Workspace(id)
	if err == nil && !c.who.ReachesWorkspace(ws.Organization, id) {
		err = nothing()
	}
	return ws, err
}

func (a *API) workspaces() {
	const path = "/v1/workspaces/{workspace}"
	tags := []string{"Workspaces"}
	query(a, huma.Operation{
		OperationID: "list-workspaces", Path: "/v1/organizations/{organization}/workspaces",
		Tags: tags, Security: scope("workspaces:read"), Summary: "List workspaces",
		Description: "The organization's workspaces, archived ones included, the oldest first.",
	}, a.listWorkspaces)
	command(a, huma.Operation{
		OperationID: "create-workspace", Method: http.MethodPost, Path: "/v1/organizations/{organization}/workspaces", DefaultStatus: http.StatusCreated,
		Tags: tags, Security: scope("workspaces:create"), Summary: "Create a workspace",
		Description: "Makes a workspace and its first owner, in one commit. Organization owners and admins may, and tokens that are bound to no user.",
	}, a.createWorkspace)
	query(a, huma.Operation{
		OperationID: "get-workspace", Path: path,
		Tags: tags, Security: scope("workspaces:read"), Summary: "Get a workspace",
		Description: "The workspace's name and times.",
	}, a.getWorkspace)
	command(a, huma.Operation{
		OperationID: "update-workspace", Method: http.MethodPatch, Path: path,
		Tags: tags, Security: scope("workspaces:update"), Summary: "Rename a workspace",
		Description: "A merge patch (RFC 7396). Whoever manages the workspace may.",
	}, a.updateWorkspace)
	command(a, huma.Operation{
		OperationID: "archive-workspace", Method: http.MethodPost, Path: path + "/archive",
		Tags: tags, Security: scope("workspaces:update"), Summary: "Archive a workspace",
		Description: "From then on the workspace can be read, and every write to it is 409 workspace_archived. Again 200 when archived before.",
	}, a.archiveWorkspace)
	command(a, huma.Operation{
		OperationID: "restore-workspace", Method: http.MethodPost, Path: path + "/restore",
		Tags: tags, Security: scope("workspaces:update"), Summary: "Restore a workspace",
		Description: "Undoes archiving. Again 200 when not archived.",
	}, a.restoreWorkspace)
}

type listWorkspacesInput struct {
	OrganizationPath
	ReadHeaders
	ListQuery
}

func (a *API) listWorkspaces(c *call, in *listWorkspacesInput) (*Listing[Workspace], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := a.models.Workspaces(in.Organization, in.page())
	return listing(rows, err, showWorkspace)
}

type createWorkspaceBody struct {
	Name  string        `json:"name" minLength:"1" maxLength:"200" example:"Product"`
	Owner domain.UserID `json:"owner_user_id" format:"uuid" doc:"The first owner, by the id that your product knows them by."`
}

func (b *createWorkspaceBody) needs() []need {
	return []need{{"/name", b.Name != ""}, {"/owner_user_id", !b.Owner.IsZero()}}
}

type createWorkspaceInput struct {
	OrganizationPath
	WriteHeaders
	JSONBody[createWorkspaceBody]
}

func (a *API) createWorkspace(c *call, in *createWorkspaceInput) (*Written[Workspace], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	result, err := in.run(c, domain.CreateWorkspace{
		Meta:      in.meta(c, in.Organization, in.Body.sum),
		Workspace: a.newID(), Membership: a.newID(),
		Name: in.Body.value.Name, Owner: in.Body.value.Owner,
	})
	if err != nil {
		return nil, err
	}
	made := part[*domain.Workspace](result)
	shown := showWorkspace(made)
	return written(&in.WriteHeaders, result, domain.WorkspaceCreated{}.EventType(), made.Version, &shown), nil
}

type getWorkspaceInput struct {
	WorkspacePath
	ReadHeaders
	ETagHeaders
}

func (a *API) getWorkspace(c *call, in *getWorkspaceInput) (*Resource[Workspace], error) {
	ws, err := c.findWorkspace(in.Workspace)
	if err != nil {
		return nil, err
	}
	shown := showWorkspace(&ws)
	return found(in.ETagHeaders, ws.Version, &shown)
}

type updateWorkspaceInput struct {
	WorkspacePath
	WriteHeaders
	JSONBody[renameBody]
}

func (a *API) updateWorkspace(c *call, in *updateWorkspaceInput) (*Written[Workspace], error) {
	return in.changeWorkspace(c, in.Workspace, in.Body.sum, func(m domain.Meta) domain.Command {
		return domain.RenameWorkspace{Meta: m, Workspace: in.Workspace, Name: in.Body.value.Name}
	})
}

type workspaceVerbInput struct {
	WorkspacePath
	WriteHeaders
}

func (a *API) archiveWorkspace(c *call, in *workspaceVerbInput) (*Written[Workspace], error) {
	return in.changeWorkspace(c, in.Workspace, domain.Hash{}, func(m domain.Meta) domain.Command {
		return domain.ArchiveWorkspace{Meta: m, Workspace: in.Workspace}
	})
}

func (a *API) restoreWorkspace(c *call, in *workspaceVerbInput) (*Written[Workspace], error) {
	return in.changeWorkspace(c, in.Workspace, domain.Hash{}, func(m domain.Meta) domain.Command {
		return domain.RestoreWorkspace{Meta: m, Workspace: in.Workspace}
	})
}

// changeWorkspace runs a command that changes the workspace's header.
func (h *WriteHeaders) changeWorkspace(c *call, id domain.WorkspaceID, body domain.Hash, command func(domain.Meta) domain.Command) (*Written[Workspace], error) {
	org, err := c.organizationOf(id)
	if err != nil {
		return nil, err
	}
	result, err := h.run(c, command(h.meta(c, org, body)))
	if err != nil {
		return nil, err
	}
	ws := result.State.Workspace(id)
	shown := showWorkspace(ws)
	return written(h, result, "", ws.Version, &shown), nil
}
