package projections

import (
	"context"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// userErasureRequested empties the profile, and all copies of it. What the tables had before is
// overwritten (see secure_delete of SQLite) and moved out of the WAL once it is committed.
func (p *projector) userErasureRequested(e domain.UserErasureRequested, r *domain.Recorded, key int64) error {
	person, err := p.person(e.Organization, e.User, key)
	if err != nil {
		return err
	}
	if err := p.Change(`
		UPDATE people SET email = NULL, first_name = NULL, last_name = NULL, avatar_url = NULL, folded_email = '', folded_name = '', folded_last = '',
			profile_created = NULL, profile_updated = NULL, profile_version = NULL, personal_key = NULL, in_clear = NULL,
			erasure_key = ?2, erasure_request = ?3, erasure_asked = ?4, erasure_done = NULL, erasure_version = ?5
		WHERE key = ?1`, person, e.Key[:], r.ID[:], r.Time.UnixMilli(), int64(r.Number)); err != nil {
		return err
	}
	p.erased, p.unerased = true, true
	p.erasures[partitionOf(key)] = r.Number
	if p.versions {
		return p.eraseVersions(person)
	}
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	erased := doneErasure{
		organization: organization, user: e.User, since: person, before: key,
		erasure: domain.Erasure{Key: e.Key, Request: r.ID, RequestedAt: r.Time},
	}
	if p.building {
		p.toErase = append(p.toErase, erased)
		return nil
	}
	return p.eraseDone(erased)
}

func (p *projector) userErased(e domain.UserErased, r *domain.Recorded, key int64) error {
	person, err := p.person(e.Organization, e.User, key)
	if err != nil {
		return err
	}
	p.erased, p.unerased = true, true
	return p.Change(`UPDATE people SET erasure_done = ?2, erasure_version = ?3 WHERE key = ?1 AND erasure_key = ?4`,
		person, r.Time.UnixMilli(), int64(r.Number), e.Key[:])
}

// eraseVersions empties the profile in all versions of the person's row. In the past, too, they
// then are somebody without a profile.
func (p *projector) eraseVersions(person int64) error {
	_, err := p.Exec(`
		UPDATE people_versions SET email = NULL, first_name = NULL, last_name = NULL, avatar_url = NULL, folded_email = '', folded_name = '', folded_last = '',
			profile_created = NULL, profile_updated = NULL, profile_version = NULL
		WHERE key = +?1`, person)
	return err
}

// Erasure is a user whose profile is being erased.
type Erasure struct {
	Organization domain.OrganizationID
	User         domain.UserID
	Key          domain.PersonalKeyID // to be destroyed
	Request      domain.EventID       // the event that asked for it
	Time         time.Time            // of that event
	Number       uint64               // of that event
	person       int64                // the key of its row
}

// Erasures lists the erasures in a partition's organizations whose end is not recorded, the
// earliest first. It begins after the given one, which is zero for the first page. It returns at
// most limit of them, and all if that is -1.
func (m *ReadModels) Erasures(ctx context.Context, partition int, after Erasure, limit int) (list []Erasure, err error) {
	err = m.list(ctx, func(c conn) error {
		var e Erasure
		return c.Each(ctx, []any{
			scanID(&e.Organization), scanID(&e.User), scanID(&e.Key), scanEvent(&e.Request), sqlite.Time(&e.Time), sqlite.Number(&e.Number),
			sqlite.Number(&e.person),
		}, func() { list = append(list, e) }, `
			SELECT o.id, p.user, p.erasure_key, p.erasure_request, p.erasure_asked, p.erasure_version, p.key
			FROM people p CROSS JOIN organizations o ON o.key = p.organization
			WHERE p.erasure_asked IS NOT NULL AND p.erasure_done IS NULL AND p.key & +?1 = +?2
				AND p.erasure_asked >= +?4 AND (p.erasure_asked > +?4 OR p.key > +?5)
			ORDER BY p.erasure_asked, p.key LIMIT +?3`, MaxPartitions-1, partition, limit, after.Time.UnixMilli(), after.person)
	})
	return list, err
}

// NextErasure returns when the earliest erasure was asked for whose end is not recorded. It is a
// time in the past if all are recorded, by another node, and a file of this one can have remains
// ([ReadModels.Wipe]). It is zero if there is nothing to be done. The channel is closed when the
// time changes and when the read models are closed.
func (m *ReadModels) NextErasure() (asked time.Time, moved <-chan struct{}) { return m.erasure.get() }

// nextErasure reads when the earliest erasure was asked for.
func (c conn) nextErasure() (asked time.Time, err error) {
	err = c.Row([]any{sqlite.Time(&asked)}, `SELECT min(erasure_asked) FROM people WHERE erasure_asked IS NOT NULL AND erasure_done IS NULL`)
	return asked, err
}

// Wipe returns nil once the read models of now have no remains of the profiles that were erased
// before, and no read models are set aside any more. It waits up to a second for queries that read
// from the WAL, and nothing is applied meanwhile: call it once for all erasures.
func (m *ReadModels) Wipe() error {
	if err := m.write(func(p *projector) error {
		err := m.commit(p) // nothing can be moved within a transaction
		if err == nil {
			err = p.wipe(shrinkTimeout)
		}
		if err == nil {
			m.erasure.move(p.erasure)
		}
		return err
	}); err != nil {
		return err
	}
	return m.history.options.deleteAside()
}

// WipeHistory returns nil once the history has no remains of the profiles that events up to the
// position asked to erase. It waits until the history has applied them ([ReadModels.KeepHistory]).
func (m *ReadModels) WipeHistory(ctx context.Context, p wire.Position) error {
	_, file, err := m.history.asOf(ctx, p)
	if err != nil {
		return err
	}
	defer m.history.hurry()()
	select {
	case file.wiping <- struct{}{}: // nobody else uses the connection that writes meanwhile
		defer func() { <-file.wiping }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := file.intact(); err != nil {
		return err
	}
	return file.projector.wipe(shrinkTimeout)
}

// wipe moves the pages that overwrite personal data out of the WAL, and makes the WAL empty. It
// waits so many milliseconds for those who read from the WAL, and fails if that is not enough. The
// file then has no remains of what was overwritten (see package checksum), but the pages in the
// cache can, and would take them into the WAL again. So it empties the cache.
func (p *projector) wipe(timeout int) error {
	if !p.erased {
		return nil
	}
	err := p.shrink(timeout)
	if err == nil {
		err = p.Script(`PRAGMA shrink_memory`)
	}
	if err == nil {
		p.erased = false
	}
	return err
}
