package native

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// RoleInBrief is a role as memberships and grants show it.
type RoleInBrief struct {
	ID    domain.RoleID  `json:"id" format:"uuid"`
	Key   domain.RoleKey `json:"key" bounds:"role" example:"editor"`
	Name  string         `json:"name" bounds:"name" example:"Editor"`
	Level domain.Level   `json:"level" bounds:"level" doc:"Orders roles: nobody gives, changes or takes one above their own." example:"30"`
}

func roleInBrief(r domain.Role) RoleInBrief { return RoleInBrief{r.ID, r.Key, r.Name, r.Level} }

// AppendJSON appends the JSON that the tags of the fields describe.
func (r RoleInBrief) AppendJSON(b []byte) []byte {
	b = appendID(append(b, `{"id":`...), r.ID)
	b = appendText(append(b, `,"key":`...), string(r.Key))
	b = appendText(append(b, `,"name":`...), r.Name)
	b = strconv.AppendInt(append(b, `,"level":`...), int64(r.Level), 10)
	return append(b, '}')
}

// Role is a role that a membership can have.
type Role struct {
	ID          domain.RoleID       `json:"id" format:"uuid"`
	Key         domain.RoleKey      `json:"key" bounds:"role" example:"editor"`
	Name        string              `json:"name" bounds:"name" example:"Editor"`
	Level       domain.Level        `json:"level" bounds:"level" example:"30" doc:"Orders roles: nobody gives, changes or takes one above their own. From level 40 on a role manages the workspace and its members."`
	Permissions []domain.Permission `json:"permissions" bounds:"permissions" nullable:"false" example:"[\"workspace.view\",\"members.view\",\"content.edit\"]"`
	BuiltIn     bool                `json:"built_in"`
	ArchivedAt  transport.Time      `json:"archived_at" nullable:"true" doc:"Since when the role can be given to nobody new."`
}

func showRole(r *domain.CustomRole) Role {
	return Role{r.ID, r.Key, r.Name, r.Level, r.Permissions, r.BuiltIn, transport.Time(r.ArchivedAt)}
}

// RolePath is the part of a path that names a role.
type RolePath struct {
	OrganizationPath
	Role domain.RoleID `path:"role" format:"uuid" doc:"The role's id."`
}

func roleOperations() []transport.Operation {
	const path = "/v1/organizations/{organization}/roles"
	const tag = "Roles"
	return []transport.Operation{
		{
			ID: "list-roles", Path: path,
			Reach: transport.ReachOrganization, Scope: "roles:read", Tag: tag,
			Summary:     "List roles",
			Description: "The roles that a membership of the organization's workspaces can have: the built-in ones, the highest level first, and then the organization's own, the oldest first.",
			Do:          transport.Query(listRoles),
		},
		{
			ID: "create-role", Method: http.MethodPost, Path: path,
			Reach: transport.ReachOrganization, Scope: "roles:create", Tag: tag, Status: http.StatusCreated,
			Summary:     "Create a role",
			Description: "Makes a role of the organization's own, for all of its workspaces. Its key is never used for another one: 409 role_exists, also when that was archived. Organization owners and admins may, and tokens that are bound to no user: they act at level 50, where every permission may be given.",
			Do:          transport.Command(createRole),
		},
		{
			ID: "get-role", Path: path + "/{role}",
			Reach: transport.ReachOrganization, Scope: "roles:read", Tag: tag,
			Summary:     "Get a role",
			Description: "A role with its permissions, also when it has been archived.",
			Do:          transport.Query(getRole),
		},
		{
			ID: "update-role", Method: http.MethodPatch, Path: path + "/{role}",
			Reach: transport.ReachOrganization, Scope: "roles:update", Tag: tag,
			Summary:     "Change a role",
			Description: "A merge patch (RFC 7396). It changes the access of all who have the role at once. Built-in roles stay as they are: 409 role_built_in.",
			Do:          transport.Command(updateRole),
		},
		{
			ID: "archive-role", Method: http.MethodDelete, Path: path + "/{role}",
			Reach: transport.ReachOrganization, Scope: "roles:delete", Tag: tag,
			Summary:     "Archive a role",
			Description: "Members who have the role keep it. It cannot be given to anyone else. Also 204 if it was archived before.",
			Do:          transport.Command(archiveRole),
		},
		{
			ID: "list-permissions", Path: "/v1/organizations/{organization}/permissions",
			Reach: transport.ReachOrganization, Scope: "roles:read", Tag: tag,
			Summary:     "List permissions",
			Description: "The catalogue of the permissions that are in use in the organization, by its roles or by single memberships, in alphabetical order.",
			Do:          transport.Query(listPermissions),
		},
	}
}

type listRolesInput struct {
	OrganizationPath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
	Archived string `query:"archived" enum:"true,false" doc:"true: only archived ones; false: only those that can be given. The default is both."`
}

func listRoles(c *transport.Call, in *listRolesInput) (*Listing[Role], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	rows, err := q.Roles(c, in.Organization, projections.RoleFilter{Archived: projections.Archived(in.Archived)}, in.page())
	return listing(c, rows, err, showRole)
}

