package projections

import (
	"context"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// endAll ends all memberships of the user at once. None of them has an event of its own
// yet. Memberships that have expired are left to the events that record that.
func (p *projector) endAll(r *domain.Recorded, key int64) error {
	about := r.Event.Concerns()
	person, err := p.person(about.Organization, about.User, key)
	if err != nil {
		return err
	}
	p.mayEnd(false)
	p.unrecorded = true
	if err := p.indexPeople(); err != nil {
		return err
	}
	_, err = p.Exec(`
		UPDATE memberships SET state = 'removed', ended_by = ?1, turned = ?2, updated_at = ?3, version = ?2
		WHERE person = +?4 AND state <> 'removed' AND (ends_at IS NULL OR ends_at > ?3)`,
		r.ID[:], int64(r.Number), r.Time.UnixMilli(), person)
	return err
}

// indexPeople makes the index that finds the memberships of a person, unless there is one. A file
// that is being built has it only once somebody was offboarded.
func (p *projector) indexPeople() error {
	if p.indexed {
		return nil
	}
	err := p.Script(membershipsOfPeople)
	p.indexed = err == nil
	return err
}

// mayBeRecorded notes that the first offboarding may be complete, if there is one.
func (p *projector) mayBeRecorded() { p.unrecorded = p.unrecorded || !p.offboarding.IsZero() }

// Offboarding is a user who was removed from an organization, and whose memberships have
// ended without an event for each of them.
type Offboarding struct {
	Organization domain.OrganizationID
	User         domain.UserID
	By           domain.EventID // the event that removed the user
}

// Offboardings lists the offboardings of a partition's organizations that are not
// complete, the earliest first. It returns at most limit of them. Like that of
// [ReadModels.Ended], the query walks past those of the other partitions.
func (m *ReadModels) Offboardings(ctx context.Context, partition, limit int) (list []Offboarding, err error) {
	err = m.list(ctx, func(c conn) error {
		var o Offboarding
		return c.Each(ctx, []any{scanID(&o.Organization), scanID(&o.User), scanEvent(&o.By)}, func() { list = append(list, o) }, `
			SELECT o.id, p.user, found.ended_by
			FROM (
				SELECT DISTINCT ended_by, person FROM memberships
				WHERE ended_by IS NOT NULL AND person & +?1 = +?2
				ORDER BY ended_by, person LIMIT +?3
			) found
			CROSS JOIN people p ON p.key = found.person
			CROSS JOIN organizations o ON o.key = p.organization`, MaxPartitions-1, partition, limit)
	})
	return list, err
}

// NextOffboarding returns when the earliest offboarding began that is not complete. It is
// zero if there is none. The channel is closed when the time changes and when the read
// models are closed.
func (m *ReadModels) NextOffboarding() (began time.Time, moved <-chan struct{}) {
	return m.offboarding.get()
}

// nextOffboarding reads when the earliest offboarding began.
func (c conn) nextOffboarding() (began time.Time, err error) {
	var by domain.EventID
	err = c.Row([]any{scanEvent(&by)}, `SELECT ended_by FROM memberships WHERE ended_by IS NOT NULL ORDER BY ended_by LIMIT 1`)
	switch {
	case errors.Is(err, sqlite.ErrNotFound):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, err
	}
	return ulid.Time(by.Time()).UTC(), nil // the time of an event is that of its id
}
