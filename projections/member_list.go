package projections

import (
	"context"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Members lists a workspace's memberships as they are at that time. Inherited access
// is not included; see [ReadModels.AccessList].
//
// A page of a list with a filter may have fewer items than it could, even none, and still
// have a cursor.
//
// Anyone who is a member for as long as the pages are being read is shown exactly once.
// The exception is a list ordered by e-mail address, name or role: someone for whom that
// changes in the meantime may be shown at both places or at neither.
func (q *Queries) Members(ctx context.Context, ws FoundWorkspace, f MemberFilter, at time.Time, p Page) (list List[Member], err error) {
	filter := sqlite.FilterOf(p, f)
	err = q.search(ctx, filter.skips() || p.Count, func(c conn) error {
		l, err := c.memberList(ws, f, at, p)
		if err != nil {
			return err
		}
		if list, err = l.read(ctx); err == nil && p.Count {
			list.Count, err = l.count(ctx)
		}
		return err
	})
	return list, err
}

// MembersBehind returns the cursor that continues the list of all members
// ([ReadModels.Members] with no filter) after the membership, which may be in any state.
// The error is [ErrNotFound] if the workspace never had that membership.
func (q *Queries) MembersBehind(ws FoundWorkspace, id domain.MembershipID) (cursor Cursor, err error) {
	var key int64
	if err := q.read(func(c conn) error {
		return c.Row([]any{sqlite.Number(&key)}, `SELECT key FROM memberships WHERE id = +? AND +workspace = +?`, id[:], ws.key)
	}); err != nil {
		return "", err
	}
	return sqlite.Bookmark[MemberFilter]{List: "members", Of: ws.key}.Cursor(sqlite.Place{N: [3]int64{key}})
}

// read reads the page, in the way that looks at the fewest rows.
func (l *memberList) read(ctx context.Context) (List[Member], error) {
	order := l.from.Filter.Order
	if _, ok := fewMembers[order]; !ok {
		return List[Member]{}, order.unknown()
	}
	candidates, few, err := l.fewCandidates(ctx)
	if err != nil {
		return List[Member]{}, err
	}
	if few {
		return l.ofFew(ctx, candidates)
	}
	switch order {
	case "", OrderCreated, OrderNewest:
		return l.byCreation(ctx)
	case OrderRole, OrderRoleDown:
		return l.byRole(ctx)
	default:
		return l.byPerson(ctx)
	}
}

// A count looks at people only if there is a search.
var (
	countMembers = `SELECT count(*) FROM memberships m WHERE m.workspace = +?1 AND ` + inState + ` AND ` + inRole
	countFound   = `SELECT count(*)` + fromMembers + ` AND ` + inRole
)

func (l *memberList) count(ctx context.Context) (n int, err error) {
	candidates, few, err := l.fewCandidates(ctx)
	if err != nil {
		return 0, err
	}
	text, args := countMembers, l.args()
	switch {
	case few:
		text = countFew[candidates]
		if candidates == foundMembers {
			args = l.args(l.workspace.organizationKey)
		}
	case l.from.Filter.Query != "":
		text = countFound
	}
	err = l.RowContext(ctx, []any{sqlite.Number(&n)}, text, args...)
	return n, err
}

// memberCandidates is a way to find, by an index, a superset of the members that a list
// shows. If they are few, the list is sorted from them, whatever its order.
type memberCandidates int

const (
	foundMembers   memberCandidates = iota // those that a search finds
	rareMembers                            // those in a state that is not active
	removedMembers                         // those that are removed or have expired
)

// candidateTexts find the keys of the candidates. Their parameters are those of
// [memberList.args], and the organization +?7.
var candidateTexts = map[memberCandidates]string{
	foundMembers: `SELECT m.key FROM (` + foundPeople(`+?7`, `+?4`, `+?5`) + `) found
		CROSS JOIN memberships m ON m.workspace = +?1 AND m.person = found.key`,
	rareMembers: `SELECT key FROM memberships WHERE workspace = +?1 AND state = +?3 AND state <> 'active'`,
	// Few memberships have ended without an event that records it, even in all
	// workspaces together.
	removedMembers: `SELECT key FROM memberships WHERE workspace = +?1 AND state = 'removed' AND state <> 'active'
		UNION ALL SELECT key FROM memberships WHERE ends_at <= +?2 AND +workspace = +?1`,
}

// These statements return a row if there are many candidates. For a search,
// [conn.findsFew] finds that out.
const (
	manyRare    = `SELECT 1 FROM memberships WHERE workspace = +?1 AND state = +?2 AND state <> 'active' LIMIT 1 OFFSET +?3`
	manyRemoved = `SELECT 1 FROM memberships WHERE workspace = +?1 AND state = 'removed' AND state <> 'active' LIMIT 1 OFFSET +?2`
)

// fewCandidates returns a way that finds few candidates, and false if there is none.
func (l *memberList) fewCandidates(ctx context.Context) (memberCandidates, bool, error) {
	f := &l.from.Filter
	first, end := searchRange(f.Query)
	if few, err := l.findsFew(ctx, l.workspace.organizationKey, first, end); few || err != nil {
		return foundMembers, few, err
	}
	if f.Joined {
		return 0, false, nil
	}
	switch f.State { //nolint:exhaustive // the others are not rare
	case domain.MembershipInvited, domain.MembershipSuspended:
		many, err := l.any(ctx, manyRare, l.workspace.key, string(f.State), window-1)
		return rareMembers, !many && err == nil, err
	case domain.MembershipRemoved:
		many, err := l.any(ctx, manyRemoved, l.workspace.key, window-1)
		return removedMembers, !many && err == nil, err
	}
	return 0, false, nil
}

// fewOrder is the part of a statement that orders candidates.
type fewOrder struct{ columns, join, after, orderBy string }

// fewMembers are the statements that put the candidates in order, for every order
// that a list of members has.
var fewMembers = func() map[Order]map[memberCandidates]string {
	const (
		byKey, byRole = `m.key`, `r.level, r.key, m.key`
		newest, down  = `m.key DESC`, `r.level DESC, r.key DESC, m.key DESC`
		role          = ` CROSS JOIN roles r ON r.key = m.role`
	)
	orders := map[Order]fewOrder{
		OrderCreated:  {``, ``, `m.key > +?8`, `ORDER BY ` + byKey + ` LIMIT +?9`},
		OrderNewest:   {``, ``, `m.key < +?8`, `ORDER BY ` + newest + ` LIMIT +?9`},
		OrderRole:     {`, r.level, r.key`, role, `(` + byRole + `) > (+?8, +?9, +?10)`, `ORDER BY ` + byRole + ` LIMIT +?11`},
		OrderRoleDown: {`, r.level, r.key`, role, `(` + byRole + `) < (+?8, +?9, +?10)`, `ORDER BY ` + down + ` LIMIT +?11`},
	}
	orders[""] = orders[OrderCreated]
	for order, o := range personOrders {
		orders[order] = fewOrder{`, p.key`, ``, `(` + o.column + `, p.key) ` + o.after + ` (+?8, +?9)`, o.orderBy + ` LIMIT +?10`}
	}
	texts := make(map[Order]map[memberCandidates]string)
	for order, o := range orders {
		texts[order] = make(map[memberCandidates]string)
		for candidates := range candidateTexts {
			texts[order][candidates] = memberRows + o.columns + candidates.from() + o.join + candidates.where() + ` AND ` + o.after + ` ` + o.orderBy
		}
	}
	return texts
}()

var countFew = func() map[memberCandidates]string {
	texts := make(map[memberCandidates]string)
	for candidates := range candidateTexts {
		texts[candidates] = `SELECT count(*)` + candidates.from() + candidates.where()
	}
	return texts
}()

func (c memberCandidates) from() string {
	return ` FROM (` + candidateTexts[c] + `) candidates
		CROSS JOIN memberships m ON m.workspace = +?1 AND m.key = candidates.key CROSS JOIN people p ON p.key = m.person`
}

func (c memberCandidates) where() string { return ` WHERE ` + isShown + ` AND ` + inRole }

// ofFew reads one page of a list that is sorted from few candidates.
func (l *memberList) ofFew(ctx context.Context, candidates memberCandidates) (List[Member], error) {
	order, last := l.from.Filter.Order, l.from.Last
	text := fewMembers[order][candidates]
	args := l.args(l.workspace.organizationKey)
	switch order {
	case "", OrderCreated, OrderNewest:
		return sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, &createdMember{l.row}, text, append(args, last.N[0])...)
	case OrderRole, OrderRoleDown:
		return sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, &fewRoleMember{roleMember{memberRow: l.row}}, text,
			append(args, last.N[0], last.N[1], last.N[2])...)
	default:
		row := &personMember{memberRow: l.row, text: personOrders[order].of}
		return sqlite.ReadPage(ctx, l.Conn, l.from, l.limit, row, text, append(args, last.Text, last.N[0])...)
	}
}

// fewRoleMember is a [roleMember] whose role is in the row.
type fewRoleMember struct{ roleMember }

func (r *fewRoleMember) Dest() []any {
	return append(r.memberRow.Dest(), sqlite.Number(&r.role[0]), sqlite.Number(&r.role[1]))
}
