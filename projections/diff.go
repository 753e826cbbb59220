package projections

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Moment is a place in an organization's history: its state as of an event, and the time by
// which what ends by the clock has ended.
type Moment struct {
	Position wire.Position
	Time     time.Time
}

// Span is what lies between two moments of one organization, from the first event after From to
// the last one of To.
type Span struct{ From, To Moment }

// AccessChange is what happened in a [Span] to the access of one user to one workspace. Whoever
// has no grants Before has gained access, and whoever has none After has lost it.
type AccessChange struct {
	Workspace     domain.WorkspaceID
	User          domain.UserID
	Profile       *domain.Profile // at the end of the span; nil: not in the directory
	Before, After Access          // without the profile
	// Events are the positions of the events of the span that changed what the access is made
	// of, in order. Of the events that changed the definition of a role, it has those that came
	// while the membership had the role. There is none if a grant has ended by the clock and no
	// event had recorded that yet.
	Events []wire.Position
	// Ended is when the membership ended by the clock. It is zero if it did not, or if somebody
	// removed the member before.
	Ended time.Time
}

// diffFilter makes the cursors of a diff those of its span. Positions and times are numbers, so
// that it can be compared.
type diffFilter struct {
	From     uint64 `json:"f"`
	To       uint64 `json:"t"`
	FromTime int64  `json:"a"`
	ToTime   int64  `json:"b"`
}

// SpanOf returns the span of the diff that the cursor continues, which is one of the partition.
// The error is [ErrBadCursor].
func SpanOf(cursor Cursor, partition int) (Span, error) {
	f := sqlite.FilterOf(Page{After: cursor}, diffFilter{})
	if f == (diffFilter{}) {
		return Span{}, fmt.Errorf("%w: no diff has given it out", ErrBadCursor)
	}
	moment := func(number uint64, ms int64) Moment {
		return Moment{wire.Position{Partition: partition, Number: number}, time.UnixMilli(ms).UTC()}
	}
	return Span{moment(f.From, f.FromTime), moment(f.To, f.ToTime)}, nil
}

// Diff lists whose access to the workspaces of an organization has changed in the span, ordered
// by the workspaces and then by the people, in the order in which the organization first
// mentioned them. If a workspace is given, the list has only that one. A grant that another event
// gives is a change, so access that was taken away and given back is listed. If the definition of
// a role has changed, a holder is listed only if what they can do has changed.
//
// A page looks at a bounded number of people and workspaces. So it may have fewer items than it
// could, even none, and still have a cursor. The errors are those of [ReadModels.AsOf],
// [ErrBadCursor] and [ErrNotFound] if there is no such organization or workspace at the end of
// the span.
func (m *ReadModels) Diff(ctx context.Context, org domain.OrganizationID, only *domain.WorkspaceID, span Span, p Page) (list List[AccessChange], err error) {
	q, file, err := m.history.asOf(ctx, span.To.Position)
	if err != nil {
		return list, err
	}
	err = q.list(ctx, func(c conn) error {
		d := diff{conn: c, ctx: ctx, file: file, table: q.sources, span: span, organization: org}
		if d.key, err = c.organizationKey(org); err != nil {
			return err
		}
		of := d.key
		if only != nil {
			found, err := c.findWorkspace(*only)
			if err != nil {
				return err
			}
			if found.Organization != org {
				return ErrNotFound
			}
			d.only, of = found.key, found.key
		}
		filter := diffFilter{span.From.Position.Number, span.To.Position.Number, span.From.Time.UnixMilli(), span.To.Time.UnixMilli()}
		from, err := sqlite.ReadCursor(p, "diff", of, filter)
		if err != nil {
			return err
		}
		list, err = d.page(from, p.Limit())
		return err
	})
	return list, err
}

// diff reads one page of a diff. What the connection shows is the end of the span, unless a
// method says otherwise.
type diff struct {
	conn
	ctx          context.Context
	file         *historyFile
	table        *sourceTable
	span         Span
	organization domain.OrganizationID
	key          int64 // of the organization
	only         int64 // the key of the only workspace that is wanted; 0: all of them

	examined int // how many people and workspaces the page has looked at
}

// page reads a page behind the bookmark's place: a workspace and a person.
func (d *diff) page(from sqlite.Bookmark[diffFilter], limit int) (list List[AccessChange], err error) {
	list.Items = make([]AccessChange, 0, limit)
	at, person := from.Last.N[0], from.Last.N[1]
	for {
		if d.examined >= maxExamined {
			list.Next, err = from.Cursor(sqlite.Place{N: [3]int64{at, person}})
			return list, err
		}
		ws, err := d.nextWorkspace(at)
		if errors.Is(err, ErrNotFound) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		if ws.key != at {
			at, person = ws.key, 0
		}
		whole, err := d.workspace(ws, &person, limit, &list)
		switch {
		case err != nil:
			return list, err
		case !whole:
			list.Next, err = from.Cursor(sqlite.Place{N: [3]int64{at, person}})
			return list, err
		}
		at, person = at+1, 0 // behind the workspace
		d.examined++
	}
}

