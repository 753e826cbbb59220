package projections

import (
	"errors"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// organizationMemberChanged changes a user's role or suspension in the organization. The
// user may be new there. The values are the parameters from ?4 on.
func (p *projector) organizationMemberChanged(r *domain.Recorded, key int64, text string, values ...any) error {
	about := r.Event.Concerns()
	person, err := p.person(about.Organization, about.User, key)
	if err != nil {
		return err
	}
	return p.Change(text, append([]any{r.Time.UnixMilli(), int64(r.Number), person}, values...)...)
}

// A statement that changes an organization member begins and ends with these texts.
const (
	changePerson = `UPDATE people SET role_created = coalesce(role_created, ?1), role_updated = ?1, role_version = ?2, `
	ofPerson     = ` WHERE key = ?3`
)

func (p *projector) organizationMemberAdded(e domain.OrganizationMemberAdded, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key, changePerson+`role = ?4, role_event = ?5, role_position = ?6`+ofPerson, string(e.Role), r.ID[:], key)
}

func (p *projector) organizationMemberRoleChanged(e domain.OrganizationMemberRoleChanged, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key, changePerson+`role = ?4, role_event = ?5, role_position = ?6`+ofPerson+` AND role > ''`, string(e.Role.To), r.ID[:], key)
}

func (p *projector) organizationMemberRemoved(e domain.OrganizationMemberRemoved, r *domain.Recorded, key int64) error {
	text := changePerson + `role = '', role_event = NULL, role_position = NULL` + ofPerson
	if e.Role != "" {
		text += ` AND role > ''`
	}
	if err := p.organizationMemberChanged(r, key, text); err != nil || !e.Ending {
		return err
	}
	return p.endAll(r, key)
}

func (p *projector) organizationMemberSuspended(_ domain.OrganizationMemberSuspended, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key, changePerson+`role = coalesce(role, ''), suspended_at = ?1`+ofPerson)
}

func (p *projector) organizationMemberReinstated(_ domain.OrganizationMemberReinstated, r *domain.Recorded, key int64) error {
	return p.organizationMemberChanged(r, key,
		changePerson+`suspended_at = NULL, role_event = CASE WHEN role > '' THEN ?4 END, role_position = CASE WHEN role > '' THEN ?5 END`+
			ofPerson+` AND suspended_at IS NOT NULL`, r.ID[:], key)
}

// OrganizationMember is a member of an organization, with their entry in its
// directory.
type OrganizationMember struct {
	domain.OrganizationMember
	Profile *domain.Profile // nil: not in the directory
}

const organizationMemberColumns = `p.key, p.user, p.role, p.suspended_at, p.role_created, p.role_updated, p.role_version`

type organizationMemberRow struct {
	key     int64
	member  domain.OrganizationMember // whose organization is not scanned
	profile profileRow
	order   Order
}

func (r *organizationMemberRow) Dest() []any {
	return append(r.memberDest(), &r.profile)
}

func (r *organizationMemberRow) memberDest() []any {
	m := &r.member
	return []any{
		sqlite.Number(&r.key), scanID(&m.User), sqlite.Text(&m.Role), sqlite.Time(&m.SuspendedAt),
		sqlite.Time(&m.CreatedAt), sqlite.Time(&m.UpdatedAt), sqlite.Number(&m.Version),
	}
}

func (r *organizationMemberRow) Item() OrganizationMember {
	return OrganizationMember{r.member, r.profile.of(r.member.Organization, r.member.User)}
}

func (r *organizationMemberRow) Place() sqlite.Place {
	return personPlace(r.order, r.key, r.profile.ProfileFacts)
}

func (c conn) organizationMember(org domain.OrganizationID, user domain.UserID) (*domain.OrganizationMember, error) {
	r := organizationMemberRow{member: domain.OrganizationMember{Organization: org}}
	organization, err := c.organizationKey(org)
	if err != nil {
		return &r.member, err
	}
	err = c.Row(r.memberDest(), `
		SELECT `+organizationMemberColumns+`
		FROM people p
		WHERE p.organization = +?1 AND p.user = +?2 AND p.role IS NOT NULL`, organization, user[:])
	return &r.member, err
}

// OrganizationMember returns the member of the organization, or [ErrNotFound] if the
// user is not a member now.
func (q *Queries) OrganizationMember(org domain.OrganizationID, user domain.UserID) (OrganizationMember, error) {
	r := organizationMemberRow{member: domain.OrganizationMember{Organization: org}}
	err := q.read(func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		return c.Row(r.Dest(), `
			SELECT `+organizationMemberColumns+`, `+profileColumns+`
			FROM people p
			WHERE p.organization = +?1 AND p.user = +?2 AND p.role > ''`, organization, user[:])
	})
	if err != nil {
		return OrganizationMember{}, err
	}
	return r.Item(), nil
}

// Barred reports whether the user may not use anything in the organization at that time:
// they are suspended from it, or they have left it and have neither a role nor a
// membership left. It is false for users who were never in the organization.
func (q *Queries) Barred(org domain.OrganizationID, user domain.UserID, at time.Time) (barred bool, err error) {
	err = q.read(func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		return c.Row([]any{sqlite.Flag(&barred)}, `
			SELECT p.suspended_at IS NOT NULL OR (
				coalesce(p.role, '') = ''
				AND (p.role = '' OR EXISTS (SELECT 1 FROM memberships m WHERE m.person = p.key))
				AND NOT EXISTS (
					SELECT 1 FROM memberships m
					WHERE m.person = p.key AND m.state <> 'removed' AND (m.ends_at IS NULL OR m.ends_at > +?3)))
			FROM people p
			WHERE p.organization = +?1 AND p.user = +?2`, organization, user[:], at.UnixMilli())
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return barred, err
}
