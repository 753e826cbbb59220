package projections

import (
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// MemberFilter selects the members that a list shows, and their order.
type MemberFilter struct {
	State  domain.MembershipState `json:"s,omitzero"` // empty: every state but removed
	Joined bool                   `json:"j,omitzero"` // instead of State: everyone who was ever more than invited, in any state
	Role   domain.RoleKey         `json:"r,omitzero"` // empty: any
	Query  string                 `json:"q,omitzero"` // what the e-mail address, the whole name or the last name begins with, in any case; empty: anybody
	Order  Order                  `json:"o,omitzero"`
}

// skips reports whether a list with the filter may skip many rows.
func (f *MemberFilter) skips() bool {
	return f.State != "" || f.Joined || f.Role != "" || f.Query != ""
}

// memberList reads a page of a list of members, and counts the list.
type memberList struct {
	conn
	workspace FoundWorkspace
	from      sqlite.Bookmark[MemberFilter]
	time      time.Time
	role      int64 // the key of the only role that is shown; 0 for all, negative for none
	row       memberRow
	limit     int
}

func (c conn) memberList(ws FoundWorkspace, f MemberFilter, at time.Time, p Page) (*memberList, error) {
	from, err := sqlite.ReadCursor(p, "members", ws.key, f)
	if err != nil {
		return nil, err
	}
	if p.After == "" {
		from.Last = from.Filter.Order.first()
	}
	role, err := c.roleFilter(ws.organizationKey, from.Filter.Role)
	if err != nil {
		return nil, err
	}
	row := memberRow{
		membership: domain.Membership{Workspace: ws.ID, Organization: ws.Organization},
		at:         at,
	}
	return &memberList{c, ws, from, at, role, row, p.Limit()}, nil
}

// The conditions of every list of members have the parameters that
// [memberList.args] returns: the workspace +?1, the time +?2, the state +?3 or
// 'joined', the range of the search +?4 and +?5, and the role +?6.
const (
	inState = `CASE +?3
		WHEN '' THEN m.state <> 'removed' AND (m.ends_at IS NULL OR m.ends_at > +?2)
		WHEN 'joined' THEN m.joined
		WHEN 'removed' THEN m.state = 'removed' OR m.ends_at <= +?2
		ELSE m.state = +?3 AND (m.ends_at IS NULL OR m.ends_at > +?2) END`
	inRole = `(+?6 = 0 OR +m.role = +?6)`
)

// isShown is true for a membership m of the person p if the list shows it.
var isShown = `m.workspace = +?1 AND ` + inState + ` AND ` + searched(`+?4`, `+?5`)

// args returns the parameters that the statements of all orders have, followed by more.
func (l *memberList) args(more ...any) []any {
	f, state := &l.from.Filter, string(l.from.Filter.State)
	if f.Joined {
		state = "joined"
	}
	first, end := searchRange(f.Query)
	return append([]any{l.workspace.key, l.time.UnixMilli(), state, first, end, l.role}, more...)
}

const memberRows = `SELECT ` + membershipColumns + `, ` + profileColumns

// isPresent is what [isShown] is for a list without a filter. Nearly all members are active
// for an unlimited time, which is seen first.
const isPresent = `m.workspace = +?1 AND
	(m.state = 'active' AND m.expires_at IS NULL OR m.state <> 'removed' AND (m.ends_at IS NULL OR m.ends_at > +?2))`

const fromPresent = ` FROM memberships m CROSS JOIN people p ON p.key = m.person WHERE ` + isPresent

var fromMembers = ` FROM memberships m CROSS JOIN people p ON p.key = m.person WHERE ` + isShown
