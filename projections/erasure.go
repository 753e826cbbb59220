package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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
	return p.eraseDone(e, r)
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

// eraseDone empties the profile in the results of commands. The same command with the same
// idempotency key then has a result that says what it did, but not about whom.
func (p *projector) eraseDone(e domain.UserErasureRequested, r *domain.Recorded) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	type row struct {
		key   int64
		after []byte
	}
	var found []row
	var one row
	if err := p.Each(context.Background(), []any{sqlite.Number(&one.key), &one.after}, func() {
		found = append(found, row{one.key, append([]byte(nil), one.after...)})
	}, `SELECT key, after FROM done WHERE organization = +?1 AND instr(after, ?2) > 0`, organization, []byte(e.User.String())); err != nil {
		return err
	}
	for _, one := range found {
		after, err := withoutProfile(one.after, e, r)
		if err != nil {
			return fmt.Errorf("erasing a profile from the result of a command: %w", err)
		}
		if _, err := p.Exec(`UPDATE done SET after = ?2 WHERE key = ?1`, one.key, after); err != nil {
			return err
		}
	}
	return nil
}

// withoutProfile returns encoded parts ([encodeParts]) in which the user's profile is erased.
func withoutProfile(after []byte, e domain.UserErasureRequested, r *domain.Recorded) ([]byte, error) {
	var lists map[string]jsontext.Value
	if err := json.Unmarshal(after, &lists); err != nil {
		return nil, err
	}
	name := parts[domain.KeyProfile].name
	var profiles []*domain.Profile
	if list, ok := lists[name]; !ok {
		return after, nil
	} else if err := json.Unmarshal(list, &profiles); err != nil {
		return nil, err
	}
	for _, p := range profiles {
		if p.User == e.User {
			p.ProfileFacts = domain.ProfileFacts{}
			p.Erasure = domain.Erasure{Key: e.Key, Request: r.ID, RequestedAt: r.Time}
		}
	}
	var err error
	if lists[name], err = json.Marshal(profiles, json.Deterministic(true), noneIsNull); err != nil {
		return nil, err
	}
	return encodeLists(func(kind int) jsontext.Value { return lists[parts[kind].name] }), nil
}

// Erasure is a user whose profile is being erased.
type Erasure struct {
	Organization domain.OrganizationID
	User         domain.UserID
	Key          domain.PersonalKeyID // to be destroyed
	Request      domain.EventID       // the event that asked for it
	Time         time.Time            // of that event
	Number       uint64               // of that event
}

// Erasures lists the erasures in a partition's organizations whose end is not recorded. It
// returns at most limit of them.
func (m *ReadModels) Erasures(ctx context.Context, partition, limit int) (list []Erasure, err error) {
	err = m.list(ctx, func(c conn) error {
		var e Erasure
		return c.Each(ctx, []any{
			scanID(&e.Organization), scanID(&e.User), scanID(&e.Key), scanEvent(&e.Request), sqlite.Time(&e.Time), sqlite.Number(&e.Number),
		}, func() { list = append(list, e) }, `
			SELECT o.id, p.user, p.erasure_key, p.erasure_request, p.erasure_asked, p.erasure_version
			FROM people p CROSS JOIN organizations o ON o.key = p.organization
			WHERE p.erasure_asked IS NOT NULL AND p.erasure_done IS NULL AND p.key & +?1 = +?2
			ORDER BY p.erasure_asked, p.key LIMIT +?3`, MaxPartitions-1, partition, limit)
	})
	return list, err
}

// NextErasure returns when the earliest erasure was asked for whose end is not recorded. It is a
// time in the past if all are recorded, by another node, and a file of this one can have remains
// ([ReadModels.WipeRemains]). It is zero if there is nothing to be done. The channel is closed when the time changes and when the read models
// are closed.
func (m *ReadModels) NextErasure() (asked time.Time, moved <-chan struct{}) { return m.erasure.get() }

// nextErasure reads when the earliest erasure was asked for.
func (c conn) nextErasure() (asked time.Time, err error) {
	err = c.Row([]any{sqlite.Time(&asked)}, `SELECT min(erasure_asked) FROM people WHERE erasure_asked IS NOT NULL AND erasure_done IS NULL`)
	return asked, err
}

// ErasureOf returns what is known of the erasure of the user's profile, and the number of the
// event that last changed it. It is [ErrNotFound] if the profile was not erased.
func (m *ReadModels) ErasureOf(org domain.OrganizationID, user domain.UserID) (e domain.Erasure, version uint64, err error) {
	err = m.read(func(c conn) error {
		p, err := c.sealedProfile(org, user)
		if err == nil && !p.Erasure.Asked() {
			err = ErrNotFound
		}
		if err == nil {
			e, version = p.Erasure, p.Version
		}
		return err
	})
	return e, version, err
}

// Wipe returns nil once no file of the read models has what the profile was that an event at the
// position asked to erase, nor one that was set aside. The event must have been applied. Wipe waits
// until the history has applied it too ([ReadModels.KeepHistory]).
func (m *ReadModels) Wipe(ctx context.Context, p wire.Position) error {
	if err := m.write(func(p *projector) error {
		if err := m.commit(p); err != nil { // nothing can be moved within a transaction
			return err
		}
		return p.wipe(shrinkTimeout)
	}); err != nil {
		return err
	}
	if err := m.history.options.deleteAside(); err != nil {
		return err
	}
	_, file, err := m.history.asOf(ctx, p)
	if err != nil {
		return err
	}
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

// WipeRemains returns nil once the file has no remains of erasures whose end is recorded. The history
// tries by itself until it has none.
func (m *ReadModels) WipeRemains() error {
	return m.write(func(p *projector) error {
		err := m.commit(p)
		if err == nil {
			err = p.wipe(shrinkTimeout)
		}
		if err == nil {
			m.erasure.move(p.erasure)
		}
		return err
	})
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
