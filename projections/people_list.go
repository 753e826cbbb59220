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
func (m *ReadModels) Users(ctx context.Context, org domain.OrganizationID, f UserFilter, p Page) (list List[domain.Profile], err error) {
	err = m.listTogether(ctx, func(c conn) error {
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
		text, args, err := c.people(ctx, `SELECT p.key, p.user, `+profileColumns, `p.profile_version IS NOT NULL`,
			peopleFilter{organization, from.Filter.Query, "", order, from.Last})
		if err != nil {
			return err
		}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), &userRow{organization: org, order: order}, text, args...)
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
func (m *ReadModels) OrganizationMembers(ctx context.Context, org domain.OrganizationID, f OrganizationMemberFilter, p Page) (list List[OrganizationMember], err error) {
	err = m.listTogether(ctx, func(c conn) error {
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
		text, args, err := c.people(ctx, `SELECT `+organizationMemberColumns+`, `+profileColumns, `p.role > ''`,
			peopleFilter{organization, from.Filter.Query, from.Filter.Role, order, from.Last})
		if err != nil {
			return err
		}
		row := &organizationMemberRow{member: domain.OrganizationMember{Organization: org}, order: order}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), row, text, args...)
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
// the condition is true. It also returns the statement's parameters, except for the last
// one, which is the limit.
func (c conn) people(ctx context.Context, rows, condition string, f peopleFilter) (text string, args []any, err error) {
	first, end := searchRange(f.query)
	few, err := c.findsFew(ctx, f.organization, first, end)
	if err != nil {
		return "", nil, err
	}
	text = rows + ` FROM people p`
	if few {
		text = rows + ` FROM (` + foundPeople(`+?1`, `+?2`, `+?3`) + `) candidates CROSS JOIN people p ON p.key = candidates.key`
	}
	text += ` WHERE p.organization = +?1 AND ` + condition + ` AND ` + searched(`+?2`, `+?3`) + ` AND (+?4 = '' OR p.role = +?4)`
	args = []any{f.organization, first, end, string(f.role)}
	switch f.order {
	case "", OrderCreated:
		return text + ` AND p.key > +?5 ORDER BY p.key LIMIT +?6`, append(args, f.last.N[0]), nil
	case OrderNewest:
		return text + ` AND p.key < +?5 ORDER BY p.key DESC LIMIT +?6`, append(args, f.last.N[0]), nil
	}
	o, ok := personOrders[f.order]
	if !ok {
		return "", nil, f.order.unknown()
	}
	text += ` AND (` + o.column + `, p.key) ` + o.after + ` (+?5, +?6) ` + o.orderBy + ` LIMIT +?7`
	return text, append(args, f.last.Text, f.last.N[0]), nil
}
