package projections

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Member is a membership together with its whole role and the person's entry in the
// directory. Its state is that of the time given to the query. The secret of its
// invitation is left out.
type Member struct {
	domain.Membership
	Role    domain.Role     // instead of the membership's own Role, which is only its key
	Profile *domain.Profile // nil: not in the directory
}

func (p *projector) memberInvited(e domain.MemberInvited, r *domain.Recorded, key int64) error {
	return p.memberJoined(r, key, &domain.Membership{
		ID: e.Membership, State: domain.MembershipInvited, Role: e.Role, Permissions: e.Permissions, ExpiresAt: e.ExpiresAt,
		Invitation: domain.Invitation(e.Invitation),
	})
}

func (p *projector) memberAdded(e domain.MemberAdded, r *domain.Recorded, key int64) error {
	return p.memberJoined(r, key, &domain.Membership{
		ID: e.Membership, State: domain.MembershipActive, Role: e.Role, Permissions: e.Permissions, ExpiresAt: e.ExpiresAt,
		Accepted: true,
	})
}

// memberJoined writes the beginning of a membership. A former member keeps the row and
// its creation time.
func (p *projector) memberJoined(r *domain.Recorded, key int64, m *domain.Membership) error {
	about := r.Event.Concerns()
	workspace, person, err := p.membershipOf(about, key)
	if err != nil {
		return err
	}
	role, err := p.roleOf(about.Organization, m.Role)
	if err != nil {
		return err
	}
	p.mayEnd(!m.EndsAt().IsZero())
	at := r.Time.UnixMilli()
	return p.Change(`
		INSERT INTO memberships (key, id, workspace, person, role, state, permissions, expires_at, accepted, joined, invitation, invitation_ends,
			granted_by, added_by, created_at, version)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, ?14, ?15, ?13)
		ON CONFLICT (workspace, person) DO UPDATE SET id = excluded.id, role = excluded.role, state = excluded.state,
			permissions = excluded.permissions, expires_at = excluded.expires_at, accepted = excluded.accepted, joined = max(joined, excluded.joined),
			invitation = excluded.invitation, invitation_ends = excluded.invitation_ends, granted_by = excluded.granted_by, granted_position = excluded.key,
			turned = excluded.version, added_by = excluded.added_by, ended_by = NULL, updated_at = excluded.created_at, version = excluded.version`,
		key, m.ID[:], workspace, person, role, string(m.State), sqlite.WordsOrNull(m.Permissions), sqlite.TimeOrNull(m.ExpiresAt), m.Accepted,
		hashOrNull(m.Invitation.Secret), sqlite.TimeOrNull(m.Invitation.ExpiresAt), r.ID[:], int64(r.Number), actorValue(r.Adder()), at)
}

// A statement that changes a membership begins and ends with these texts.
const (
	changeMember = `UPDATE memberships SET updated_at = ?1, version = ?2, `
	ofMember     = ` WHERE workspace = ?3 AND person = ?4`
)

// memberChanged writes a change. The values are the parameters from ?5 on. The key is
// the event's position, for the person's row if it has to be made.
func (p *projector) memberChanged(about domain.About, r *domain.Recorded, key int64, text string, values ...any) error {
	workspace, person, err := p.membershipOf(about, key)
	if err != nil {
		return err
	}
	p.mayEnd(false)
	return p.Change(text, append([]any{r.Time.UnixMilli(), int64(r.Number), workspace, person}, values...)...)
}

func (p *projector) memberAccepted(e domain.MemberAccepted, r *domain.Recorded, key int64) error {
	return p.memberChanged(e.About, r, key,
		changeMember+`state = 'active', accepted = 1, joined = 1, granted_by = ?5, granted_position = ?6`+ofMember, r.ID[:], key)
}

func (p *projector) memberInvitationRenewed(e domain.MemberInvitationRenewed, r *domain.Recorded, key int64) error {
	p.mayEnd(true)
	return p.memberChanged(e.About, r, key,
		changeMember+`invitation = ?5, invitation_ends = ?6`+ofMember, hashOrNull(e.Invitation.Secret), sqlite.TimeOrNull(e.Invitation.ExpiresAt))
}

func (p *projector) memberRoleChanged(e domain.MemberRoleChanged, r *domain.Recorded, key int64) error {
	role, err := p.roleOf(e.Organization, e.Role.To)
	if err != nil {
		return err
	}
	return p.memberChanged(e.About, r, key,
		changeMember+`role = ?5, granted_by = ?6, granted_position = ?7`+ofMember, role, r.ID[:], key)
}

