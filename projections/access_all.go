package projections

import (
	"context"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// AccessPlace is where an access is in the order of [Queries.AccessAfter]: by workspace, the
// oldest first, and in each by person, in the order in which the organization first mentioned
// them. The zero value is before all others.
type AccessPlace struct{ Workspace, Person int64 }

// PlacedAccess is access with its place.
type PlacedAccess struct {
	Access
	Place AccessPlace
}

// AccessAfter returns who has access to which workspaces of the organization at that time, in
// order and behind the place, at most as many as the limit says. If there are fewer, there are
// no more. A workspace that is not zero is the only one that is looked at. Each call takes a
// connection and gives it back, so a long list that is read in parts keeps none.
func (q *Queries) AccessAfter(ctx context.Context, org domain.OrganizationID, ws domain.WorkspaceID, at time.Time, after AccessPlace, limit int) (all []PlacedAccess, err error) {
	err = q.eachWorkspace(ctx, org, ws, after.Workspace, func(c conn, w FoundWorkspace) (bool, error) {
		l, err := c.accessList(ctx, q.sources, w, AccessFilter{}, at)
		if err != nil {
			return false, err
		}
		person := int64(0)
		if w.key == after.Workspace {
			person = after.Person
		}
		err = l.walk(ctx, person, limit-len(all), func(person int64, a *Access) (bool, error) {
			all = append(all, PlacedAccess{*a, AccessPlace{w.key, person}})
			return len(all) < limit, nil
		})
		return len(all) < limit, err
	})
	return all, err
}

// CountAccess returns how many items [Queries.AccessAfter] has from the beginning to the end.
func (q *Queries) CountAccess(ctx context.Context, org domain.OrganizationID, ws domain.WorkspaceID, at time.Time) (n int, err error) {
	err = q.eachWorkspace(ctx, org, ws, 0, func(c conn, w FoundWorkspace) (bool, error) {
		l, err := c.accessList(ctx, q.sources, w, AccessFilter{}, at)
		if err != nil {
			return false, err
		}
		some, err := l.count(ctx)
		n += some
		return true, err
	})
	return n, err
}

// eachWorkspace calls f with the organization's workspaces, from the one with the key on,
// until f returns false. A workspace that is not zero is the only one.
func (q *Queries) eachWorkspace(ctx context.Context, org domain.OrganizationID, only domain.WorkspaceID, from int64, f func(conn, FoundWorkspace) (bool, error)) error {
	return q.listTogether(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		if !only.IsZero() {
			w, err := c.findWorkspace(only)
			if err == nil && w.organizationKey == organization {
				_, err = f(c, w)
			}
			return err
		}
		for {
			var found []FoundWorkspace
			w := FoundWorkspace{Organization: org, organizationKey: organization}
			if err := c.Each(ctx, []any{sqlite.Number(&w.key), scanID(&w.ID), sqlite.Time(&w.CreatedAt)}, func() { found = append(found, w) }, `
				SELECT w.key, w.id, w.created_at
				FROM workspaces w
				WHERE w.organization = +?1 AND w.key >= +?2
				ORDER BY w.key LIMIT +?3`, organization, from, MaxPageSize); err != nil {
				return err
			}
			for i := range found {
				if more, err := f(c, found[i]); err != nil || !more {
					return err
				}
			}
			if len(found) < MaxPageSize {
				return nil
			}
			from = found[len(found)-1].key + 1
		}
	})
}