type listPermissionsInput struct {
	OrganizationPath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
}

func listPermissions(c *transport.Call, in *listPermissionsInput) (*Listing[Permission], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	rows, err := q.Permissions(c, in.Organization, in.page())
	return listing(c, rows, err, func(p *domain.Permission) Permission { return Permission(*p) })
}

// Permission is a permission that the API lists.
type Permission domain.Permission

// Schema documents what a permission looks like.
func (Permission) Schema(huma.Registry) *huma.Schema { return openapi.Text("permission") }

type createRoleBody struct {
	Key         domain.RoleKey      `json:"key" bounds:"role" minLength:"1" example:"reviewer" doc:"By which memberships name the role. It stays the role's for good."`
	Name        string              `json:"name" bounds:"name" minLength:"1" example:"Reviewer"`
	Level       *domain.Level       `json:"level" nullable:"false" minimum:"1" maximum:"49" example:"25"`
	Permissions []domain.Permission `json:"permissions" bounds:"permissions" nullable:"false" example:"[\"workspace.view\",\"reports.view\"]" doc:"Words with dots between them. Your product gives them their meaning; Muster's own rules go by the level."`
}

func (b *createRoleBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/key", b.Key != ""), transport.Require("/name", b.Name != ""), transport.Require("/level", b.Level != nil), transport.Require("/permissions", b.Permissions != nil)}
}

type createRoleInput struct {
	OrganizationPath
	transport.WriteHeaders
	transport.JSONBody[createRoleBody]
}

func createRole(c *transport.Call, in *createRoleInput) (*transport.Written[Role], error) {
	sent := in.Sent()
	return changeRole(c, in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.CreateRole{Meta: m, Role: domain.Role{
			ID: c.NewID(), Key: sent.Key, Name: sent.Name, Level: *sent.Level, Permissions: sent.Permissions,
		}}
	})
}

type getRoleInput struct {
	RolePath
	transport.ReadHeaders
	transport.AsOf
	transport.ETagHeaders
}

func getRole(c *transport.Call, in *getRoleInput) (*transport.Resource[Role], error) {
	role, err := findRole(c, in.RolePath)
	if err != nil {
		return nil, err
	}
	shown := showRole(&role)
	return transport.Found(in.ETagHeaders, role.Version, &shown), nil
}

// findRole returns the role if the token reaches it.
func findRole(c *transport.Call, path RolePath) (domain.CustomRole, error) {
	if err := c.FindOrganization(path.Organization); err != nil {
		return domain.CustomRole{}, err
	}
	q, err := c.Queries(path.Organization)
	if err != nil {
		return domain.CustomRole{}, err
	}
	return transport.Find(c, func() (domain.CustomRole, error) { return q.RoleByID(path.Organization, path.Role) })
}

type updateRoleBody struct {
	Name        transport.Patch[string]              `json:"name,omitzero" bounds:"name" minLength:"1" example:"Reviewer"`
	Level       transport.Patch[domain.Level]        `json:"level,omitzero" minimum:"1" maximum:"49" example:"25"`
	Permissions transport.Patch[[]domain.Permission] `json:"permissions,omitzero" bounds:"permissions" nullable:"false" example:"[\"workspace.view\",\"reports.view\"]"`
}

func (b *updateRoleBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/name", !b.Name.IsNull()), transport.Require("/level", !b.Level.IsNull()), transport.Require("/permissions", !b.Permissions.IsNull())}
}

type updateRoleInput struct {
	RolePath
	transport.WriteHeaders
	transport.JSONBody[updateRoleBody]
}

func updateRole(c *transport.Call, in *updateRoleInput) (*transport.Written[Role], error) {
	role, err := findRole(c, in.RolePath)
	if err != nil {
		return nil, err
	}
	sent := in.Sent()
	return changeRole(c, in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.UpdateRole{
			Meta: m, Key: role.Key, Name: sent.Name.Change(), Level: sent.Level.Change(), Permissions: sent.Permissions.Change(),
		}
	})
}

// changeRole runs a command on a role and returns its answer.
func changeRole(c *transport.Call, w *transport.Write, org domain.OrganizationID, command func(domain.Meta) domain.Command) (*transport.Written[Role], error) {
	result, err := c.Do(w, org, command)
	if err != nil {
		return nil, err
	}
	role := domain.PartOf[*domain.CustomRole](result.State, result.Target)
	shown := showRole(role)
	return transport.Wrote(result, domain.RoleCreated{}.EventType(), role.Version, &shown), nil
}

type archiveRoleInput struct {
	RolePath
	transport.WriteHeaders
}

func archiveRole(c *transport.Call, in *archiveRoleInput) (*transport.Gone, error) {
	role, err := findRole(c, in.RolePath)
	if err != nil {
		return nil, err
	}
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.ArchiveRole{Meta: m, Key: role.Key}
	})
	if err != nil {
		return nil, err
	}
	return transport.Ended(result), nil
}
