package transport

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// RoleInBrief is a role as it stands in memberships and grants.
type RoleInBrief struct {
	ID    domain.RoleID  `json:"id" format:"uuid"`
	Key   domain.RoleKey `json:"key" example:"editor"`
	Name  string         `json:"name" example:"Editor"`
	Level domain.Level   `json:"level" doc:"Orders roles: nobody gives, changes or takes one above their own." example:"30"`
}

func roleInBrief(r domain.Role) RoleInBrief { return RoleInBrief{r.ID, r.Key, r.Name, r.Level} }

func (r RoleInBrief) appendJSON(b []byte) []byte {
	b = appendID(append(b, `{"id":`...), r.ID)
	b = appendText(append(b, `,"key":`...), string(r.Key))
	b = appendText(append(b, `,"name":`...), r.Name)
	b = strconv.AppendInt(append(b, `,"level":`...), int64(r.Level), 10)
	return append(b, '}')
}

// Role is what a membership gives.
type Role struct {
	ID          domain.RoleID       `json:"id" format:"uuid"`
	Key         domain.RoleKey      `json:"key" example:"editor"`
	Name        string              `json:"name" example:"Editor"`
	Level       domain.Level        `json:"level" example:"30" doc:"Orders roles: nobody gives, changes or takes one above their own. From level 40 on a role manages the workspace and its members."`
	Permissions []domain.Permission `json:"permissions" nullable:"false" example:"[\"workspace.view\",\"members.view\",\"content.edit\"]"`
	BuiltIn     bool                `json:"built_in"`
	ArchivedAt  Time                `json:"archived_at" nullable:"true" doc:"Since when the role can be given to nobody new."`
}

func showRole(r *domain.CustomRole) Role {
	return Role{r.ID, r.Key, r.Name, r.Level, r.Permissions, r.BuiltIn, Time(r.ArchivedAt)}
}

// RolePath is the part of a path that names a role.
type RolePath struct {
	OrganizationPath
	Role domain.RoleID `path:"role" format:"uuid" doc:"The role's id."`
}

func (a *API) roles() {
	const path = "/v1/organizations/{organization}/roles"
	tags := []string{"Roles"}
	query(a, huma.Operation{
		OperationID: "list-roles", Path: path,
		Tags: tags, Security: scope("roles:read"), Summary: "List roles",
		Description: "The roles that a membership of the organization's workspaces can have: the built-in ones, the highest level first, and then the organization's own, the oldest first.",
	}, a.listRoles)
	command(a, huma.Operation{
		OperationID: "create-role", Method: http.MethodPost, Path: path, DefaultStatus: http.StatusCreated,
		Tags: tags, Security: scope("roles:create"), Summary: "Create a role",
		Description: "Makes a role of the organization's own, for all of its workspaces. Its key is never used for another one: 409 role_exists, also when that was archived. Organization owners and admins may, and tokens that are bound to no user.",
	}, a.createRole)
	query(a, huma.Operation{
		OperationID: "get-role", Path: path + "/{role}",
		Tags: tags, Security: scope("roles:read"), Summary: "Get a role",
		Description: "A role with its permissions, also when it has been archived.",
	}, a.getRole)
	command(a, huma.Operation{
		OperationID: "update-role", Method: http.MethodPatch, Path: path + "/{role}",
		Tags: tags, Security: scope("roles:update"), Summary: "Change a role",
		Description: "A merge patch (RFC 7396). It changes the access of all who have the role at once. Built-in roles stay as they are: 409 role_built_in.",
	}, a.updateRole)
	command(a, huma.Operation{
		OperationID: "archive-role", Method: http.MethodDelete, Path: path + "/{role}",
		Tags: tags, Security: scope("roles:delete"), Summary: "Archive a role",
		Description: "Who has the role keeps it, and nobody new gets it. Again 204 when archived before.",
	}, a.archiveRole)
	query(a, huma.Operation{
		OperationID: "list-permissions", Path: "/v1/organizations/{organization}/permissions",
		Tags: tags, Security: scope("roles:read"), Summary: "List permissions",
		Description: "The catalogue of the permissions that are in use in the organization, by its roles or by single memberships, in alphabetical order.",
	}, a.listPermissions)
}

type listRolesInput struct {
	OrganizationPath
	ReadHeaders
	ListQuery
	Archived string `query:"archived" enum:"true,false" doc:"true: only archived ones; false: only those that can be given. Both unless told otherwise."`
}

func (a *API) listRoles(c *call, in *listRolesInput) (*Listing[Role], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := a.models.Roles(in.Organization, projections.RoleFilter{Archived: projections.Archived(in.Archived)}, in.page())
	return listing(rows, err, showRole)
}

