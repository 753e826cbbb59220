package projections

import (
	"context"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// AccessPeriod is a time without a gap in which a user had a role in an organization, or a
// membership or an invitation that was not suspended. While a user is suspended in the
// organization, there is no period of anything.
type AccessPeriod struct {
	Workspace domain.WorkspaceID // zero: the role is one in the organization
	Role      string             // the key of the last one in the period
	Invited   bool               // the membership was still an invitation at the end
	Since     Boundary
	Until     Boundary // zero: the period has not ended
}

// Ended reports whether the period has an end.
func (p *AccessPeriod) Ended() bool { return !p.Until.Time.IsZero() }

// Boundary is where an [AccessPeriod] begins or ends.
type Boundary struct {
	Number uint64 // of the event in the organization's partition; 0: the clock ended it, and no event says so
	Time   time.Time
}

// AccessPeriods returns all periods of the user's access up to the moment: those of the role in
// the organization first, and then those of each membership in order. What ends by the clock has
// ended at the moment's time. The errors are those of [ReadModels.AsOf], and [ErrNotFound] if
// the organization did not know the user by then.
func (m *ReadModels) AccessPeriods(ctx context.Context, at Moment, org domain.OrganizationID, user domain.UserID) (periods []AccessPeriod, err error) {
	q, _, err := m.history.asOf(ctx, at.Position)
	if err != nil {
		return nil, err
	}
	err = q.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		var person int64
		if err := c.Row([]any{sqlite.Number(&person)}, `SELECT key FROM people WHERE organization = +?1 AND user = +?2`, organization, user[:]); err != nil {
			return err
		}
		p := periodReader{conn: c, at: at}
		if err := p.readPerson(ctx, person); err != nil {
			return err
		}
		if err := p.readMemberships(ctx, person); err != nil {
			return err
		}
		periods = p.periods
		return nil
	})
	return periods, err
}

// accessVersion is what one version of a person or of a membership says about access.
type accessVersion struct {
	Boundary
	access    bool // apart from a suspension in the organization
	invited   bool
	suspended bool      // in the organization; only of a person
	ends      time.Time // when the clock ends it; zero: it does not
	role      string
}

// periodReader makes periods of versions.
type periodReader struct {
	conn
	at      Moment
	person  []accessVersion // of the role in the organization, in order
	periods []AccessPeriod
}

// readPerson reads the versions of the person, and makes the periods of the role in the
// organization.
func (r *periodReader) readPerson(ctx context.Context, person int64) error {
	var s accessVersion
	err := r.Each(ctx, []any{sqlite.Number(&s.Number), sqlite.Time(&s.Time), sqlite.Text(&s.role), sqlite.Flag(&s.suspended)}, func() {
		s.access = s.role != ""
		r.person = append(r.person, s)
	}, `
		SELECT since, role_updated, coalesce(role, ''), suspended_at IS NOT NULL
		FROM main.people_versions
		WHERE key = +?1 AND since = role_version AND since <= (SELECT number FROM temp.as_of)
		ORDER BY since`, person)
	r.add(domain.WorkspaceID{}, r.person)
	return err
}

// readMemberships makes the periods of the person's memberships.
func (r *periodReader) readMemberships(ctx context.Context, person int64) error {
	var ws, last domain.WorkspaceID
	var s accessVersion
	var state string
	var versions []accessVersion
	err := r.Each(ctx, []any{
		scanID(&ws), sqlite.Number(&s.Number), sqlite.Time(&s.Time), sqlite.Text(&state), sqlite.Time(&s.ends), sqlite.Text(&s.role),
	}, func() {
		if ws != last {
			r.add(last, versions)
			last, versions = ws, versions[:0]
		}
		s.invited = domain.MembershipState(state) == domain.MembershipInvited
		s.access = s.invited || domain.MembershipState(state) == domain.MembershipActive
		versions = append(versions, s)
	}, `
		SELECT w.id, v.since, coalesce(v.updated_at, v.created_at), v.state, v.ends_at, r.role
		FROM main.memberships_versions v
		CROSS JOIN main.workspaces w ON w.key = v.workspace
		CROSS JOIN main.roles r ON r.key = v.role
		WHERE v.person = +?1 AND v.since <= (SELECT number FROM temp.as_of)
		ORDER BY v.workspace, v.since`, person)
	r.add(last, versions)
	return err
}

