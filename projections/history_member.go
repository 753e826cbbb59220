package projections

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// MemberVersion is a membership as one event left it. Its state is that of the moment after
// the event, and its role has what it gave then.
type MemberVersion struct {
	Number    uint64 // of the event in the organization's partition; 0 for an end by the clock that no event has recorded
	Suspended bool   // the user was suspended in the organization then
	Member
}

// findVersions finds the events that have changed the membership of a person, and those that
// have suspended or reinstated the person in the organization since the membership began.
const findVersions = `
	SELECT since FROM (
		SELECT v.since FROM main.memberships_versions v WHERE v.workspace = +?1 AND v.person = +?2
		UNION
		SELECT s.since FROM (
			SELECT v.since, v.suspended_at IS NULL AS free, lag(v.suspended_at IS NULL) OVER (ORDER BY v.since) AS before
			FROM main.people_versions v WHERE v.key = +?2) s
		WHERE s.free <> s.before
			AND s.since > (SELECT min(v.since) FROM main.memberships_versions v WHERE v.workspace = +?1 AND v.person = +?2))
	WHERE since > +?3 AND since <= (SELECT number FROM temp.as_of)
	ORDER BY since LIMIT +?4`

// MemberVersions lists what has become of the user's membership in the workspace, up to the
// position and in the order of the events. If it has ended by the clock at that time and no event
// has recorded that, the last item is the version that ended, without a number. Its errors are
// those of [ReadModels.AsOf], and [ErrNotFound] if the user was not a member by then, nor invited.
func (m *ReadModels) MemberVersions(ctx context.Context, at Moment, ws domain.WorkspaceID, user domain.UserID, p Page) (list List[MemberVersion], err error) {
	q, file, err := m.history.asOf(ctx, at.Position)
	if err != nil {
		return list, err
	}
	err = q.list(ctx, func(c conn) error {
		found, err := c.findWorkspace(ws)
		if err != nil {
			return err
		}
		var membership, person int64
		if err := c.Row([]any{sqlite.Number(&membership), sqlite.Number(&person)}, `
			SELECT m.key, p.key
			FROM people p
			JOIN memberships m ON m.workspace = +?1 AND m.person = p.key
			WHERE p.organization = +?2 AND p.user = +?3`, found.key, found.organizationKey, user[:]); err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "member_versions", membership, sqlite.NoFilter{})
		if err != nil {
			return err
		}
		var number int64
		var numbers []int64
		if err := c.Each(ctx, []any{sqlite.Number(&number)}, func() { numbers = append(numbers, number) },
			findVersions, found.key, person, from.Last.N[0], p.Limit()+1); err != nil {
			return err
		}
		end, ended, err := c.unrecordedEnd(&found, user, at.Time)
		if err != nil {
			return err
		}
		limit := p.Limit()
		more := len(numbers) > limit
		numbers = numbers[:min(len(numbers), limit)]
		if more || ended && len(numbers) == limit {
			if list.Next, err = from.Cursor(sqlite.Place{N: [3]int64{numbers[limit-1]}}); err != nil {
				return err
			}
		}
		list.Items = make([]MemberVersion, len(numbers))
		for i, number := range numbers {
			then := conn{c.Conn, c.facts, uint64(number)} //nolint:gosec // numbers are positive
			if err := file.show(then, then.asOf); err != nil {
				return err
			}
			if list.Items[i], err = then.memberVersion(&found, user); err != nil {
				return err
			}
		}
		if ended && list.Next == "" {
			list.Items = append(list.Items, end)
		}
		return nil
	})
	return list, err
}

// unrecordedEnd returns the last version of the membership if it, or its invitation, has ended
// by that time.
func (c conn) unrecordedEnd(ws *FoundWorkspace, user domain.UserID, at time.Time) (v MemberVersion, ended bool, err error) {
	if v, err = c.memberVersion(ws, user); err != nil {
		return v, false, err
	}
	end := v.EndsAt()
	v.Number = 0
	return v, !end.IsZero() && !end.After(at), nil
}

// memberVersion reads the membership as the event left it that the connection sees last.
func (c conn) memberVersion(ws *FoundWorkspace, user domain.UserID) (v MemberVersion, err error) {
	r := memberRow{membership: domain.Membership{Workspace: ws.ID, Organization: ws.Organization}}
	if err := c.Row(append(r.Dest(), sqlite.Flag(&v.Suspended)), `
		SELECT `+membershipColumns+`, `+profileColumns+`, p.suspended_at IS NOT NULL
		FROM people p
		JOIN memberships m ON m.workspace = +?1 AND m.person = p.key
		WHERE p.organization = +?2 AND p.user = +?3`, ws.key, ws.organizationKey, user[:]); err != nil {
		return v, err
	}
	r.at = r.membership.UpdatedAt
	v.Number, v.Member = c.asOf, r.Item()
	v.Permissions = slices.Clone(v.Permissions)
	return v, nil
}

// Standing is what decides about a user's access to a workspace, apart from the grants: the
// membership whatever its state, and whether the user is suspended in the organization.
type Standing struct {
	Membership *domain.Membership // nil: there never was one
	Since      uint64             // number of the event that gave the membership its state
	Suspended  uint64             // number of the event that suspended the user in the organization; 0: the user is not suspended
}

// Standing returns how the user stands in the workspace as of the position. Its errors are those
// of [ReadModels.AsOf], and [ErrNotFound] if there is no such workspace.
func (m *ReadModels) Standing(ctx context.Context, at wire.Position, ws domain.WorkspaceID, user domain.UserID) (s Standing, err error) {
	q, _, err := m.history.asOf(ctx, at)
	if err != nil {
		return s, err
	}
	err = q.read(func(c conn) error {
		found, err := c.findWorkspace(ws)
		if err != nil {
			return err
		}
		var person int64
		switch err := c.Row([]any{sqlite.Number(&person)}, `
			SELECT p.key FROM people p WHERE p.organization = +?1 AND p.user = +?2`, found.organizationKey, user[:]); {
		case errors.Is(err, ErrNotFound):
			return nil
		case err != nil:
			return err
		}
		membership, err := c.membership(ws, user)
		switch {
		case err == nil:
			s.Membership = membership
		case !errors.Is(err, ErrNotFound):
			return err
		}
		return c.Row([]any{sqlite.Number(&s.Since), sqlite.Number(&s.Suspended)}, `
			SELECT coalesce((
				SELECT max(since) FROM (
					SELECT v.since, v.state, lag(v.state) OVER (ORDER BY v.since) AS before
					FROM main.memberships_versions v
					WHERE v.workspace = +?1 AND v.person = +?2 AND v.since <= (SELECT number FROM temp.as_of))
				WHERE state IS NOT before), 0),
			coalesce((
				SELECT max(since) FROM (
					SELECT v.since, v.suspended_at IS NULL AS free, lag(v.suspended_at IS NULL) OVER (ORDER BY v.since) AS before
					FROM main.people_versions v
					WHERE v.key = +?2 AND v.since <= (SELECT number FROM temp.as_of))
				WHERE free IS NOT before
					AND EXISTS (SELECT 1 FROM people p WHERE p.key = +?2 AND p.suspended_at IS NOT NULL)), 0)`, found.key, person)
	})
	return s, err
}
