package projections

import (
	"errors"
	"time"

	"github.com/muster-dev/muster/domain"
)

// organizationMemberChanged writes what a user is in the organization, of one who
// was nothing there before, too. The values are the parameters from ?4 on.
func (p *projector) organizationMemberChanged(r *domain.Recorded, key int64, text string, values ...any) error {
	about := r.Event.Concerns()
	person, err := p.person(about.Organization, about.User, key)
	if err != nil {
		return err
	}
	return p.change(text, append([]any{r.Time.UnixMilli(), int64(r.Number), person}, values...)...)
}

// The text of a change of an organization member stands between these.
const (
	changePerson = `UPDATE people SET role_created = coalesce(role_created, ?1), role_updated = ?1, role_version = ?2, `
	ofPerson     = ` WHERE key = ?3`
)

func (p *projector) organizationMemberAdded(e domain.OrganizationMemberAdded, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key, changePerson+`role = ?4, role_event = ?5`+ofPerson, string(e.Role), r.ID[:])
}

func (p *projector) organizationMemberRoleChanged(e domain.OrganizationMemberRoleChanged, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key, changePerson+`role = ?4, role_event = ?5`+ofPerson+` AND role > ''`, string(e.Role.To), r.ID[:])
}

func (p *projector) organizationMemberRemoved(_ domain.OrganizationMemberRemoved, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key, changePerson+`role = '', role_event = NULL`+ofPerson+` AND role > ''`)
}

func (p *projector) organizationMemberSuspended(_ domain.OrganizationMemberSuspended, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key, changePerson+`role = coalesce(role, ''), suspended_at = ?1`+ofPerson)
}

func (p *projector) organizationMemberReinstated(_ domain.OrganizationMemberReinstated, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key,
		changePerson+`suspended_at = NULL, role_event = CASE WHEN role > '' THEN ?4 END`+ofPerson+` AND suspended_at IS NOT NULL`, r.ID[:])
}

// OrganizationMember is a member of an organization, with their entry in its
// directory.
type OrganizationMember struct {
	domain.OrganizationMember
	Profile *domain.Profile // nil: the directory does not know them
}

const organizationMemberColumns = `p.key, p.user, p.role, p.suspended_at, p.role_created, p.role_updated, p.role_version`

type organizationMemberRow struct {
	key     int64
	member  domain.OrganizationMember // of which the organization is not scanned
	profile profileRow
	order   Order
}

func (r *organizationMemberRow) dest() []any {
	return append(r.memberDest(), r.profile.dest()...)
}

func (r *organizationMemberRow) memberDest() []any {
	m := &r.member
	return []any{
		scanNumber(&r.key), scanID(&m.User), scanText(&m.Role), scanTime(&m.SuspendedAt),
		scanTime(&m.CreatedAt), scanTime(&m.UpdatedAt), scanNumber(&m.Version),
	}
}

func (r *organizationMemberRow) item() OrganizationMember {
	return OrganizationMember{r.member, r.profile.of(r.member.Organization, r.member.User)}
}

func (r *organizationMemberRow) place() mark {
	return personPlace(r.order, r.key, r.profile.ProfileFacts)
}

func (c *conn) organizationMember(org domain.OrganizationID, user domain.UserID) (*domain.OrganizationMember, error) {
	r := organizationMemberRow{member: domain.OrganizationMember{Organization: org}}
	err := c.row(r.memberDest(), `
		SELECT `+organizationMemberColumns+`
		FROM organizations o JOIN people p ON p.organization = o.key AND p.user = +?2
		WHERE o.id = +?1 AND p.role IS NOT NULL`, org[:], user[:])
	return &r.member, err
}

// OrganizationMember answers the member of the organization; [ErrNotFound] when
// the user is none, or not any more.
func (m *ReadModels) OrganizationMember(org domain.OrganizationID, user domain.UserID) (OrganizationMember, error) {
	r := organizationMemberRow{member: domain.OrganizationMember{Organization: org}}
	err := m.read(func(c *conn) error {
		return c.row(r.dest(), `
			SELECT `+organizationMemberColumns+`, `+profileColumns+`
			FROM organizations o JOIN people p ON p.organization = o.key AND p.user = +?2
			WHERE o.id = +?1 AND p.role > ''`, org[:], user[:])
	})
	if err != nil {
		return OrganizationMember{}, err
	}
	return r.item(), nil
}