func (p *projector) memberPermissionsChanged(e domain.MemberPermissionsChanged, r *domain.Recorded, key int64) error {
	return p.memberChanged(e.About, r, key,
		changeMember+`permissions = ?5, granted_by = ?6, granted_position = ?7`+ofMember, sqlite.WordsOrNull(e.Permissions.To), r.ID[:], key)
}

func (p *projector) memberExpiryChanged(e domain.MemberExpiryChanged, r *domain.Recorded, key int64) error {
	p.mayEnd(e.ExpiresAt.To != nil)
	var at any
	if e.ExpiresAt.To != nil {
		at = sqlite.TimeOrNull(*e.ExpiresAt.To)
	}
	return p.memberChanged(e.About, r, key, changeMember+`expires_at = ?5`+ofMember, at)
}

func (p *projector) memberSuspended(e domain.MemberSuspended, r *domain.Recorded, key int64) error {
	return p.memberChanged(e.About, r, key, changeMember+`state = 'suspended'`+ofMember)
}

func (p *projector) memberReinstated(e domain.MemberReinstated, r *domain.Recorded, key int64) error {
	return p.memberChanged(e.About, r, key, changeMember+`state = 'active', granted_by = ?5, granted_position = ?6`+ofMember, r.ID[:], key)
}

// memberEnded writes the end of a membership, for whatever reason it ended.
func (p *projector) memberEnded(about domain.About, r *domain.Recorded, key int64) error {
	p.mayBeRecorded()
	return p.memberChanged(about, r, key, changeMember+`state = 'removed', turned = ?2, ended_by = NULL`+ofMember)
}

// membershipOf returns the keys of the workspace and the person that the event is about.
func (p *projector) membershipOf(about domain.About, key int64) (workspace, person int64, err error) {
	found, err := p.workspaceOf(about.Workspace)
	if err != nil {
		return 0, 0, err
	}
	if person, err = p.person(about.Organization, about.User, key); err != nil {
		return 0, 0, fmt.Errorf("user %s: %w", about.User, err)
	}
	return found.key, person, nil
}

const membershipColumns = `m.key, m.id, p.user, ` + membershipRole + `, m.state, m.permissions, m.expires_at, m.accepted, m.joined, m.invitation_ends,
	m.added_by, m.ended_by, m.created_at, coalesce(m.updated_at, m.created_at), m.version`

type memberRow struct {
	key        int64
	membership domain.Membership // its workspace and organization are not scanned
	role       *domain.Role
	profile    profileRow
	adder      actorColumn
	at         time.Time // the time whose state is wanted
}

func (r *memberRow) Dest() []any { return append(r.membershipDest(), &r.profile) }

func (r *memberRow) membershipDest() []any {
	return append(make([]any, 0, 5), r) // with room for the columns that statements add
}

// ScanColumns implements [sqlite.Columns] with the [membershipColumns].
func (r *memberRow) ScanColumns(v *sqlite.Values) {
	m := &r.membership
	r.key = v.Number()
	m.ID, m.User = domain.MembershipID(v.ID()), domain.UserID(v.ID())
	if v.Scan(scanRolePointer(&r.role)); r.role == nil {
		r.role = new(domain.Role)
	}
	m.Role = r.role.Key
	sqlite.TakeText(v, &m.State)
	if m.Permissions = nil; !v.Null() {
		v.Scan(sqlite.Words(&m.Permissions))
	}
	m.ExpiresAt, m.Accepted, m.Joined = v.Time(), v.Flag(), v.Flag()
	m.Invitation.ExpiresAt = v.Time()
	v.Scan(&r.adder)
	m.AddedBy = r.adder.text
	m.EndedBy = domain.EventID(v.ID())
	m.CreatedAt, m.UpdatedAt = v.Time(), v.Time()
	m.Version = uint64(v.Number()) //nolint:gosec // numbers are positive
}

func (r *memberRow) Item() Member {
	m := r.membership
	m.State = m.StateAt(r.at)
	return Member{m, *r.role, r.profile.of(m.Organization, m.User)}
}

func (c conn) membership(ws domain.WorkspaceID, user domain.UserID) (*domain.Membership, error) {
	found, err := c.findWorkspace(ws)
	if err != nil {
		return nil, err
	}
	r := memberRow{membership: domain.Membership{Workspace: ws, Organization: found.Organization}}
	m := &r.membership
	err = c.Row(append(r.membershipDest(), scanHash(&m.Invitation.Secret)), `
		SELECT `+membershipColumns+`, m.invitation
		FROM people p
		JOIN memberships m ON m.workspace = +?1 AND m.person = p.key
		WHERE p.organization = +?2 AND p.user = +?3`, found.key, found.organizationKey, user[:])
	return m, err
}

