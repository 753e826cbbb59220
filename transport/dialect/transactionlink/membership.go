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
	Name      string             `json:"name" example:"Editor"`
	Workspace domain.WorkspaceID `json:"workspaceId" format:"uuid" doc:"The row's workspace."`
	CreatedAt transport.Time     `json:"createdDateTime" doc:"When the role was created: an organization's own when it was made, a built-in one with the workspace."`
	Type      roleType           `json:"type" doc:"WORKSPACE for a membership of the workspace itself, ORGANIZATION for what an owner or admin of the organization inherits."`
}

// roleType says where a row comes from.
type roleType string

// types are TransactionLink's names of the sources of grants.
var types = map[projections.Source]roleType{
	projections.SourceDirect:       "WORKSPACE",
	projections.SourceOrganization: "ORGANIZATION",
}

// Schema documents the types that there are.
func (roleType) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Enum: []any{"WORKSPACE", "ORGANIZATION"}, Examples: []any{"WORKSPACE"},
	}
}

// memberships are the rows of a list, which has no pages.
type memberships []membership

// Schema documents that there is no end to them but that of numbers.
func (memberships) Schema(r huma.Registry) *huma.Schema {
	most := math.MaxInt32
	return &huma.Schema{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[membership](), true, ""), MaxItems: &most}
}

// viewer shows the rows of one workspace.
type viewer struct {
	call      transport.Call
	workspace domain.Workspace
	created   map[domain.RoleKey]time.Time // when roles of the organization's own were
}

func newViewer(c transport.Call, ws domain.Workspace) viewer {
	return viewer{c, ws, make(map[domain.RoleKey]time.Time)}
}

func (v viewer) show(user domain.UserID, r domain.Role, source projections.Source) (membership, error) {
	created, err := v.createdAt(r)
	return membership{v.workspace.ID, user, role{r.ID, r.Name, v.workspace.ID, transport.Time(created), types[source]}}, err
}

// append adds a row for each of the grants that comes from one of the sources.
func (v viewer) append(rows *memberships, a *projections.Access, sources []projections.Source) error {
	for _, g := range a.Grants {
		if !slices.Contains(sources, g.Source) {
			continue
		}
		row, err := v.show(a.User, g.Role, g.Source)
		if err != nil {
			return err
		}
		*rows = append(*rows, row)
	}
	return nil
}

// createdAt is when there was the role in the workspace: a built-in one is as old as
// the workspace.
func (v viewer) createdAt(r domain.Role) (time.Time, error) {
	if r.BuiltIn {
		return v.workspace.CreatedAt, nil
	}
	if at, ok := v.created[r.Key]; ok {
		return at, nil
	}
	own, err := v.call.Models().Role(v.workspace.Organization, r.Key)
	if err != nil {
		return time.Time{}, fmt.Errorf("role %s: %w", r.Key, err)
	}
	v.created[r.Key] = own.CreatedAt
	return own.CreatedAt, nil
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
