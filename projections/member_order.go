package projections

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// These statements list all members, or those with the role, in the order of their
// keys.
var (
	allOldest  = memberRows + fromMembers + ` AND m.key > +?7 ORDER BY m.key LIMIT +?8`
	allNewest  = memberRows + fromMembers + ` AND m.key < +?7 ORDER BY m.key DESC LIMIT +?8`
	roleOldest = memberRows + fromMembers + ` AND m.role = +?6 AND m.key > +?7 ORDER BY m.key LIMIT +?8`
	roleNewest = memberRows + fromMembers + ` AND m.role = +?6 AND m.key < +?7 ORDER BY m.key DESC LIMIT +?8`
)

// byCreation reads one page in the order in which the members were first added.
func (l *memberList) byCreation(ctx context.Context) (List[Member], error) {
	text := allOldest
	switch down := l.from.Filter.Order.down(); {
	case l.role == 0 && down:
		text = allNewest
	case l.role != 0 && down:
		text = roleNewest
	case l.role != 0:
		text = roleOldest
	}
	return sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, &createdMember{l.row}, text, l.args(l.from.Last.N[0])...)
}

// createdMember is the row of a list in the order of the members' keys.
type createdMember struct{ memberRow }

func (r *createdMember) Place() sqlite.Place { return sqlite.Place{N: [3]int64{r.key}} }

// orderedMembers are the statements for an order by a column of the people. The page
// begins after the place +?7 and +?8.
type orderedMembers struct {
	window string // finds where a window ends
	walk   string // lists the members within a window
	sort   string // sorts all members
}

var membersByPerson = func() map[Order]orderedMembers {
	const rows, role = memberRows + `, p.key`, ` AND ` + inRole
	texts := make(map[Order]orderedMembers)
	for order, o := range personOrders {
		after := ` AND (` + o.column + `, p.key) ` + o.after + ` (+?7, +?8)`
		texts[order] = orderedMembers{
			window: `SELECT ` + o.column + `, p.key FROM people p WHERE p.organization = +?1 AND (` + o.column + `, p.key) ` + o.after + ` (+?2, +?3) ` +
				o.orderBy + ` LIMIT 1 OFFSET +?4`,
			walk: rows + ` FROM people p CROSS JOIN memberships m ON m.person = p.key WHERE ` + isShown + role + after +
				` AND p.organization = +?9 AND (` + o.column + `, p.key) ` + o.until + ` (+?10, +?11) ` + o.orderBy + ` LIMIT +?12`,
			sort: rows + fromMembers + role + after + ` ` + o.orderBy + ` LIMIT +?9`,
		}
	}
	return texts
}()

// byPerson reads one page in the order of a column of the people.
//
// Memberships have no index for that order: it would cost two more entries for every
// membership, and a new address would have to be written once for each membership of
// the person. People do have an index. So in a large workspace the statement walks
// along the organization's people in that order and looks up whether each is a member,
// until the page is full. If the page is not full at the end of a window of people, few
// of them are members, and the members are sorted instead. In a workspace of 100,000
// members who are the whole organization, a page takes 1 ms by walking and 70 ms by
// sorting (BenchmarkMembers).
func (l *memberList) byPerson(ctx context.Context) (List[Member], error) {
	order, organization, last := l.from.Filter.Order, l.workspace.organizationKey, l.from.Last
	text := membersByPerson[order]
	row := &personMember{memberRow: l.row, text: personOrders[order].of}
	many, err := l.any(ctx, `SELECT 1 FROM memberships WHERE workspace = +? LIMIT 1 OFFSET +?`, l.workspace.key, window-1)
	if err != nil {
		return List[Member]{}, err
	}
	if many {
		end, whole, err := l.windowEnd(ctx, text.window)
		if err != nil {
			return List[Member]{}, err
		}
		list, err := sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, row, text.walk,
			l.args(last.Text, last.N[0], organization, end.Text, end.N[0])...)
		if err != nil || list.Next != "" || whole {
			return list, err
		}
	}
	return sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, row, text.sort, l.args(last.Text, last.N[0])...)
}

// windowEnd returns the last place of a window of people, and whether the window
// reaches the end of the list.
func (l *memberList) windowEnd(ctx context.Context, text string) (end sqlite.Place, whole bool, err error) {
	err = l.RowContext(ctx, []any{sqlite.Text(&end.Text), sqlite.Number(&end.N[0])}, text,
		l.workspace.organizationKey, l.from.Last.Text, l.from.Last.N[0], window-1)
	if errors.Is(err, ErrNotFound) {
		return l.from.Filter.Order.last(), true, nil
	}
	return end, false, err
}

// personMember is the row of a list in the order of a column of the people.
type personMember struct {
	memberRow
	person int64
	text   func(domain.ProfileFacts) string
}

func (r *personMember) Dest() []any { return append(r.memberRow.Dest(), sqlite.Number(&r.person)) }

func (r *personMember) Place() sqlite.Place {
	return sqlite.Place{Text: r.text(r.profile.ProfileFacts), N: [3]int64{r.person}}
}

// byRole reads one page in the order of the roles' levels: the members with the first
// role, then those with the next, and so on.
func (l *memberList) byRole(ctx context.Context) (List[Member], error) {
	roles, err := l.roles(ctx)
	if err != nil {
		return List[Member]{}, err
	}
	order, text, compare := l.from.Filter.Order, roleOldest, slices.Compare[[]int64]
	if order.down() {
		text = roleNewest
		compare = func(a, b []int64) int { return slices.Compare(b, a) }
	}
	slices.SortFunc(roles, func(a, b levelRole) int { return compare(a[:], b[:]) })
	list := List[Member]{Items: []Member{}}
	for _, role := range roles {
		begin := order.first().N[0]
		switch cmp.Compare(compare(role[:], l.from.Last.N[:2]), 0) {
		case -1:
			continue // was shown before
		case 0:
			begin = l.from.Last.N[2]
		}
		of := *l
		of.role = role[1]
		left := l.limit - len(list.Items)
		row := &roleMember{memberRow: l.row, role: role}
		some, err := sqlite.ReadPage(ctx, l.Conn, l.from, left, row, text, of.args(begin)...)
		if err != nil {
			return list, err
		}
		if left == 0 && some.Next != "" {
			return list, nil // the list has its cursor already
		}
		list.Items = append(list.Items, some.Items...)
		if some.Next != "" {
			list.Next = some.Next
			return list, nil
		}
		if len(list.Items) == l.limit && left > 0 {
			// There may be more, of other roles.
			if list.Next, err = l.from.Cursor(row.Place()); err != nil {
				return list, err
			}
		}
	}
	list.Next = "" // there is no more
	return list, nil
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
