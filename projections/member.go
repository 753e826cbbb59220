package projections

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

// Member is a membership as it is shown: with its role in full, and the person's
// entry in the directory. Its state is as of the time that was asked for; what its
// invitation is accepted with is left out.
type Member struct {
	domain.Membership
	Role    domain.Role     // for the membership's own Role, which is only its key
	Profile *domain.Profile // nil: the directory does not know them
}

const membershipColumns = `m.key, m.id, p.user, ` + membershipRole + `, m.state, m.permissions, m.expires_at, m.accepted, m.joined, m.invitation_ends,
	m.added_by, m.created_at, m.updated_at, m.version`

type memberRow struct {
	key        int64
	membership domain.Membership // of which workspace and organization are not scanned
	role       domain.Role
	profile    profileRow
	at         time.Time // when the state is asked for
}

func (r *memberRow) dest() []any { return append(r.membershipDest(), r.profile.dest()...) }

func (r *memberRow) membershipDest() []any {
	m := &r.membership
	return append(make([]any, 0, 24), // with room for all that is ever behind them
		scanNumber(&r.key), scanID(&m.ID), scanID(&m.User), scanRole(&r.role), scanText(&m.State), scanWords(&m.Permissions),
		scanTime(&m.ExpiresAt), scanFlag(&m.Accepted), scanFlag(&m.Joined), scanTime(&m.Invitation.ExpiresAt),
		scanText(&m.AddedBy), scanTime(&m.CreatedAt), scanTime(&m.UpdatedAt), scanNumber(&m.Version))
}

func (r *memberRow) item() Member {
	m := r.membership
	m.Role, m.State = r.role.Key, m.StateAt(r.at)
	return Member{m, r.role, r.profile.of(m.Organization, m.User)}
}

func (c *conn) membership(ws domain.WorkspaceID, user domain.UserID) (*domain.Membership, error) {
	r := memberRow{membership: domain.Membership{Workspace: ws}}
	m := &r.membership
	err := c.row(append(r.membershipDest(), scanHash(&m.Invitation.Secret), scanID(&m.Organization)), `
		SELECT `+membershipColumns+`, m.invitation, o.id
		FROM workspaces w
		JOIN organizations o ON o.key = w.organization
		JOIN people p ON p.organization = w.organization AND p.user = +?2
		JOIN memberships m ON m.workspace = w.key AND m.person = p.key
		WHERE w.id = +?1`, ws[:], user[:])
	m.Role = r.role.Key
	return m, err
}

func (c *conn) userMemberships(org domain.OrganizationID, user domain.UserID) (*domain.UserMemberships, error) {
	rows, err := c.query(`
		SELECT w.id, m.state, m.turned
		FROM organizations o
		JOIN people p ON p.organization = o.key AND p.user = +?2
		CROSS JOIN memberships m ON m.person = p.key
		CROSS JOIN workspaces w ON w.key = m.workspace
		WHERE o.id = +?1`, org[:], user[:])
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	list := new(domain.UserMemberships)
	for rows.Next() {
		var workspace domain.WorkspaceID
		var state domain.MembershipState
		var turned uint64
		if err := rows.Scan(scanID(&workspace), scanText(&state), scanNumber(&turned)); err != nil {
			return nil, err
		}
		if state != domain.MembershipRemoved {
			list.Workspaces = append(list.Workspaces, workspace)
		}
		list.Version = max(list.Version, turned)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if list.Version == 0 {
		return nil, ErrNotFound
	}
	return list, nil
}

// Member answers the user's membership in the workspace; [ErrNotFound] when there
// is none, or not any more at that time.
func (m *ReadModels) Member(ws domain.WorkspaceID, user domain.UserID, at time.Time) (Member, error) {
	r := memberRow{membership: domain.Membership{Workspace: ws}, at: at}
	err := m.read(func(c *conn) error {
		return c.row(append(r.dest(), scanID(&r.membership.Organization)), `
			SELECT `+membershipColumns+`, `+profileColumns+`, o.id
			FROM workspaces w
			JOIN organizations o ON o.key = w.organization
			JOIN people p ON p.organization = w.organization AND p.user = +?2
			JOIN memberships m ON m.workspace = w.key AND m.person = p.key
			WHERE w.id = +?1 AND m.state <> 'removed'`, ws[:], user[:])
	})
	if err != nil {
		return Member{}, err
	}
	member := r.item()
	if member.State == domain.MembershipRemoved {
		return Member{}, ErrNotFound
	}
	return member, nil
}

// Membership answers the membership with that id, be it removed at that time;
// [ErrNotFound] when there never was one.
func (m *ReadModels) Membership(id domain.MembershipID, at time.Time) (Member, error) {
	return m.membershipBy(`m.id = +?`, id[:], at)
}

// InvitationBySecret answers the membership that was last offered with an
// invitation whose secret has that hash, in whatever state it is at that time;
// [ErrNotFound] when there is none, or the invitation was renewed since.
func (m *ReadModels) InvitationBySecret(secret domain.Hash, at time.Time) (Member, error) {
	return m.membershipBy(`m.invitation = +?`, secret[:], at)
}

func (m *ReadModels) membershipBy(condition string, value []byte, at time.Time) (Member, error) {
	r := memberRow{at: at}
	err := m.read(func(c *conn) error {
		return c.row(append(r.dest(), scanID(&r.membership.Organization), scanID(&r.membership.Workspace)), `
			SELECT `+membershipColumns+`, `+profileColumns+`, o.id, w.id
			FROM memberships m
			JOIN people p ON p.key = m.person
			JOIN workspaces w ON w.key = m.workspace
			JOIN organizations o ON o.key = w.organization
			WHERE `+condition, value)
	})
	if err != nil {
		return Member{}, err
	}
	return r.item(), nil
}
