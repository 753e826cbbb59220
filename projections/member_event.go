package projections

import (
	"fmt"

	"github.com/muster-dev/muster/domain"
)

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

// memberJoined writes the beginning of a membership. Somebody who was a member
// before keeps the row, and when it was first made.
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
	return p.change(`
		INSERT INTO memberships (key, id, workspace, person, role, state, permissions, expires_at, accepted, joined, invitation, invitation_ends,
			granted_by, turned, added_by, created_at, updated_at, version)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?13)
		ON CONFLICT (workspace, person) DO UPDATE SET id = excluded.id, role = excluded.role, state = excluded.state,
			permissions = excluded.permissions, expires_at = excluded.expires_at, accepted = excluded.accepted, joined = max(joined, excluded.joined),
			invitation = excluded.invitation, invitation_ends = excluded.invitation_ends, granted_by = excluded.granted_by,
			turned = excluded.turned, added_by = excluded.added_by, updated_at = excluded.updated_at, version = excluded.version`,
		key, m.ID[:], workspace, person, role, string(m.State), wordsOrNull(m.Permissions), timeOrNull(m.ExpiresAt), m.Accepted,
		hashOrNull(m.Invitation.Secret), timeOrNull(m.Invitation.ExpiresAt), r.ID[:], int64(r.Number), r.Adder(), at)
}

// The text of a change of a membership stands between these.
const (
	changeMember = `UPDATE memberships SET updated_at = ?1, version = ?2, `
	ofMember     = ` WHERE workspace = ?3 AND person = ?4`
)

// memberChanged writes a change; the values are the parameters from ?5 on.
func (p *projector) memberChanged(about domain.About, r *domain.Recorded, key int64, text string, values ...any) error {
	workspace, person, err := p.membershipOf(about, key)
	if err != nil {
		return err
	}
	p.mayEnd(false)
	return p.change(text, append([]any{r.Time.UnixMilli(), int64(r.Number), workspace, person}, values...)...)
}

func (p *projector) memberAccepted(e domain.MemberAccepted, r *domain.Recorded, key int64) error {
	return p.memberChanged(e.About, r, key,
		changeMember+`state = 'active', accepted = 1, joined = 1, granted_by = ?5`+ofMember, r.ID[:])
}

func (p *projector) memberInvitationRenewed(e domain.MemberInvitationRenewed, r *domain.Recorded, key int64) error {
	p.mayEnd(true)
	return p.memberChanged(e.About, r, key,
		changeMember+`invitation = ?5, invitation_ends = ?6`+ofMember, hashOrNull(e.Invitation.Secret), timeOrNull(e.Invitation.ExpiresAt))
}

func (p *projector) memberRoleChanged(e domain.MemberRoleChanged, r *domain.Recorded, key int64) error {
	role, err := p.roleOf(e.Organization, e.Role.To)
	if err != nil {
		return err
	}
	return p.memberChanged(e.About, r, key,
		changeMember+`role = ?5, granted_by = ?6`+ofMember, role, r.ID[:])
}

func (p *projector) memberPermissionsChanged(e domain.MemberPermissionsChanged, r *domain.Recorded, key int64) error {
	return p.memberChanged(e.About, r, key,
		changeMember+`permissions = ?5, granted_by = ?6`+ofMember, wordsOrNull(e.Permissions.To), r.ID[:])
}

func (p *projector) memberExpiryChanged(e domain.MemberExpiryChanged, r *domain.Recorded, key int64) error {
	p.mayEnd(e.ExpiresAt.To != nil)
	var at any
	if e.ExpiresAt.To != nil {
		at = timeOrNull(*e.ExpiresAt.To)
	}
	return p.memberChanged(e.About, r, key, changeMember+`expires_at = ?5`+ofMember, at)
}

func (p *projector) memberSuspended(e domain.MemberSuspended, r *domain.Recorded, key int64) error {
	return p.memberChanged(e.About, r, key, changeMember+`state = 'suspended'`+ofMember)
}

func (p *projector) memberReinstated(e domain.MemberReinstated, r *domain.Recorded, key int64) error {
	return p.memberChanged(e.About, r, key, changeMember+`state = 'active', granted_by = ?5`+ofMember, r.ID[:])
}

// memberEnded writes the end of a membership, whichever way it came.
func (p *projector) memberEnded(about domain.About, r *domain.Recorded, key int64) error {
	return p.memberChanged(about, r, key, changeMember+`state = 'removed', turned = ?2`+ofMember)
}

// membershipOf answers the keys of the workspace and the person that the event is
// about.
func (p *projector) membershipOf(about domain.About, key int64) (workspace, person int64, err error) {
	if workspace, err = p.workspaceOf(about.Workspace); err != nil {
		return 0, 0, err
	}
	if person, err = p.person(about.Organization, about.User, key); err != nil {
		return 0, 0, fmt.Errorf("user %s: %w", about.User, err)
	}
	return workspace, person, nil
}