// nextWorkspace returns the first workspace of the organization whose key is at least the given
// one.
func (d *diff) nextWorkspace(key int64) (FoundWorkspace, error) {
	w := FoundWorkspace{Organization: d.organization, organizationKey: d.key}
	if d.only != 0 {
		if key > d.only {
			return w, ErrNotFound
		}
		key = d.only
	}
	err := d.Row([]any{sqlite.Number(&w.key), scanID(&w.ID)},
		`SELECT key, id FROM workspaces WHERE organization = +?1 AND key >= +?2 ORDER BY key LIMIT 1`, d.key, key)
	return w, err
}

// fewChanges is how many versions of a workspace's memberships a span may have for the people in
// them to be sorted. Otherwise everybody who was ever a member is examined.
const fewChanges = 5000

// The people whose access to a workspace may have changed in a span are those of
//   - a membership with a version that began in it, or that has ended in it by the clock,
//   - a role in the organization, or a suspension from it, that has changed in it,
//   - a membership with a role whose definition has changed in it,
//   - a role that gives access to every workspace, if the workspace itself was created in it (+?9).
//
// The parameters are the workspace +?1, the organization +?2, the numbers +?3 and +?4 and the
// times +?5 and +?6 of the span's ends, the person +?7 behind whom the list continues, and how
// many are wanted at most.
const (
	manyChanges = `SELECT 1 FROM main.memberships_versions WHERE workspace = +?1 AND since > +?2 AND since <= +?3 LIMIT 1 OFFSET +?4`

	changedInOrganization = `SELECT key FROM main.people_versions
		WHERE organization = +?2 AND since > +?3 AND since <= +?4 AND since = role_version AND key > +?7
		UNION SELECT key FROM main.people_versions WHERE +?9 AND organization = +?2 AND role IN ('owner', 'admin') AND key > +?7`
	fewChanged = `SELECT person FROM main.memberships_versions WHERE workspace = +?1 AND since > +?3 AND since <= +?4 AND person > +?7
		UNION SELECT person FROM main.memberships_versions WHERE workspace = +?1 AND ends_at > +?5 AND ends_at <= +?6 AND person > +?7
		UNION ` + changedInOrganization + `
		UNION SELECT m.person FROM main.roles_versions r CROSS JOIN main.memberships_versions m ON m.workspace = +?1 AND m.role = r.key
			WHERE r.organization = +?2 AND r.since > +?3 AND r.since <= +?4 AND +m.person > +?7
		ORDER BY 1 LIMIT +?8`
	everChanged = `SELECT person FROM main.memberships_versions WHERE workspace = +?1 AND person > +?7
		UNION ` + changedInOrganization + ` ORDER BY 1 LIMIT +?8`
)

// workspace adds those whose access to the workspace has changed, and whose keys are greater
// than after. It reports whether these were all. Otherwise after becomes the key of the last
// that it has looked at.
func (d *diff) workspace(ws FoundWorkspace, after *int64, limit int, list *List[AccessChange]) (whole bool, err error) {
	from, to := int64(d.span.From.Position.Number), int64(d.span.To.Position.Number) //nolint:gosec // far below 2^63
	many, err := d.any(d.ctx, manyChanges, ws.key, from, to, fewChanges)
	if err != nil {
		return false, err
	}
	created := positionOf(ws.key).Number > d.span.From.Position.Number
	text := fewChanged
	if many {
		text = everChanged
	}
	for {
		const chunk = 256
		var people []int64
		var person int64
		err := d.Each(d.ctx, []any{sqlite.Number(&person)}, func() { people = append(people, person) },
			text, ws.key, d.key, from, to, d.span.From.Time.UnixMilli(), d.span.To.Time.UnixMilli(), *after, chunk, created)
		if err != nil {
			return false, err
		}
		for _, person := range people {
			if len(list.Items) == limit || d.examined >= maxExamined {
				return false, nil
			}
			if err := d.ctx.Err(); err != nil {
				return false, err
			}
			change, changed, err := d.person(ws, person)
			if err != nil {
				return false, err
			}
			if changed {
				list.Items = append(list.Items, change)
			}
			*after = person
			d.examined++
		}
		if len(people) < chunk {
			return true, nil
		}
	}
}