// membershipsOf reads all memberships of a person, and calls f with each.
func (c conn) membershipsOf(organization int64, user domain.UserID, f func(domain.Membership)) error {
	var r memberRow
	m := &r.membership
	dest := append(r.membershipDest(), scanHash(&m.Invitation.Secret), scanID(&m.Organization), scanID(&m.Workspace))
	return c.Each(context.Background(), dest, func() {
		f(*m)
	}, `
		SELECT `+membershipColumns+`, m.invitation, o.id, w.id
		FROM people p
		JOIN organizations o ON o.key = p.organization
		CROSS JOIN memberships m ON m.person = p.key
		CROSS JOIN workspaces w ON w.key = m.workspace
		WHERE p.organization = +?1 AND p.user = +?2`, organization, user[:])
}

func (c conn) userMemberships(org domain.OrganizationID, user domain.UserID) (*domain.UserMemberships, error) {
	organization, err := c.organizationKey(org)
	if err != nil {
		return nil, err
	}
	person, err := c.personKey(personName{organization, user})
	if err != nil {
		return nil, err
	}
	rows, err := c.Query(context.Background(), `
		SELECT w.id, m.key, m.state, m.turned, m.ends_at, m.ended_by, `+isOwner+`
		FROM memberships m
		CROSS JOIN workspaces w ON w.key = m.workspace
		WHERE m.person = +?1`, person)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	list := &domain.UserMemberships{Organization: org, User: user}
	for rows.Next() {
		var workspace domain.WorkspaceID
		var state domain.MembershipState
		var key int64
		var turned uint64
		var end time.Time
		var owned bool
		var endedBy domain.EventID
		if err := rows.Scan(scanID(&workspace), sqlite.Number(&key), sqlite.Text(&state), sqlite.Number(&turned), sqlite.Time(&end), scanEvent(&endedBy), sqlite.Flag(&owned)); err != nil {
			return nil, err
		}
		if turned == 0 {
			turned = positionOf(key).Number
		}
		switch {
		case state != domain.MembershipRemoved:
			list.Workspaces = append(list.Workspaces, workspace)
		case endedBy != domain.EventID{}:
			list.Ending = append(list.Ending, domain.Ending{Workspace: workspace, By: endedBy})
		}
		if !end.IsZero() {
			if list.Ends == nil {
				list.Ends = make(map[domain.WorkspaceID]time.Time)
			}
			list.Ends[workspace] = end
		}
		if owned {
			list.Owned = append(list.Owned, workspace)
		}
		list.Version = max(list.Version, turned)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if list.Version == 0 {
		return nil, ErrNotFound
	}
	slices.SortFunc(list.Workspaces, domain.WorkspaceID.Compare)
	slices.SortFunc(list.Owned, domain.WorkspaceID.Compare)
	slices.SortFunc(list.Ending, func(a, b domain.Ending) int { return a.Workspace.Compare(b.Workspace) })
	return list, nil
}

// Member returns the user's membership in the workspace, or [ErrNotFound] if there is
// none at that time.
func (q *Queries) Member(ws domain.WorkspaceID, user domain.UserID, at time.Time) (Member, error) {
	r := memberRow{membership: domain.Membership{Workspace: ws}, at: at}
	err := q.read(func(c conn) error {
		found, err := c.findWorkspace(ws)
		if err != nil {
			return err
		}
		r.membership.Organization = found.Organization
		return c.Row(r.Dest(), `
			SELECT `+membershipColumns+`, `+profileColumns+`
			FROM people p
			JOIN memberships m ON m.workspace = +?1 AND m.person = p.key
			WHERE p.organization = +?2 AND p.user = +?3 AND m.state <> 'removed'`, found.key, found.organizationKey, user[:])
	})
	if err != nil {
		return Member{}, err
	}
	member := r.Item()
	if member.State == domain.MembershipRemoved {
		return Member{}, ErrNotFound
	}
	return member, nil
}

// Membership returns the membership with that id, even if it is removed at that time.
// The error is [ErrNotFound] if there never was one.
func (q *Queries) Membership(id domain.MembershipID, at time.Time) (Member, error) {
	return q.membershipBy(`m.id = +?`, id[:], at)
}

// InvitationBySecret returns the membership whose latest invitation has a secret with
// that hash, whatever the membership's state at that time. The error is [ErrNotFound] if
// there is none, or if the invitation has been renewed since.
func (m *ReadModels) InvitationBySecret(secret domain.Hash, at time.Time) (Member, error) {
	return m.membershipBy(`m.invitation = +?`, secret[:], at)
}

func (q *Queries) membershipBy(condition string, value []byte, at time.Time) (Member, error) {
	r := memberRow{at: at}
	err := q.read(func(c conn) error {
		return c.Row(append(r.Dest(), scanID(&r.membership.Organization), scanID(&r.membership.Workspace)), `
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
	return r.Item(), nil
}
