package projections

import (
	"context"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// UserFilter selects the users that a list shows, and their order: the order in which
// the organization first mentioned them, or that of their addresses or names.
type UserFilter struct {
	Query string `json:"q,omitzero"` // see [MemberFilter]
	Order Order  `json:"o,omitzero"`
}

// Users lists the organization's directory.
func (q *Queries) Users(ctx context.Context, org domain.OrganizationID, f UserFilter, p Page) (list List[domain.Profile], err error) {
	filter := sqlite.FilterOf(p, f)
	err = q.search(ctx, filter.Query != "", func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "users", organization, f)
		if err != nil {
			return err
		}
		order := from.Filter.Order
		if p.After == "" {
			from.Last = order.first()
		}
		text, args, part, err := c.people(ctx, `SELECT p.key, p.user, `+profileColumns, `p.profile_version IS NOT NULL`,
			peopleFilter{organization, from.Filter.Query, "", order, from.Last})
		if err != nil {
			return err
		}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), &userRow{organization: org, order: order}, text, args...)
		if err == nil {
			list, err = upTo(part, list, from)
		}
		return err
	})
	return list, err
}

// OrganizationMemberFilter selects the members of an organization that a list shows, and
// their order; see [UserFilter].
type OrganizationMemberFilter struct {
	Role  domain.OrganizationRole `json:"r,omitzero"` // empty: any
	Query string                  `json:"q,omitzero"` // see [MemberFilter]
	Order Order                   `json:"o,omitzero"`
}

// OrganizationMembers lists the organization's members, suspended ones included.
func (q *Queries) OrganizationMembers(ctx context.Context, org domain.OrganizationID, f OrganizationMemberFilter, p Page) (list List[OrganizationMember], err error) {
	filter := sqlite.FilterOf(p, f)
	err = q.search(ctx, filter.Query != "" || filter.Role != "", func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "organization_members", organization, f)
		if err != nil {
			return err
		}
		order := from.Filter.Order
		if p.After == "" {
			from.Last = order.first()
		}
		text, args, part, err := c.people(ctx, `SELECT `+organizationMemberColumns+`, `+profileColumns, `p.role > ''`,
			peopleFilter{organization, from.Filter.Query, from.Filter.Role, order, from.Last})
		if err != nil {
			return err
		}
		row := &organizationMemberRow{member: domain.OrganizationMember{Organization: org}, order: order}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), row, text, args...)
		if err == nil {
			list, err = upTo(part, list, from)
		}
		return err
	})
	return list, err
}

// peopleFilter selects the people of an organization that a list shows.
type peopleFilter struct {
	organization int64 // its key
	query        string
	role         domain.OrganizationRole
	order        Order
	last         sqlite.Place // the page begins after it
}

// people returns the statement that lists the people who pass the filter and for whom
// the condition is true, and the part of the list that it looks at. It also returns the
// statement's parameters, except for the last one, which is the limit.
func (c conn) people(ctx context.Context, rows, condition string, f peopleFilter) (text string, args []any, part examined, err error) {
	w, ok := peopleWalks[f.order]
	if !ok {
		return "", nil, part, f.order.unknown()
	}
	first, end := searchRange(f.query)
	few, err := c.findsFew(ctx, f.organization, first, end)
	if err != nil {
		return "", nil, part, err
	}
	part = everything(f.order)
	text = rows + ` FROM people p`
	switch {
	case few:
		text = rows + ` FROM (` + foundPeople(`+?1`, `+?2`, `+?3`) + `) candidates CROSS JOIN people p ON p.key = candidates.key`
	case f.query != "" || f.role != "":
		var to sqlite.Place
		part, err = c.examinedOf(ctx, f.order, maxExamined, &to, []any{sqlite.Text(&to.Text), sqlite.Number(&to.N[0])},
			w.window(condition), f.organization, f.last.Text, f.last.N[0])
		if err != nil {
			return "", nil, part, err
		}
	}
	text += ` WHERE p.organization = +?1 AND ` + condition + ` AND ` + searched(`+?2`, `+?3`) + ` AND (+?4 = '' OR p.role = +?4)` +
		` AND ` + w.after(`+?5`, `+?6`) + ` AND ` + w.until(`+?7`, `+?8`) + ` ` + w.orderBy + ` LIMIT +?9`
	return text, []any{f.organization, first, end, string(f.role), f.last.Text, f.last.N[0], part.end.Text, part.end.N[0]}, part, nil
}

// peopleWalk is the part of a statement that orders people. By their keys there is no
// column, and the text of a place is not used.
type peopleWalk struct {
	column       string
	behind, upTo string // operators
	orderBy      string
}

var peopleWalks = func() map[Order]peopleWalk {
	const up, down = `ORDER BY p.key`, `ORDER BY p.key DESC`
	walks := map[Order]peopleWalk{
		"": {behind: ">", upTo: "<=", orderBy: up}, OrderCreated: {behind: ">", upTo: "<=", orderBy: up}, OrderNewest: {behind: "<", upTo: ">=", orderBy: down},
	}
	for order, o := range personOrders {
		walks[order] = peopleWalk{column: o.column, behind: o.after, upTo: o.until, orderBy: o.orderBy}
	}
	return walks
}()

// after compares a person with the place behind which the page begins.
func (w peopleWalk) after(text, key string) string { return w.compare(w.behind, text, key) }

// until compares a person with the place where the page ends at the latest.
func (w peopleWalk) until(text, key string) string { return w.compare(w.upTo, text, key) }

func (w peopleWalk) compare(operator, text, key string) string {
	if w.column == "" {
		return `p.key ` + operator + ` ` + key
	}
	return `(` + w.column + `, p.key) ` + operator + ` (` + text + `, ` + key + `)`
}

// window finds the place where a window of the people ends.
func (w peopleWalk) window(condition string) string {
	column := w.column
	if column == "" {
		column = `''`
	}
	return `SELECT ` + column + `, p.key FROM people p WHERE p.organization = +?1 AND ` + condition + ` AND ` + w.after(`+?2`, `+?3`) + ` ` + w.orderBy + ` LIMIT 1 OFFSET +?4`
}
