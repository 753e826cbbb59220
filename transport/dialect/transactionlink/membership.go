package transactionlink

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// membership is a row: one reason why a user has access to a workspace.
type membership struct {
	Workspace domain.WorkspaceID `json:"workspaceId" format:"uuid"`
	User      domain.UserID      `json:"userId" format:"uuid"`
	Role      role               `json:"role"`
}

type role struct {
	ID        domain.RoleID      `json:"id" format:"uuid" doc:"What a roleId can be."`
	Name      string             `json:"name" bounds:"name" example:"Editor"`
	Workspace domain.WorkspaceID `json:"workspaceId" format:"uuid" doc:"The row's workspace."`
	CreatedAt transport.Time     `json:"createdDateTime" doc:"When the role was created: a custom role when it was made, a built-in one with the workspace."`
	Type      roleType           `json:"type" doc:"WORKSPACE for a membership of the workspace itself, ORGANIZATION for what an owner or admin of the organization inherits."`
}

// roleType says which kind of grant a row shows.
type roleType string

// types are TransactionLink's names of the sources of grants.
var types = map[projections.Source]roleType{
	projections.SourceDirect:       "WORKSPACE",
	projections.SourceOrganization: "ORGANIZATION",
}

// Schema documents the types.
func (roleType) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Examples: []any{"WORKSPACE"}}
	for _, source := range projections.Sources() {
		s.Enum = append(s.Enum, string(types[source]))
	}
	return s
}

// memberships is the list, which has no pages.
type memberships []membership

// Schema documents that the length of the list has no real limit. The document needs one,
// so it is the largest 32-bit integer.
func (memberships) Schema(r huma.Registry) *huma.Schema {
	most := math.MaxInt32
	return &huma.Schema{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[membership](), true, ""), MaxItems: &most}
}

// show returns a row: the role that a grant from the source gives the user.
func show(ws projections.FoundWorkspace, user domain.UserID, r domain.Role, created time.Time, source projections.Source) membership {
	return membership{ws.ID, user, role{r.ID, r.Name, ws.ID, transport.Time(created), types[source]}}
}

// createdAt returns since when the role exists in the workspace. For a built-in role own
// is nil, and the role is as old as the workspace.
func createdAt(ws projections.FoundWorkspace, own *domain.CustomRole) time.Time {
	if own == nil {
		return ws.CreatedAt
	}
	return own.CreatedAt
}

// viewer converts the access of users in one workspace to rows.
type viewer struct {
	call      *transport.Call
	workspace projections.FoundWorkspace
	own       map[domain.RoleKey]*domain.CustomRole // the roles of the organization that were read
}

func newViewer(c *transport.Call, ws projections.FoundWorkspace) viewer {
	return viewer{c, ws, make(map[domain.RoleKey]*domain.CustomRole)}
}

// append adds a row for each grant that comes from one of the sources.
func (v viewer) append(rows *memberships, a *projections.Access, sources []projections.Source) error {
	for i := range a.Grants {
		g := &a.Grants[i]
		if !slices.Contains(sources, g.Source) {
			continue
		}
		own, err := v.find(g.Role)
		if err != nil {
			return err
		}
		*rows = append(*rows, show(v.workspace, a.User, g.Role, createdAt(v.workspace, own), g.Source))
	}
	return nil
}

// find returns a role of the organization, and reads it only once. It returns nil for a
// built-in role.
func (v viewer) find(r domain.Role) (*domain.CustomRole, error) {
	if r.BuiltIn {
		return nil, nil
	}
	if known := v.own[r.Key]; known != nil {
		return known, nil
	}
	own, err := v.call.Models().Role(v.workspace.Organization, r.Key)
	if err != nil {
		return nil, fmt.Errorf("role %s: %w", r.Key, err)
	}
	v.own[r.Key] = &own
	return &own, nil
}

var examples = map[string]transport.Example{
	"list-workspace-memberships": {Answer: `[` + directExample + `]`},
	"list-all-workspace-memberships": {Answer: `[` + directExample + `, {
		"workspaceId": "019cc043-af91-783e-9927-3dac07d1c206", "userId": "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10",
		"role": {"id": "00000000-0000-8000-8000-000000000040", "name": "Admin", "workspaceId": "019cc043-af91-783e-9927-3dac07d1c206",
			"createdDateTime": "2026-03-05T23:09:47.281Z", "type": "ORGANIZATION"}}]`},
	"put-workspace-membership": {
		Body:   `{"userId": "019cc043-af91-783e-9927-3dab8777b06e", "roleId": "00000000-0000-8000-8000-000000000030"}`,
		Answer: directExample,
	},
}

const directExample = `{
	"workspaceId": "019cc043-af91-783e-9927-3dac07d1c206", "userId": "019cc043-af91-783e-9927-3dab8777b06e",
	"role": {"id": "00000000-0000-8000-8000-000000000030", "name": "Editor", "workspaceId": "019cc043-af91-783e-9927-3dac07d1c206",
		"createdDateTime": "2026-03-05T23:09:47.281Z", "type": "WORKSPACE"}}`
