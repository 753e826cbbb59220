package projections

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

// MemberFilter says which members a list shows, and in which order.
type MemberFilter struct {
	State  domain.MembershipState `json:"s,omitzero"` // empty: every one but removed
	Joined bool                   `json:"j,omitzero"` // instead of State: all who ever were more than invited, in whatever state
	Role   domain.RoleKey         `json:"r,omitzero"` // empty: any
	Query  string                 `json:"q,omitzero"` // how the e-mail address or a name begins, in any case; empty: anybody
	Order  Order                  `json:"o,omitzero"`
}

// The conditions of every list of members: the workspace ?1, the time ?2, the
// state ?3 or 'joined', and what to search for ?4. Whoever the directory knows is
// looked up there only when there is something to search for.
const whichMembers = `
	WHERE m.workspace = +?1
		AND CASE +?3
			WHEN '' THEN m.state <> 'removed' AND (m.ends_at IS NULL OR m.ends_at > +?2)
			WHEN 'joined' THEN m.joined
			WHEN 'removed' THEN m.state = 'removed' OR m.ends_at <= +?2
			ELSE m.state = +?3 AND (m.ends_at IS NULL OR m.ends_at > +?2) END
		AND (+?4 = '' OR instr((SELECT search FROM people WHERE key = m.person), +?4) > 0)`

// memberList is what a page of a list of members is made of.
type memberList struct {
	*conn
	workspace workspaceHead
	at        place[MemberFilter]
	time      time.Time
	role      int64 // the key of the only role that is shown; 0 for all, and less for none
	row       memberRow
	size      int
}

// Members lists a workspace's memberships as they are at that time. Nothing
// inherited is among them: see [ReadModels.AccessList].
//
// Whoever is there while all pages are read is shown exactly once. Who gets another
// e-mail address, name or role in the meantime, in a list that is ordered by it,
// may be shown at both places or at none.
func (m *ReadModels) Members(ws domain.WorkspaceID, f MemberFilter, at time.Time, p Page) (list List[Member], err error) {
	err = m.read(func(c *conn) error {
		return c.together(func() error {
			l, err := c.memberList(ws, f, at, p)
			if err != nil {
				return err
			}
			list, err = l.page()
			return err
		})
	})
	return list, err
}

// MembersBehind answers the cursor behind a membership, in any state, in the list
// of all members ([ReadModels.Members] with no filter); [ErrNotFound] when the
// workspace never had it.
func (m *ReadModels) MembersBehind(ws domain.WorkspaceID, id domain.MembershipID) (cursor Cursor, err error) {
	err = m.read(func(c *conn) error {
		workspace, err := c.workspaceHead(ws)
		if err != nil {
			return err
		}
		var key int64
		if err := c.row([]any{scanNumber(&key)}, `SELECT key FROM memberships WHERE id = +? AND +workspace = +?`, id[:], workspace.key); err != nil {
			return err
		}
		cursor, err = place[MemberFilter]{List: "members", Of: workspace.key}.after(mark{N: [3]int64{key}})
		return err
	})
	return cursor, err
}

// CountMembers answers how many memberships [ReadModels.Members] lists.
func (m *ReadModels) CountMembers(ws domain.WorkspaceID, f MemberFilter, at time.Time) (n int, err error) {
	err = m.read(func(c *conn) error {
		return c.together(func() error {
			l, err := c.memberList(ws, f, at, Page{})
			if err != nil {
				return err
			}
			return c.row([]any{scanNumber(&n)}, `SELECT count(*) FROM memberships m`+whichMembers+` AND (+?5 = 0 OR +m.role = +?5)`,
				l.args()...)
		})
	})
	return n, err
}

func (c *conn) memberList(ws domain.WorkspaceID, f MemberFilter, at time.Time, p Page) (*memberList, error) {
	workspace, err := c.workspaceHead(ws)
	if err != nil {
		return nil, err
	}
	from, err := start(p, "members", workspace.key, f)
	if err != nil {
		return nil, err
	}
	if p.After == "" {
		from.Last = from.Filter.Order.first()
	}
	role, err := c.roleFilter(workspace.organizationKey, from.Filter.Role)
	if err != nil {
		return nil, err
	}
	row := memberRow{
		membership: domain.Membership{Workspace: ws, Organization: workspace.organization},
		at:         at,
	}
	return &memberList{c, workspace, from, at, role, row, p.size()}, nil
}

// args are the parameters that the statements of all orders have: those of
// [whichMembers], and the role.
func (l *memberList) args(more ...any) []any {
	f, state := &l.at.Filter, string(l.at.Filter.State)
	if f.Joined {
		state = "joined"
	}
	return append([]any{l.workspace.key, l.time.UnixMilli(), state, searchPrefix(f.Query), l.role}, more...)
}

func (l *memberList) page() (List[Member], error) {
	switch order := l.at.Filter.Order; order {
	case "", OrderCreated, OrderNewest:
		return l.byCreation()
	case OrderEmail, OrderEmailDown, OrderName, OrderNameDown:
		return l.byPerson()
	case OrderRole, OrderRoleDown:
		return l.byRole()
	default:
		return List[Member]{}, order.unknown()
	}
}

const (
	memberRows  = `SELECT ` + membershipColumns + `, ` + profileColumns
	fromMembers = ` FROM memberships m CROSS JOIN people p ON p.key = m.person` + whichMembers

	// In the order of their keys: of all, or of those who have the role.
	allOldest  = memberRows + fromMembers + ` AND m.key > +?6 ORDER BY m.key LIMIT +?7`
	allNewest  = memberRows + fromMembers + ` AND m.key < +?6 ORDER BY m.key DESC LIMIT +?7`
	roleOldest = memberRows + fromMembers + ` AND m.role = +?5 AND m.key > +?6 ORDER BY m.key LIMIT +?7`
	roleNewest = memberRows + fromMembers + ` AND m.role = +?5 AND m.key < +?6 ORDER BY m.key DESC LIMIT +?7`
)

func (l *memberList) byCreation() (List[Member], error) {
	text := allOldest
	switch down := l.at.Filter.Order.down(); {
	case l.role == 0 && down:
		text = allNewest
	case l.role != 0 && down:
		text = roleNewest
	case l.role != 0:
		text = roleOldest
	}
	return page(l.conn, l.at, l.size, &createdMember{l.row}, text, l.args(l.at.Last.N[0])...)
}

// createdMember is the row of a list in the order of the members' keys.
type createdMember struct{ memberRow }

func (r *createdMember) place() mark { return mark{N: [3]int64{r.key}} }
