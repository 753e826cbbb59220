package projections

import (
	"context"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// RoleVersion is what one event made of a role: its level and its permissions.
type RoleVersion struct {
	Number      uint64 // of the event in the organization's partition
	Level       domain.Level
	Permissions []domain.Permission
}

// mostRoleVersions is how many versions of a role [ReadModels.RoleVersions] returns at most.
const mostRoleVersions = 1000

// RoleVersions returns the versions of one of the organization's own roles up to the position,
// the last one first and at most 1,000. There are none of a role that is built in or unknown.
// Its errors are those of [ReadModels.AsOf].
func (m *ReadModels) RoleVersions(ctx context.Context, at wire.Position, org domain.OrganizationID, role domain.RoleKey) (versions []RoleVersion, err error) {
	q, _, err := m.history.asOf(ctx, at)
	if err != nil {
		return nil, err
	}
	err = q.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		var v RoleVersion
		return c.Each(ctx, []any{sqlite.Number(&v.Number), sqlite.Number(&v.Level), sqlite.Words(&v.Permissions)}, func() {
			versions = append(versions, v)
		}, `
			SELECT since, level, permissions FROM main.roles_versions
			WHERE organization = +?1 AND role = +?2 AND since <= (SELECT number FROM temp.as_of)
			ORDER BY since DESC LIMIT +?3`, organization, string(role), mostRoleVersions)
	})
	return versions, err
}
