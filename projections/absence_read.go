package projections

import (
	"context"
	"errors"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// filterTables say how the filters are built from the tables.
var filterTables = [...]struct {
	count string // how many rows an organization has
	keys  int    // of each row, at most
	read  func(ctx context.Context, m *ReadModels, org domain.OrganizationID, found foundKeys) error
}{
	peopleFiltered: {`SELECT count(*) FROM people WHERE organization = +?1`, 4, readPeople},
	membershipsFiltered: {
		`SELECT count(*) FROM workspaces w CROSS JOIN memberships m ON m.workspace = w.key WHERE w.organization = +?1`,
		1, readMemberships,
	},
	doneFiltered: {`SELECT count(*) FROM done WHERE organization = +?1`, 1, readDone},
}

// foundKeys takes keys that are in the tables.
type foundKeys func(...domain.Key) error

// keysRead is how many rows are read into a filter at a time. In between the connection is
// given back, and the WAL can be moved.
const keysRead = 2000

// readSome runs a statement again and again that reads up to keysRead rows of an organization.
// After each row it calls f, which moves the arguments to behind the row.
func (m *ReadModels) readSome(ctx context.Context, org domain.OrganizationID, dest []any, args func(organization int64) []any, f func() error, text string) error {
	for n := keysRead; n == keysRead; {
		n = 0
		if err := m.list(ctx, func(c conn) error {
			organization, err := c.organizationKey(org)
			if errors.Is(err, ErrNotFound) {
				return nil // it has nothing yet
			}
			if err != nil {
				return err
			}
			var failed error
			err = c.Each(ctx, dest, func() {
				n++
				failed = errors.Join(failed, f())
			}, text, append(args(organization), keysRead)...)
			return errors.Join(err, failed)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (m *ReadModels) countRows(ctx context.Context, org domain.OrganizationID, text string) (n int, err error) {
	err = m.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return c.RowContext(ctx, []any{sqlite.Number(&n)}, text, organization)
	})
	return n, err
}

func readPeople(ctx context.Context, m *ReadModels, org domain.OrganizationID, found foundKeys) error {
	var user domain.UserID
	var email string
	var member, profile bool
	return m.readSome(ctx, org, []any{scanID(&user), sqlite.Text(&email), sqlite.Flag(&member), sqlite.Flag(&profile)},
		func(organization int64) []any { return []any{organization, user[:]} },
		func() error {
			keys := append(make([]domain.Key, 0, 4), domain.UserMembershipsKey(org, user)) // who has none is asked for
			if member {
				keys = append(keys, domain.OrganizationMemberKey(org, user))
			}
			if profile {
				keys = append(keys, domain.ProfileKey(org, user), domain.Key{Kind: domain.KeyEmail, Owner: org, Text: email})
			}
			return found(keys...)
		}, `
		SELECT p.user, p.folded_email, p.role IS NOT NULL, `+profileKept+`
		FROM people p WHERE p.organization = +?1 AND p.user > +?2 ORDER BY p.user LIMIT +?3`)
}

func readMemberships(ctx context.Context, m *ReadModels, org domain.OrganizationID, found foundKeys) error {
	type workspace struct {
		key int64
		id  domain.WorkspaceID
	}
	var last workspace
	var all []workspace
	if err := m.readSome(ctx, org, []any{sqlite.Number(&last.key), scanID(&last.id)},
		func(organization int64) []any { return []any{organization, last.key} },
		func() error { all = append(all, last); return nil },
		`SELECT key, id FROM workspaces WHERE organization = +?1 AND key > +?2 ORDER BY key LIMIT +?3`); err != nil {
		return err
	}
	for _, ws := range all {
		var person int64
		var user domain.UserID
		if err := m.readSome(ctx, org, []any{sqlite.Number(&person), scanID(&user)},
			func(int64) []any { return []any{ws.key, person} },
			func() error { return found(domain.MembershipKey(ws.id, user)) }, `
			SELECT m.person, p.user
			FROM memberships m CROSS JOIN people p ON p.key = m.person
			WHERE m.workspace = +?1 AND m.person > +?2 ORDER BY m.person LIMIT +?3`); err != nil {
			return err
		}
	}
	return nil
}

func readDone(ctx context.Context, m *ReadModels, org domain.OrganizationID, found foundKeys) error {
	var command domain.CommandID
	return m.readSome(ctx, org, []any{scanID(&command)},
		func(organization int64) []any { return []any{organization, command[:]} },
		func() error { return found(domain.DoneKey(org, command)) },
		`SELECT command FROM done WHERE organization = +?1 AND command > +?2 ORDER BY command LIMIT +?3`)
}
