package projections

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-dev/muster/projections/sqlite"
)

// byRole reads one page in the order of the roles' levels: the members with the first
// role, then those with the next, and so on.
func (l *memberList) byRole(ctx context.Context) (List[Member], error) {
	order, compare := l.from.Filter.Order, slices.Compare[[]int64]
	if order.down() {
		compare = func(a, b []int64) int { return slices.Compare(b, a) }
	}
	roles, err := l.roles(ctx)
	if err != nil {
		return List[Member]{}, err
	}
	slices.SortFunc(roles, func(a, b levelRole) int { return compare(a[:], b[:]) })
	p := rolePage{memberList: l, list: List[Member]{Items: []Member{}}, rows: maxExamined}
	for _, role := range roles {
		begin := order.first().N[0]
		switch cmp.Compare(compare(role[:], l.from.Last.N[:2]), 0) {
		case -1:
			continue // was shown before
		case 0:
			begin = l.from.Last.N[2]
		}
		if p.rows == 0 {
			return p.list, nil
		}
		if ended, err := p.add(ctx, role, begin); err != nil || ended {
			return p.list, err
		}
	}
	p.list.Next = "" // there is no more
	return p.list, nil
}

// rolePage is a page in the order of roles while it is being read. The roles together have
// one window.
type rolePage struct {
	*memberList
	list List[Member]
	rows int // how many rows the page may still look at, if there is a filter
}

// add adds the members with the role after the key, and reports whether the page ends with
// them. If it does not, but no more may follow, it has a cursor already.
func (p *rolePage) add(ctx context.Context, role levelRole, begin int64) (ended bool, err error) {
	of := *p.memberList
	of.role = role[1]
	w := of.walkOf(p.from.Filter.Order.down())
	part, err := of.examine(ctx, w.window, begin, p.rows)
	if err != nil {
		return true, err
	}
	part.end.N = [3]int64{role[0], role[1], part.end.N[0]}
	left := p.limit - len(p.list.Items)
	row := &roleMember{memberRow: p.row, role: role}
	some, err := sqlite.ReadPage(ctx, p.Conn, p.from, left, row, w.list, of.args(begin, part.end.N[2])...)
	if err == nil {
		some, err = upTo(part, some, p.from)
	}
	if err != nil {
		return true, err
	}
	if left == 0 && some.Next != "" {
		return true, nil // the list has its cursor already
	}
	p.list.Items = append(p.list.Items, some.Items...)
	if some.Next != "" {
		p.list.Next = some.Next
		return true, nil
	}
	if len(p.list.Items) == p.limit && left > 0 {
		// There may be more, of other roles.
		if p.list.Next, err = p.from.Cursor(row.Place()); err != nil {
			return true, err
		}
	}
	return false, of.lookedAt(ctx, p, w.rest, begin, part.end)
}

// lookedAt counts the rows of a role that the page has looked at to the end. If it may look at
// no others, it ends there.
func (l *memberList) lookedAt(ctx context.Context, p *rolePage, rest string, begin int64, end sqlite.Place) error {
	if !l.from.Filter.skips() {
		return nil
	}
	var n int
	err := l.RowContext(ctx, []any{sqlite.Number(&n)}, rest, l.workspace.key, begin, l.role)
	p.rows = max(0, p.rows-n)
	if err == nil && p.rows == 0 && p.list.Next == "" {
		p.list.Next, err = l.from.Cursor(end)
	}
	return err
}

// levelRole is a role's level and the key of its row.
type levelRole [2]int64

// roles returns the roles that the list shows.
func (l *memberList) roles(ctx context.Context) (roles []levelRole, err error) {
	var role levelRole
	err = l.Each(ctx, []any{sqlite.Number(&role[0]), sqlite.Number(&role[1])}, func() {
		if l.role == 0 || l.role == role[1] {
			roles = append(roles, role)
		}
	}, `SELECT level, key FROM roles WHERE organization = 0 UNION ALL SELECT level, key FROM roles WHERE organization = +?`,
		l.workspace.organizationKey)
	return roles, err
}

// roleMember is the row of a list in the order of roles.
type roleMember struct {
	memberRow
	role levelRole
}

func (r *roleMember) Place() sqlite.Place {
	return sqlite.Place{N: [3]int64{r.role[0], r.role[1], r.key}}
}
