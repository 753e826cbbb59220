package projections

import (
	"cmp"
	"errors"
	"slices"

	"github.com/muster-dev/muster/domain"
)

// window is how many people are looked at in the order of their addresses or
// names, in the hope to find a page of members among them.
const window = 2000

// orderedMembers are the statements of an order by something of a person: it is
// the place ?6 and ?7 that the page begins behind.
type orderedMembers struct {
	// window answers where a window ends, walk the members within one, and sort
	// the members wherever they are.
	window, walk, sort string
}

var membersByPerson = func() map[Order]orderedMembers {
	const rows, role = memberRows + `, p.key`, ` AND (+?5 = 0 OR +m.role = +?5)`
	texts := make(map[Order]orderedMembers)
	for order, o := range personOrders {
		after := ` AND (` + o.column + `, p.key) ` + o.after + ` (+?6, +?7)`
		texts[order] = orderedMembers{
			window: `SELECT ` + o.column + `, p.key FROM people p WHERE p.organization = +?1 AND (` + o.column + `, p.key) ` + o.after + ` (+?2, +?3) ` +
				o.orderBy + ` LIMIT 1 OFFSET +?4`,
			walk: rows + ` FROM people p CROSS JOIN memberships m ON m.person = p.key` + whichMembers + role + after +
				` AND p.organization = +?8 AND (` + o.column + `, p.key) ` + o.until + ` (+?9, +?10) ` + o.orderBy + ` LIMIT +?11`,
			sort: rows + fromMembers + role + after + ` ` + o.orderBy + ` LIMIT +?8`,
		}
	}
	return texts
}()

// byPerson is one page in the order of something that is said of people.
//
// Members have no index by it: every membership would cost two entries more to
// write, and a person's new address as many as they have memberships. People do. So
// in a large workspace, one goes through the organization's people in that order
// and asks of each whether they are a member, until the page is full. When it is
// not full for long, members are few among the people, and theirs are put in order.
// In a workspace of 100,000 that is the whole organization, a page takes 1 ms, when
// putting all of them in order takes 70 (BenchmarkMembers).
func (l *memberList) byPerson() (List[Member], error) {
	order, organization, last := l.at.Filter.Order, l.workspace.organizationKey, l.at.Last
	text := membersByPerson[order]
	row := &personMember{memberRow: l.row, text: personOrders[order].of}
	many, err := l.many()
	if err != nil {
		return List[Member]{}, err
	}
	if many {
		ends, whole, err := l.window(text.window)
		if err != nil {
			return List[Member]{}, err
		}
		list, err := page(l.conn, l.at, l.size, row, text.walk, l.args(last.Text, last.N[0], organization, ends.Text, ends.N[0])...)
		if err != nil || list.Next != "" || whole {
			return list, err
		}
	}
	return page(l.conn, l.at, l.size, row, text.sort, l.args(last.Text, last.N[0])...)
}

// many reports whether the workspace has a window of members or more.
func (l *memberList) many() (bool, error) {
	var one int
	err := l.conn.row([]any{scanNumber(&one)}, `SELECT 1 FROM memberships WHERE workspace = +? LIMIT 1 OFFSET +?`, l.workspace.key, window-1)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// window answers the last place of a window of people, and whether it holds all
// who are left.
func (l *memberList) window(text string) (ends mark, whole bool, err error) {
	err = l.conn.row([]any{scanText(&ends.Text), scanNumber(&ends.N[0])}, text,
		l.workspace.organizationKey, l.at.Last.Text, l.at.Last.N[0], window-1)
	if errors.Is(err, ErrNotFound) {
		return l.at.Filter.Order.last(), true, nil
	}
	return ends, false, err
}

// personMember is the row of a list in the order of something of a person.
type personMember struct {
	memberRow
	person int64
	text   func(domain.ProfileFacts) string
}

func (r *personMember) dest() []any { return append(r.memberRow.dest(), scanNumber(&r.person)) }
func (r *personMember) place() mark { return mark{r.text(r.profile.ProfileFacts), [3]int64{r.person}} }

// byRole is one page in the order of the roles' levels: the members of each role
// after those of the one before.
func (l *memberList) byRole() (List[Member], error) {
	roles, err := l.roles()
	if err != nil {
		return List[Member]{}, err
	}
	order, text, compare := l.at.Filter.Order, roleOldest, slices.Compare[[]int64]
	if order.down() {
		text = roleNewest
		compare = func(a, b []int64) int { return slices.Compare(b, a) }
	}
	slices.SortFunc(roles, func(a, b levelRole) int { return compare(a[:], b[:]) })
	list := List[Member]{Items: []Member{}}
	for _, role := range roles {
		from := order.first().N[0]
		switch cmp.Compare(compare(role[:], l.at.Last.N[:2]), 0) {
		case -1:
			continue // was shown before
		case 0:
			from = l.at.Last.N[2]
		}
		l.role = role[1]
		left := l.size - len(list.Items)
		row := &roleMember{memberRow: l.row, role: role}
		some, err := page(l.conn, l.at, left, row, text, l.args(from)...)
		if err != nil {
			return list, err
		}
		if left == 0 && some.Next != "" {
			return list, nil // which has the cursor already
		}
		list.Items = append(list.Items, some.Items...)
		if some.Next != "" {
			list.Next = some.Next
			return list, nil
		}
		if len(list.Items) == l.size && left > 0 {
			// There may be more, of other roles.
			if list.Next, err = l.at.after(row.place()); err != nil {
				return list, err
			}
		}
	}
	list.Next = "" // there is no more
	return list, nil
}

// levelRole is a role's level and the key of its row.
type levelRole [2]int64

// roles answers the roles that the list shows.
func (l *memberList) roles() ([]levelRole, error) {
	rows, err := l.query(`SELECT level, key FROM roles WHERE organization = 0 UNION ALL SELECT level, key FROM roles WHERE organization = +?`,
		l.workspace.organizationKey)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var roles []levelRole
	for rows.Next() {
		var role levelRole
		if err := rows.Scan(scanNumber(&role[0]), scanNumber(&role[1])); err != nil {
			return nil, err
		}
		if l.role == 0 || l.role == role[1] {
			roles = append(roles, role)
		}
	}
	return roles, rows.Err()
}

// roleMember is the row of a list in the order of roles.
type roleMember struct {
	memberRow
	role levelRole
}

func (r *roleMember) place() mark { return mark{N: [3]int64{r.role[0], r.role[1], r.key}} }
