package teamwork

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// member is a membership.
type member struct {
	ID        domain.MembershipID `json:"id" format:"uuid" doc:"The membership's id: the same when the user is removed and added again."`
	Workspace domain.WorkspaceID  `json:"workspaceId" format:"uuid"`
	User      domain.UserID       `json:"userId" format:"uuid"`
	Level     int32               `json:"accessLevel" minimum:"0" maximum:"4" example:"2" doc:"0 client, 1 viewer, 2 editor, 3 admin, 4 owner. A custom role is shown as the highest of these that is not above it."`
	CreatedAt transport.Time      `json:"createdDate" doc:"When the user first became a member or was invited."`
}

// levels are the roles of Teamwork's access levels, beginning with level 0.
var levels = []domain.RoleKey{domain.RoleClient, domain.RoleViewer, domain.RoleEditor, domain.RoleAdmin, domain.RoleOwner}

func show(m *projections.Member) *member {
	nearest := domain.NearestBuiltIn(m.Role.Level).Key
	return &member{
		m.ID, m.Workspace, m.User,
		int32(slices.Index(levels, nearest)), //nolint:gosec // there are five
		transport.Time(m.CreatedAt),
	}
}

// roleOf returns the role for an access level. The pointer names the level's field in the
// body.
func roleOf(pointer string, level *int32) (domain.RoleKey, error) {
	if level == nil {
		return "", required(pointer)
	}
	if *level < 0 || int(*level) >= len(levels) {
		return "", &domain.InvalidError{
			Pointer: pointer, Code: "out_of_range",
			Detail: fmt.Sprintf("a whole number from 0, client, to %d, owner, is expected", len(levels)-1),
		}
	}
	return levels[*level], nil
}

func required(pointer string) error {
	return &domain.InvalidError{Pointer: pointer, Code: "required", Detail: "the field is needed"}
}

// members is the list, which has no pages.
type members []*member

// Schema documents that the length of the list has no real limit. The document needs one,
// so it is the largest 32-bit integer.
func (members) Schema(r huma.Registry) *huma.Schema {
	most := math.MaxInt32
	return &huma.Schema{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[member](), true, ""), MaxItems: &most}
}

var examples = map[string]transport.Example{
	"list-workspace-members": {Answer: `[` + example + `]`},
	"add-workspace-member":   {Body: `{"userId": "019cc043-af91-783e-9927-3dab8777b06e", "accessLevel": 2}`, Answer: example},
	"update-member-access":   {Body: `{"role": 2}`, Answer: example},
	"update-access":          {Body: `{"memberId": "019cc043-af91-783e-9927-3daab1cd9277", "newAccessLevel": 2}`, Answer: example},
}

const example = `{
	"id": "019cc043-af91-783e-9927-3daab1cd9277", "workspaceId": "019cc043-af91-783e-9927-3dac07d1c206",
	"userId": "019cc043-af91-783e-9927-3dab8777b06e", "accessLevel": 2, "createdDate": "2026-03-05T23:09:47.281Z"}`