// add adds the periods of one access with these versions. The versions of the person are read
// beside them, because a suspension in the organization ends everything.
func (r *periodReader) add(ws domain.WorkspaceID, versions []accessVersion) {
	var now accessVersion // of the access
	suspended, open := false, false
	for own, person := versions, r.person; len(own)+len(person) > 0; {
		var at Boundary
		if len(own) > 0 {
			at = own[0].Boundary
		}
		if len(person) > 0 && (len(own) == 0 || person[0].Number < at.Number) {
			at = person[0].Boundary
		}
		changes := len(own) > 0 && own[0].Number == at.Number
		open = r.expire(open, &now, at, changes && !own[0].access)
		if len(person) > 0 && person[0].Number == at.Number {
			suspended, person = person[0].suspended, person[1:]
		}
		if changes {
			now, own = own[0], own[1:]
		}
		open = r.turn(ws, open, &now, now.access && !suspended, at)
	}
	r.expire(open, &now, Boundary{Time: r.at.Time}, false)
}

// expire ends the last period, if it is open, when the clock has ended the access by the time of
// the boundary. If the boundary's event has recorded that, it is the event that ended the period.
// It reports whether the period is still open.
func (r *periodReader) expire(open bool, now *accessVersion, at Boundary, recorded bool) bool {
	if now.ends.IsZero() || now.ends.After(at.Time) {
		return open
	}
	now.access = false
	if open {
		p := &r.periods[len(r.periods)-1]
		if p.Until.Time = now.ends; recorded {
			p.Until.Number = at.Number
		}
	}
	return false
}

// turn begins, continues or ends a period at the boundary. It reports whether one is open.
func (r *periodReader) turn(ws domain.WorkspaceID, was bool, now *accessVersion, open bool, at Boundary) bool {
	if open && !was {
		r.periods = append(r.periods, AccessPeriod{Workspace: ws, Since: at})
	}
	if !open && !was {
		return false
	}
	p := &r.periods[len(r.periods)-1]
	if open {
		p.Role, p.Invited = now.role, now.invited
	} else {
		p.Until = at
	}
	return open
}

// WhoHadEmail returns the users who have had the address in the organization's directory up to
// the moment. With several of them it returns those who had it as of the event with the number
// when, or else whoever had it last. An erased person has had no address. The errors are those
// of [ReadModels.AsOf].
func (m *ReadModels) WhoHadEmail(ctx context.Context, at wire.Position, org domain.OrganizationID, email string, when func() (uint64, error)) (users []domain.UserID, err error) {
	q, _, err := m.history.asOf(ctx, at)
	if err != nil {
		return nil, err
	}
	type holder struct {
		user         domain.UserID
		since, until uint64
	}
	var holders []holder
	err = q.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		var h holder
		return c.Each(ctx, []any{scanID(&h.user), sqlite.Number(&h.since), sqlite.Number(&h.until)}, func() {
			if n := len(holders); n > 0 && holders[n-1].user == h.user && holders[n-1].until == h.since {
				holders[n-1].until = h.until
			} else {
				holders = append(holders, h)
			}
		}, `
			SELECT user, since, until FROM main.people_versions
			WHERE organization = +?1 AND folded_email = +?2 AND profile_version IS NOT NULL AND since <= (SELECT number FROM temp.as_of)
			ORDER BY key, since`, organization, domain.FoldEmail(email))
	})
	if err != nil || len(holders) == 0 {
		return nil, err
	}
	if single := holders[0].user; !slices.ContainsFunc(holders, func(h holder) bool { return h.user != single }) {
		return []domain.UserID{single}, nil
	}
	number, err := when()
	if err != nil {
		return nil, err
	}
	last := holders[0]
	for _, h := range holders {
		if h.since <= number && h.until > number {
			users = append(users, h.user)
		}
		if h.until > last.until || h.until == last.until && h.since > last.since {
			last = h
		}
	}
	if users == nil {
		users = []domain.UserID{last.user}
	}
	return users, nil
}
