package projections

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// AccessFilter selects whose access a list shows.
type AccessFilter struct {
	Role       domain.RoleKey    `json:"r,omitzero"` // the role of their access; empty: any
	Source     Source            `json:"s,omitzero"` // where one of their grants comes from; empty: anywhere
	Permission domain.Permission `json:"p,omitzero"` // what their access allows; empty: anything
	Query      string            `json:"q,omitzero"` // see [MemberFilter]
}

// admits reports whether the access passes the filter, apart from its query.
func (f *AccessFilter) admits(a *Access) bool {
	return a.Any() &&
		(f.Role == "" || a.Role.Key == f.Role) &&
		(f.Permission == "" || a.Allows(f.Permission)) &&
		(f.Source == "" || slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Source == f.Source }))
}

// AccessList lists everybody who has access to the workspace at that time. Each person
// is listed once, with all their grants, in the order in which the organization first
// mentioned them.
func (q *Queries) AccessList(ctx context.Context, ws FoundWorkspace, f AccessFilter, at time.Time, p Page) (list List[Access], err error) {
	err = q.search(ctx, sqlite.FilterOf(p, f) != AccessFilter{} || p.Count, func(c conn) error {
		from, err := sqlite.ReadCursor(p, "access", ws.key, f)
		if err != nil {
			return err
		}
		l, err := c.accessList(ctx, q.sources, ws, from.Filter, at)
		if err != nil {
			return err
		}
		if list, err = l.page(ctx, from, p.Limit()); err == nil && p.Count {
			list.Count, err = l.count(ctx)
		}
		return err
	})
	return list, err
}

// accessList reads and counts a list of access.
type accessList struct {
	conn
	table     *sourceTable
	workspace FoundWorkspace
	filter    AccessFilter
	args      []any // the parameters from +?1 to +?8
	text      string
	whole     bool // the statement finds at most a window of people, so they are all read at once
	part      examined
}

func (c conn) accessList(ctx context.Context, t *sourceTable, ws FoundWorkspace, f AccessFilter, at time.Time) (*accessList, error) {
	role, err := c.roleFilter(ws.organizationKey, f.Role)
	if err != nil {
		return nil, err
	}
	permission := string(f.Permission)
	if permission != "" {
		permission = " " + permission + " "
	}
	query, end := searchRange(f.Query)
	few, err := c.findsFew(ctx, ws.organizationKey, query, end)
	if err != nil {
		return nil, err
	}
	text := t.lists[accessWalk{f.Source, f.Role != "" || f.Permission != ""}]
	if few {
		text = t.found
	}
	args := []any{ws.key, ws.organizationKey, at.UnixMilli(), int64(0), role, permission, query, end}
	return &accessList{c, t, ws, f, args, text, few, everything(OrderCreated)}, nil
}

// page reads one page. The filter can reject some of the people that the statement
// finds, so the statement is run until the page is full.
func (l *accessList) page(ctx context.Context, from sqlite.Bookmark[AccessFilter], limit int) (List[Access], error) {
	list := List[Access]{Items: make([]Access, 0, limit)}
	last := from.Last.N[0]
	if err := l.examine(ctx, last); err != nil {
		return list, err
	}
	err := l.walk(ctx, last, limit+1, func(person int64, a *Access) (more bool, err error) {
		if len(list.Items) == limit {
			list.Next, err = from.Cursor(sqlite.Place{N: [3]int64{last}})
			return false, err
		}
		list.Items, last = append(list.Items, *a), person
		return true, nil
	})
	if err != nil {
		return list, err
	}
	return upTo(l.part, list, from)
}

// examine finds the part of the list behind the person that the page may look at, if there
// is a filter. It counts the members. Few people have access without being one.
func (l *accessList) examine(ctx context.Context, after int64) (err error) {
	if l.whole || l.filter == (AccessFilter{}) || l.filter == (AccessFilter{Source: l.filter.Source}) {
		return nil
	}
	var end sqlite.Place
	l.part, err = l.examinedOf(ctx, OrderCreated, maxExamined, &end, []any{sqlite.Number(&end.N[0])}, windowPeople, l.workspace.key, after)
	return err
}

// windowPeople finds where a window of the members ends, in the order of the people.
const windowPeople = `SELECT person FROM memberships WHERE workspace = +?1 AND person > +?2 ORDER BY person LIMIT 1 OFFSET +?3`

// count returns how many people the filter admits. SQL counts them, unless the filter
// has a role or a permission, or a search has found few people. Then they are all read:
// a count is of the whole list, and not of the part that the page has looked at.
func (l accessList) count(ctx context.Context) (n int, err error) {
	l.part = everything(OrderCreated)
	if l.filter.Role == "" && l.filter.Permission == "" && !l.whole {
		text, ok := l.table.counts[accessWalk{source: l.filter.Source}]
		if !ok {
			return 0, nil
		}
		err = l.RowContext(ctx, []any{sqlite.Number(&n)}, text, l.args...)
		return n, err
	}
	err = l.walk(ctx, 0, window, func(int64, *Access) (bool, error) {
		n++
		return true, nil
	})
	return n, err
}

// walk calls f for everybody whom the filter admits and whose key is greater than
// after, in the order of the keys, until f returns false. The chunk is how many people
// it reads at once.
func (l *accessList) walk(ctx context.Context, after int64, chunk int, f func(person int64, a *Access) (bool, error)) error {
	if l.text == "" {
		return nil // there is no such source
	}
	if l.whole {
		chunk = window
	}
	for {
		found, err := l.read(ctx, after, chunk)
		if err != nil {
			return err
		}
		for i := range found {
			l.table.addUp(&found[i].access)
			if !l.filter.admits(&found[i].access) {
				continue
			}
			if more, err := f(found[i].person, &found[i].access); err != nil || !more {
				return err
			}
		}
		if l.whole || len(found) < chunk {
			return nil
		}
		after = found[len(found)-1].person
		chunk = max(chunk, MaxPageSize)
	}
}

type foundAccess struct {
	person int64
	access Access
}

// read reads up to limit people with all their grants. One person's grants may take
// several rows.
func (l *accessList) read(ctx context.Context, after int64, limit int) ([]foundAccess, error) {
	var profile profileRow
	var user domain.UserID
	var person int64
	row := grantRow{table: l.table}
	found := make([]foundAccess, 0, min(limit, MaxPageSize+1))
	args := append(slices.Clone(l.args), limit, l.part.end.N[0])
	args[3] = after
	err := l.Each(ctx, append(row.Dest(), &profile, scanID(&user), sqlite.Number(&person)), func() {
		if n := len(found); n == 0 || found[n-1].person != person {
			org := l.workspace.Organization
			found = append(found, foundAccess{person, Access{
				Organization: org, Workspace: l.workspace.ID, User: user, Profile: profile.of(org, user),
			}})
		}
		row.addTo(&found[len(found)-1].access)
	}, l.text, args...)
	slices.SortFunc(found, func(a, b foundAccess) int { return cmp.Compare(a.person, b.person) })
	return found, err
}