type listPermissionsInput struct {
	OrganizationPath
	ReadHeaders
	ListQuery
}

func (a *API) listPermissions(c *call, in *listPermissionsInput) (*Listing[domain.Permission], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := a.models.Permissions(in.Organization, in.page())
	return listing(rows, err, func(p *domain.Permission) domain.Permission { return *p })
}

type createRoleBody struct {
	Key         domain.RoleKey      `json:"key" minLength:"1" maxLength:"50" pattern:"^[a-z][a-z0-9_]*$" example:"reviewer" doc:"By which memberships name the role. It stays the role's for good."`
	Name        string              `json:"name" minLength:"1" maxLength:"200" example:"Reviewer"`
	Level       *domain.Level       `json:"level" nullable:"false" minimum:"1" maximum:"49" example:"25"`
	Permissions []domain.Permission `json:"permissions" nullable:"false" maxItems:"200" example:"[\"workspace.view\",\"reports.view\"]" doc:"Words with dots between them. Those that your product knows; Muster goes by the level."`
}

func (b *createRoleBody) needs() []need {
	return []need{{"/key", b.Key != ""}, {"/name", b.Name != ""}, {"/level", b.Level != nil}, {"/permissions", b.Permissions != nil}}
}

type createRoleInput struct {
	OrganizationPath
	WriteHeaders
	JSONBody[createRoleBody]
}

func (a *API) createRole(c *call, in *createRoleInput) (*Written[Role], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	sent := &in.Body.value
	return in.changeRole(c, in.Organization, sent.Key, domain.CreateRole{
		Meta: in.meta(c, in.Organization, in.Body.sum),
		Role: domain.Role{ID: a.newID(), Key: sent.Key, Name: sent.Name, Level: *sent.Level, Permissions: sent.Permissions},
	})
}

type getRoleInput struct {
	RolePath
	ReadHeaders
	ETagHeaders
}

func (a *API) getRole(c *call, in *getRoleInput) (*Resource[Role], error) {
	role, err := c.findRole(in.RolePath)
	if err != nil {
		return nil, err
	}
	shown := showRole(&role)
	return found(in.ETagHeaders, role.Version, &shown)
}

// findRole answers the role, when the token reaches it.
func (c *call) findRole(path RolePath) (domain.CustomRole, error) {
	if err := c.findOrganization(path.Organization); err != nil {
		return domain.CustomRole{}, err
	}
	return c.api.models.RoleByID(path.Organization, path.Role)
}

type updateRoleBody struct {
	Name        Patch[string]              `json:"name,omitzero" minLength:"1" maxLength:"200" example:"Reviewer"`
	Level       Patch[domain.Level]        `json:"level,omitzero" minimum:"1" maximum:"49" example:"25"`
	Permissions Patch[[]domain.Permission] `json:"permissions,omitzero" nullable:"false" maxItems:"200" example:"[\"workspace.view\",\"reports.view\"]"`
}

func (b *updateRoleBody) needs() []need {
	return []need{{"/name", !b.Name.null}, {"/level", !b.Level.null}, {"/permissions", !b.Permissions.null}}
}

type updateRoleInput struct {
	RolePath
	WriteHeaders
	JSONBody[updateRoleBody]
}

func (a *API) updateRole(c *call, in *updateRoleInput) (*Written[Role], error) {
	role, err := c.findRole(in.RolePath)
	if err != nil {
		return nil, err
	}
	sent := &in.Body.value
	return in.changeRole(c, in.Organization, role.Key, domain.UpdateRole{
		Meta: in.meta(c, in.Organization, in.Body.sum), Key: role.Key,
		Name: sent.Name.Change(), Level: sent.Level.Change(), Permissions: sent.Permissions.Change(),
	})
}

// changeRole runs a command that answers a role.
func (h *WriteHeaders) changeRole(c *call, org domain.OrganizationID, key domain.RoleKey, command domain.Command) (*Written[Role], error) {
	result, err := h.run(c, command)
	if err != nil {
		return nil, err
	}
	role := result.State.CustomRole(org, key)
	shown := showRole(role)
	return written(h, result, domain.RoleCreated{}.EventType(), role.Version, &shown), nil
}

type archiveRoleInput struct {
	RolePath
	WriteHeaders
}

func (a *API) archiveRole(c *call, in *archiveRoleInput) (*Gone, error) {
	role, err := c.findRole(in.RolePath)
	if err != nil {
		return nil, err
	}
	result, err := in.run(c, domain.ArchiveRole{Meta: in.meta(c, in.Organization, domain.Hash{}), Key: role.Key})
	if err != nil {
		return nil, err
	}
	return gone(&in.WriteHeaders, result), nil
}
