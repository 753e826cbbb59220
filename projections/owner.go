package projections

import (
	"context"
	"slices"

	"github.com/muster-dev/muster/domain"
)

// isOwner is true for a membership m of somebody who is in their workspace's list of
// owners: see [domain.Owners].
const isOwner = `m.role = 1 AND m.state = 'active' AND m.expires_at IS NULL`

// owners reads the list of the workspace's owners. The error is [ErrNotFound] if it is
// empty.
func (c conn) owners(ws domain.WorkspaceID) (*domain.Owners, error) {
	found, err := c.findWorkspace(ws)
	if err != nil {
		return nil, err
	}
	list := &domain.Owners{Workspace: ws}
	var user domain.UserID
	err = c.Each(context.Background(), []any{scanID(&user)}, func() { list.Users = append(list.Users, user) }, `
		SELECT p.user
		FROM memberships m
		CROSS JOIN people p ON p.key = m.person
		WHERE m.workspace = +? AND `+isOwner, found.key)
	if err == nil && len(list.Users) == 0 {
		err = ErrNotFound
	}
	slices.SortFunc(list.Users, domain.UserID.Compare)
	return list, err
}
