package projections

import (
	"context"
	"slices"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Permissions lists the permissions that are in use in the organization, in
// alphabetical order: those of its roles and those of single memberships.
func (q *Queries) Permissions(ctx context.Context, org domain.OrganizationID, p Page) (list List[domain.Permission], err error) {
	list.Items = []domain.Permission{}
	err = q.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "permissions", organization, sqlite.NoFilter{})
		if err != nil {
			return err
		}
		all, err := c.permissions(ctx, organization)
		if err != nil {
			return err
		}
		begin, _ := slices.BinarySearch(all, domain.Permission(from.Last.Text+"\x00")) // right after it
		all = all[begin:]
		if n := p.Limit(); len(all) > n {
			all = all[:n]
			list.Next, err = from.Cursor(sqlite.Place{Text: string(all[n-1])})
		}
		list.Items = append(list.Items, all...)
		return err
	})
	return list, err
}

// permissions returns the permissions that are in use in the organization, sorted.
func (c conn) permissions(ctx context.Context, organization int64) ([]domain.Permission, error) {
	rows, err := c.Query(ctx, `
		SELECT permissions FROM roles WHERE organization = 0
		UNION ALL SELECT permissions FROM roles WHERE organization = +?1
		UNION ALL
		SELECT m.permissions
		FROM workspaces w CROSS JOIN memberships m ON m.workspace = w.key AND m.permissions IS NOT NULL AND m.state <> 'removed'
		WHERE w.organization = +?1`, organization)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	seen := make(map[string]bool)
	words := make(map[domain.Permission]bool)
	for rows.Next() {
		var text string
		if err := rows.Scan(sqlite.Text(&text)); err != nil {
			return nil, err
		}
		if seen[text] { // many members have the same list
			continue
		}
		seen[text] = true
		for _, word := range sqlite.SplitWords[domain.Permission](text) {
			words[word] = true
		}
	}
	all := make([]domain.Permission, 0, len(words))
	for word := range words {
		all = append(all, word)
	}
	slices.Sort(all)
	return all, rows.Err()
}