// Barred reports whether the user is kept from all of the organization at that time:
// suspended in it, or not part of it any more, with neither a role nor a membership
// left. Of whom the organization never knew anything it is false.
func (m *ReadModels) Barred(org domain.OrganizationID, user domain.UserID, at time.Time) (barred bool, err error) {
	err = m.read(func(c *conn) error {
		return c.row([]any{scanFlag(&barred)}, `
			SELECT p.suspended_at IS NOT NULL OR (
				coalesce(p.role, '') = ''
				AND (p.role = '' OR EXISTS (SELECT 1 FROM memberships m WHERE m.person = p.key))
				AND NOT EXISTS (
					SELECT 1 FROM memberships m
					WHERE m.person = p.key AND m.state <> 'removed' AND (m.ends_at IS NULL OR m.ends_at > +?3)))
			FROM organizations o JOIN people p ON p.organization = o.key AND p.user = +?2
			WHERE o.id = +?1`, org[:], user[:], at.UnixMilli())
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return barred, err
}

// OrganizationMemberFilter says which members of an organization a list shows, and
// in which order; see [UserFilter].
type OrganizationMemberFilter struct {
	Role  domain.OrganizationRole `json:"r,omitzero"` // empty: any
	Query string                  `json:"q,omitzero"` // see [MemberFilter]
	Order Order                   `json:"o,omitzero"`
}

// OrganizationMembers lists the organization's members, suspended ones included.
func (m *ReadModels) OrganizationMembers(org domain.OrganizationID, f OrganizationMemberFilter, p Page) (list List[OrganizationMember], err error) {
	err = m.read(func(c *conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		at, err := start(p, "organization_members", organization, f)
		if err != nil {
			return err
		}
		order := at.Filter.Order
		text, args, err := peopleText(order, `SELECT `+organizationMemberColumns+`, `+profileColumns, `p.role > ''`, at.Last, p)
		if err != nil {
			return err
		}
		row := &organizationMemberRow{member: domain.OrganizationMember{Organization: org}, order: order}
		list, err = page(c, at, p.size(), row, text,
			append([]any{organization, searchPrefix(at.Filter.Query), string(at.Filter.Role)}, args...)...)
		return err
	})
	return list, err
}

// peopleText answers the statement that lists an organization's people of whom the
// condition holds, and its parameters from ?4 on. The first three are the
// organization, what to search for, and a role; empty for all.
func peopleText(order Order, rows, condition string, last mark, p Page) (text string, args []any, err error) {
	if p.After == "" {
		last = order.first()
	}
	text = rows + ` FROM people p WHERE p.organization = +?1 AND ` + condition +
		` AND (+?2 = '' OR instr(p.search, +?2) > 0) AND (+?3 = '' OR p.role = +?3)`
	switch order {
	case "", OrderCreated:
		return text + ` AND p.key > +?4 ORDER BY p.key LIMIT +?5`, []any{last.N[0]}, nil
	case OrderNewest:
		return text + ` AND p.key < +?4 ORDER BY p.key DESC LIMIT +?5`, []any{last.N[0]}, nil
	}
	o, ok := personOrders[order]
	if !ok {
		return "", nil, order.unknown()
	}
	return text + ` AND (` + o.column + `, p.key) ` + o.after + ` (+?4, +?5) ` + o.orderBy + ` LIMIT +?6`, []any{last.Text, last.N[0]}, nil
}

// personPlace is where a person stands in the order.
func personPlace(order Order, key int64, facts domain.ProfileFacts) mark {
	m := mark{N: [3]int64{key}}
	if o, ok := personOrders[order]; ok {
		m.Text = o.of(facts)
	}
	return m
}
