package projections

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

func (p *projector) userProfileSet(e domain.UserProfileSet, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	facts := &e.Profile
	values := []any{
		facts.Email, facts.Name.First, facts.Name.Last, facts.AvatarURL, foldEmail(*facts), foldName(*facts), foldLast(*facts),
		r.Time.UnixMilli(), int64(r.Number), nil, nil,
	}
	if e.Sealed.Key.IsZero() {
		values[len(values)-1] = 1
	} else {
		values[len(values)-2] = e.Sealed.Key[:]
	}
	if e.Erased { // as in userErasureRequested, which a log that was restored may lack
		for _, i := range [...]int{0, 1, 2, 3, 7, 8} {
			values[i] = nil
		}
	}
	name := personName{organization, e.User}
	person, known := p.facts.person(name)
	if !known { // most are new, and are written with one statement
		var made bool
		if person, made, err = p.newPerson(name, key, `
			INSERT INTO people (key, organization, user, email, first_name, last_name, avatar_url, folded_email, folded_name, folded_last,
				profile_created, profile_updated, profile_version, personal_key, in_clear)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13, ?14)
			ON CONFLICT (organization, user) DO NOTHING`, values...); err != nil || made {
			return err
		}
	}
	return p.Change(`
		UPDATE people SET email = ?2, first_name = ?3, last_name = ?4, avatar_url = ?5, folded_email = ?6, folded_name = ?7, folded_last = ?8,
			profile_created = iif(?10 IS NULL, NULL, coalesce(profile_created, ?9)), profile_updated = ?9, profile_version = ?10,
			personal_key = ?11, in_clear = coalesce(?12, in_clear),
			erasure_key = NULL, erasure_request = NULL, erasure_asked = NULL, erasure_done = NULL, erasure_version = NULL
		WHERE key = ?1`, append([]any{person}, values...)...)
}

type userRow struct {
	key          int64
	organization domain.OrganizationID
	user         domain.UserID
	profile      profileRow
	order        Order
}

func (r *userRow) Dest() []any {
	return []any{sqlite.Number(&r.key), scanID(&r.user), &r.profile}
}

func (r *userRow) Item() domain.Profile { return *r.profile.of(r.organization, r.user) }
func (r *userRow) Place() sqlite.Place  { return personPlace(r.order, r.key, r.profile.ProfileFacts) }

func (c conn) profile(org domain.OrganizationID, user domain.UserID) (*domain.Profile, error) {
	return c.profileAnd(org, user, "", `p.profile_version IS NOT NULL`)
}

// profileKept is true for people of whom commands must know something in the directory: who have a
// profile, or whose profile was erased.
const profileKept = `(p.profile_version IS NOT NULL OR p.erasure_asked IS NOT NULL OR p.personal_key IS NOT NULL)`

// sealedProfile returns the profile with what commands must know of it in addition to what
// queries show: how the log has it, and whether it was erased.
func (c conn) sealedProfile(org domain.OrganizationID, user domain.UserID) (*domain.Profile, error) {
	var key domain.PersonalKeyID
	var inClear bool
	var e domain.Erasure
	var version uint64
	profile, err := c.profileAnd(org, user, `, p.personal_key, p.in_clear, p.erasure_key, p.erasure_request, p.erasure_asked, p.erasure_done, p.erasure_version`,
		profileKept,
		scanID(&key), sqlite.Flag(&inClear), scanID(&e.Key), scanEvent(&e.Request), sqlite.Time(&e.RequestedAt), sqlite.Time(&e.DoneAt), sqlite.Number(&version))
	if err != nil {
		return nil, err
	}
	if e.Asked() {
		profile.Stamp = domain.Stamp{CreatedAt: e.RequestedAt, UpdatedAt: e.RequestedAt, Version: version}
		if !e.DoneAt.IsZero() {
			profile.UpdatedAt = e.DoneAt
		}
	}
	profile.Key, profile.InClear, profile.Erasure = key, inClear, e
	return profile, nil
}

// profileAnd returns the profile of a row on which the condition is true, and reads more columns
// of it.
func (c conn) profileAnd(org domain.OrganizationID, user domain.UserID, columns, condition string, more ...any) (*domain.Profile, error) {
	organization, err := c.organizationKey(org)
	if err != nil {
		return nil, err
	}
	var r profileRow
	var person int64
	if err := c.Row(append([]any{sqlite.Number(&person), &r}, more...), `
		SELECT p.key, `+profileColumns+columns+`
		FROM people p
		WHERE p.organization = +?1 AND p.user = +?2 AND `+condition, organization, user[:]); err != nil {
		return nil, err
	}
	c.facts.addPerson(personName{organization, user}, person)
	profile := r.Profile
	profile.Organization, profile.User = org, user
	return &profile, nil
}

// emailHolder returns who has the address. Several people have it only if their entries
// were written before such addresses counted as the same.
func (c conn) emailHolder(org domain.OrganizationID, folded string) (*domain.EmailHolder, error) {
	organization, err := c.organizationKey(org)
	if err != nil {
		return nil, err
	}
	var entries []domain.Holding
	var entry domain.Holding
	err = c.Each(context.Background(), []any{scanID(&entry.User), sqlite.Number(&entry.Version)}, func() { entries = append(entries, entry) }, `
		SELECT p.user, p.profile_version
		FROM people p
		WHERE p.organization = +?1 AND p.folded_email = +?2 AND p.profile_version IS NOT NULL`, organization, folded)
	slices.SortFunc(entries, func(a, b domain.Holding) int { return cmp.Compare(b.Version, a.Version) })
	if err == nil && entries == nil {
		err = ErrNotFound
	}
	return domain.EmailHeldBy(org, folded, entries), err
}

// User returns the user's entry in the organization's directory, or [ErrNotFound].
func (q *Queries) User(org domain.OrganizationID, user domain.UserID) (domain.Profile, error) {
	var profile *domain.Profile
	err := q.read(func(c conn) (err error) {
		profile, err = c.profile(org, user)
		return err
	})
	if err != nil {
		return domain.Profile{}, err
	}
	return *profile, nil
}
