package native

import (
	"net/http"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// Workspace is the thing that people are members of.
type Workspace struct {
	ID           domain.WorkspaceID    `json:"id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	Name         string                `json:"name" bounds:"name" example:"Product"`
	ArchivedAt   transport.Time        `json:"archived_at" nullable:"true" doc:"Since when the workspace can be read but not changed."`
	CreatedAt    transport.Time        `json:"created_at"`
	UpdatedAt    transport.Time        `json:"updated_at"`
}

func showWorkspace(w *domain.Workspace) Workspace {
	return Workspace{w.ID, w.Organization, w.Name, transport.Time(w.ArchivedAt), transport.Time(w.CreatedAt), transport.Time(w.UpdatedAt)}
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (w *Workspace) AppendJSON(b []byte) []byte {
	b = appendID(append(b, `{"id":`...), w.ID)
	b = appendID(append(b, `,"organization_id":`...), w.Organization)
	b = appendText(append(b, `,"name":`...), w.Name)
	b = w.ArchivedAt.AppendJSON(append(b, `,"archived_at":`...))
	b = w.CreatedAt.AppendJSON(append(b, `,"created_at":`...))
	return append(w.UpdatedAt.AppendJSON(append(b, `,"updated_at":`...)), '}')
}

// WorkspacePath is the part of a path that names a workspace.
type WorkspacePath struct {
	Workspace domain.WorkspaceID `path:"workspace" format:"uuid" doc:"The workspace's id."`
}

func workspaceOperations() []transport.Operation {
	const path = "/v1/workspaces/{workspace}"
	const tag = "Workspaces"
	return []transport.Operation{
		{
			ID: "list-workspaces", Path: "/v1/organizations/{organization}/workspaces",
			Reach: transport.ReachOrganization, Scope: "workspaces:read", Tag: tag,
			Summary:     "List workspaces",
			Description: "The organization's workspaces, archived ones included, the oldest first.",
			Do:          transport.Query(listWorkspaces),
		},
		{
			ID: "create-workspace", Method: http.MethodPost, Path: "/v1/organizations/{organization}/workspaces",
			Reach: transport.ReachOrganization, Scope: "workspaces:create", Tag: tag, Status: http.StatusCreated,
			Summary:     "Create a workspace",
			Description: "Makes a workspace and its first owner, in one commit. Organization owners and admins may, and tokens that are bound to no user.",
			Do:          transport.Command(createWorkspace),
		},
		{
			ID: "get-workspace", Path: path,
			Reach: transport.ReachWorkspace, Scope: "workspaces:read", Tag: tag,
			Summary:     "Get a workspace",
			Description: "The workspace's name and times.",
			Do:          transport.Query(getWorkspace),
		},
		{
			ID: "update-workspace", Method: http.MethodPatch, Path: path,
			Reach: transport.ReachWorkspace, Scope: "workspaces:update", Tag: tag,
			Summary:     "Rename a workspace",
			Description: "A merge patch (RFC 7396). Managers of the workspace may.",
			Do:          transport.Command(updateWorkspace),
		},
		{
			ID: "archive-workspace", Method: http.MethodPost, Path: path + "/archive",
			Reach: transport.ReachWorkspace, Scope: "workspaces:update", Tag: tag,
			Summary:     "Archive a workspace",
			Description: "From then on the workspace can be read, and every write to it is 409 workspace_archived. Again 200 when archived before.",
			Do:          transport.Command(archiveWorkspace),
		},
		{
			ID: "restore-workspace", Method: http.MethodPost, Path: path + "/restore",
			Reach: transport.ReachWorkspace, Scope: "workspaces:update", Tag: tag,
			Summary:     "Restore a workspace",
			Description: "Undoes archiving. Again 200 when not archived.",
			Do:          transport.Command(restoreWorkspace),
		},
	}
}

type listWorkspacesInput struct {
	OrganizationPath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
}

func listWorkspaces(c *transport.Call, in *listWorkspacesInput) (*Listing[Workspace], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	rows, err := q.Workspaces(c, in.Organization, in.page())
	return listing(c, rows, err, showWorkspace)
}

type createWorkspaceBody struct {
	Name  string        `json:"name" bounds:"name" minLength:"1" example:"Product"`
	Owner domain.UserID `json:"owner_user_id" format:"uuid" doc:"The first owner, by your product's id for them."`
}

func (b *createWorkspaceBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/name", b.Name != ""), transport.Require("/owner_user_id", !b.Owner.IsZero())}
}

type createWorkspaceInput struct {
	OrganizationPath
	transport.WriteHeaders
	transport.JSONBody[createWorkspaceBody]
}

func createWorkspace(c *transport.Call, in *createWorkspaceInput) (*transport.Written[Workspace], error) {
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.CreateWorkspace{
			Meta:      m,
			Workspace: c.NewID(), Membership: c.NewID(),
			Name: in.Sent().Name, Owner: in.Sent().Owner,
		}
	})
	if err != nil {
		return nil, err
	}
	made := domain.PartOf[*domain.Workspace](result.State, result.Target)
	shown := showWorkspace(made)
	return transport.Wrote(result, domain.WorkspaceCreated{}.EventType(), made.Version, &shown), nil
}

type getWorkspaceInput struct {
	WorkspacePath
	transport.ReadHeaders
	transport.AsOf
	transport.ETagHeaders
}

func getWorkspace(c *transport.Call, in *getWorkspaceInput) (*transport.Resource[Workspace], error) {
	q, err := c.QueriesIn(in.Workspace)
	if err != nil {
		return nil, err
	}
	ws, err := q.Workspace(in.Workspace)
	if err == nil && !c.Reaches(ws.Organization, ws.ID) {
		err = transport.NotFound()
	}
	if err != nil {
		return nil, err
	}
	shown := showWorkspace(&ws)
	return transport.Found(in.ETagHeaders, ws.Version, &shown), nil
}

type updateWorkspaceInput struct {
	WorkspacePath
	transport.WriteHeaders
	transport.JSONBody[renameBody]
}

func updateWorkspace(c *transport.Call, in *updateWorkspaceInput) (*transport.Written[Workspace], error) {
	return changeWorkspace(c, in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.RenameWorkspace{Meta: m, Workspace: in.Workspace, Name: in.Sent().Name}
	})
}

type workspaceVerbInput struct {
	WorkspacePath
	transport.WriteHeaders
}

func archiveWorkspace(c *transport.Call, in *workspaceVerbInput) (*transport.Written[Workspace], error) {
	return changeWorkspace(c, in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.ArchiveWorkspace{Meta: m, Workspace: in.Workspace}
	})
}

func restoreWorkspace(c *transport.Call, in *workspaceVerbInput) (*transport.Written[Workspace], error) {
	return changeWorkspace(c, in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.RestoreWorkspace{Meta: m, Workspace: in.Workspace}
	})
}

// changeWorkspace runs a command on the workspace's header and returns its answer.
func changeWorkspace(c *transport.Call, w *transport.Write, id domain.WorkspaceID, command func(domain.Meta) domain.Command) (*transport.Written[Workspace], error) {
	result, err := c.DoInWorkspace(w, id, command)
	if err != nil {
		return nil, err
	}
	ws := result.State.Workspace(id)
	shown := showWorkspace(ws)
	return transport.Wrote(result, "", ws.Version, &shown), nil
}
