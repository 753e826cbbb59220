package projections

import (
	"context"
	"errors"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// These statements list all members, or those with the role, in the order of their
// keys, up to a key.
var (
	allOldest  = memberRows + fromMembers + ` AND m.key > +?7 AND m.key <= +?8 ORDER BY m.key LIMIT +?9`
	allNewest  = memberRows + fromMembers + ` AND m.key < +?7 AND m.key >= +?8 ORDER BY m.key DESC LIMIT +?9`
	roleOldest = memberRows + fromMembers + ` AND m.role = +?6 AND m.key > +?7 AND m.key <= +?8 ORDER BY m.key LIMIT +?9`
	roleNewest = memberRows + fromMembers + ` AND m.role = +?6 AND m.key < +?7 AND m.key >= +?8 ORDER BY m.key DESC LIMIT +?9`
)

// These statements list all members for a list without a filter, which is what most ask for.
var (
	shownOldest = memberRows + fromPresent + ` AND m.key > +?7 AND m.key <= +?8 ORDER BY m.key LIMIT +?9`
	shownNewest = memberRows + fromPresent + ` AND m.key < +?7 AND m.key >= +?8 ORDER BY m.key DESC LIMIT +?9`
)

// These statements find where a window of members ends, after the key +?2.
const (
	windowOldest     = `SELECT key FROM memberships WHERE workspace = +?1 AND key > +?2 ORDER BY key LIMIT 1 OFFSET +?3`
	windowNewest     = `SELECT key FROM memberships WHERE workspace = +?1 AND key < +?2 ORDER BY key DESC LIMIT 1 OFFSET +?3`
	windowRoleOldest = `SELECT key FROM memberships WHERE workspace = +?1 AND role = +?3 AND key > +?2 ORDER BY key LIMIT 1 OFFSET +?4`
	windowRoleNewest = `SELECT key FROM memberships WHERE workspace = +?1 AND role = +?3 AND key < +?2 ORDER BY key DESC LIMIT 1 OFFSET +?4`
)

// These statements count the members with the role +?3 after the key +?2.
const (
	restOldest = `SELECT count(*) FROM memberships WHERE workspace = +?1 AND role = +?3 AND key > +?2`
	restNewest = `SELECT count(*) FROM memberships WHERE workspace = +?1 AND role = +?3 AND key < +?2`
)

// memberWalk lists members in the order of their keys.
type memberWalk struct {
	list, window string
	rest         string // only for those with a role
}

// walkOf returns the statements for all members, or for those with the role.
func (l *memberList) walkOf(down bool) memberWalk {
	switch {
	case !l.from.Filter.skips() && l.role == 0 && down:
		return memberWalk{shownNewest, windowNewest, ""}
	case !l.from.Filter.skips() && l.role == 0:
		return memberWalk{shownOldest, windowOldest, ""}
	case l.role == 0 && down:
		return memberWalk{allNewest, windowNewest, ""}
	case l.role == 0:
		return memberWalk{allOldest, windowOldest, ""}
	case down:
		return memberWalk{roleNewest, windowRoleNewest, restNewest}
	default:
		return memberWalk{roleOldest, windowRoleOldest, restOldest}
	}
}

// examine returns the part of the list after the key that the page may look at, which has at
// most that many rows. Its end has only a key.
func (l *memberList) examine(ctx context.Context, window string, after int64, rows int) (examined, error) {
	order := l.from.Filter.Order
	if !l.from.Filter.skips() {
		return everything(order), nil
	}
	args := []any{l.workspace.key, after}
	if l.role != 0 {
		args = append(args, l.role)
	}
	var end sqlite.Place
	return l.examinedOf(ctx, order, rows, &end, []any{sqlite.Number(&end.N[0])}, window, args...)
}

// byCreation reads one page in the order in which the members were first added.
func (l *memberList) byCreation(ctx context.Context) (List[Member], error) {
	w, after := l.walkOf(l.from.Filter.Order.down()), l.from.Last.N[0]
	part, err := l.examine(ctx, w.window, after, maxExamined)
	if err != nil {
		return List[Member]{}, err
	}
	list, err := sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, &createdMember{l.row}, w.list, l.args(after, part.end.N[0])...)
	if err != nil {
		return list, err
	}
	return upTo(part, list, l.from)
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
	skips, size := l.from.Filter.skips(), window
	if skips {
		size = maxExamined // at most so many are sorted
	}
	many, err := l.any(ctx, `SELECT 1 FROM memberships WHERE workspace = +? LIMIT 1 OFFSET +?`, l.workspace.key, size-1)
	if err != nil {
		return List[Member]{}, err
	}
	if many {
		part, err := l.windowOf(ctx, text.window, size)
		if err != nil {
			return List[Member]{}, err
		}
		list, err := sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, row, text.walk,
			l.args(last.Text, last.N[0], organization, part.end.Text, part.end.N[0])...)
		switch {
		case err != nil || list.Next != "" || part.whole:
			return list, err
		case skips:
			return upTo(part, list, l.from)
		}
	}
	return sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, row, text.sort, l.args(last.Text, last.N[0])...)
}

// windowOf returns a window of so many people.
func (l *memberList) windowOf(ctx context.Context, text string, size int) (part examined, err error) {
	err = l.RowContext(ctx, []any{sqlite.Text(&part.end.Text), sqlite.Number(&part.end.N[0])}, text,
		l.workspace.organizationKey, l.from.Last.Text, l.from.Last.N[0], size-1)
	if errors.Is(err, ErrNotFound) {
		return everything(l.from.Filter.Order), nil
	}
	return part, err
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