// person compares the access that one person had at the two ends of the span.
func (d *diff) person(ws FoundWorkspace, person int64) (change AccessChange, changed bool, err error) {
	var user domain.UserID
	if err := d.Row([]any{scanID(&user)}, `SELECT user FROM main.people_versions WHERE key = +?1 ORDER BY since DESC LIMIT 1`, person); err != nil {
		return change, false, err
	}
	change = AccessChange{Workspace: ws.ID, User: user}
	if change.After, change.Profile, err = d.at(d.span.To, ws, user); err != nil {
		return change, false, err
	}
	if change.Before, _, err = d.at(d.span.From, ws, user); err != nil {
		return change, false, err
	}
	if err := d.file.show(d.conn, d.span.To.Position.Number); err != nil {
		return change, false, err
	}
	if sameAccess(&change.Before, &change.After) {
		return change, false, nil
	}
	if created := positionOf(ws.key); created.Number > d.span.From.Position.Number {
		change.Events = append(change.Events, created)
	}
	if err := d.events(ws, person, &change); err != nil {
		return change, false, err
	}
	return change, true, nil
}

// at returns the access at that moment, and leaves the connection there.
func (d *diff) at(moment Moment, ws FoundWorkspace, user domain.UserID) (a Access, profile *domain.Profile, err error) {
	a = Access{Organization: d.organization, Workspace: ws.ID, User: user}
	if err := d.file.show(d.conn, moment.Position.Number); err != nil {
		return a, nil, err
	}
	row, shown := grantRow{table: d.table}, profileRow{}
	if positionOf(ws.key).Number > moment.Position.Number {
		return a, nil, nil // there was no such workspace yet
	}
	err = d.Each(d.ctx, append(row.Dest(), &shown), func() { row.addTo(&a) },
		d.table.accessOf, ws.key, d.key, moment.Time.UnixMilli(), user[:])
	d.table.addUp(&a)
	return a, shown.of(d.organization, user), err
}

// sameAccess reports whether both are made of the same grants of the same roles, and allow the
// same. What a single grant allows does not count: another one may allow it too.
func sameAccess(a, b *Access) bool {
	return slices.EqualFunc(a.Grants, b.Grants, sameGrant) &&
		slices.Equal(slices.Sorted(slices.Values(a.Permissions)), slices.Sorted(slices.Values(b.Permissions)))
}

// sameGrant compares everything but what the grants allow.
func sameGrant(a, b Grant) bool {
	a.Permissions, a.Role.Permissions, b.Permissions, b.Role.Permissions = nil, nil, nil, nil
	return reflect.DeepEqual(a, b)
}

// events adds the events that made the change, and when the membership ended by the clock.
func (d *diff) events(ws FoundWorkspace, person int64, change *AccessChange) error {
	var number uint64
	from, to := int64(d.span.From.Position.Number), int64(d.span.To.Position.Number) //nolint:gosec // far below 2^63
	err := d.Each(d.ctx, []any{sqlite.Number(&number)}, func() {
		change.Events = append(change.Events, wire.Position{Partition: d.span.To.Position.Partition, Number: number})
	}, `SELECT since FROM main.memberships_versions WHERE workspace = +?1 AND person = +?2 AND since > +?3 AND since <= +?4
		UNION SELECT since FROM main.people_versions WHERE key = +?2 AND since > +?3 AND since <= +?4 AND since = role_version
		UNION SELECT r.since FROM main.memberships_versions m CROSS JOIN main.roles_versions r ON r.key = m.role
			WHERE m.workspace = +?1 AND m.person = +?2 AND m.state <> 'removed'
				AND r.since > m.since AND r.since < m.until AND r.since > +?3 AND r.since <= +?4
		ORDER BY 1`, ws.key, person, from, to)
	if err != nil {
		return err
	}
	return d.Row([]any{sqlite.Time(&change.Ended)}, lastEnd, ws.key, person, from, to, d.span.From.Time.UnixMilli(), d.span.To.Time.UnixMilli())
}

// lastEnd finds when the membership ended by the clock. It looks at the last version before the
// end of the span that was not removed, and ended in the span. Somebody may have removed the
// member before that.
const lastEnd = `
	SELECT max(v.ends_at) FROM (
		SELECT key, until, ends_at FROM main.memberships_versions
		WHERE workspace = +?1 AND key = (SELECT key FROM main.memberships_versions WHERE workspace = +?1 AND person = +?2 LIMIT 1)
			AND since <= +?4 AND state <> 'removed'
		ORDER BY since DESC LIMIT 1) v
	WHERE v.until > +?3 AND v.ends_at > +?5 AND v.ends_at <= +?6 AND NOT EXISTS (
		SELECT 1 FROM main.memberships_versions n
		WHERE n.workspace = +?1 AND n.key = v.key AND n.since = v.until AND n.since <= +?4 AND n.updated_at < v.ends_at)`
