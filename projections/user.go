package projections

import (
	"strings"

	"github.com/muster-dev/muster/domain"
)

// person answers the key of the user's row in the organization, and makes the
// row at the first mention.
func (p *projector) person(org domain.OrganizationID, user domain.UserID, key int64) (int64, error) {
	organization, err := p.organizationOf(org)
	if err != nil {
		return 0, err
	}
	name := personName{organization, user}
	if known, ok := p.people.Get(name); ok {
		return known, nil
	}
	person, _, err := p.newPerson(name, key, `INSERT INTO people (key, organization, user) VALUES (?, ?, ?) ON CONFLICT (organization, user) DO NOTHING`)
	return person, err
}

// newPerson makes a person's row, unless there is one: it answers its key, and
// whether it is new.
func (p *projector) newPerson(name personName, key int64, text string, more ...any) (person int64, made bool, err error) {
	n, err := p.exec(text, append([]any{key, name.organization, name.user[:]}, more...)...)
	if err == nil && n == 0 {
		err = p.row([]any{scanNumber(&key)}, `SELECT key FROM people WHERE organization = +? AND user = +?`, name.organization, name.user[:])
	}
	if err == nil {
		p.people.Add(name, key)
	}
	return key, n > 0, err
}

func (p *projector) userProfileSet(e domain.UserProfileSet, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	facts := &e.Profile
	values := []any{
		facts.Email, facts.Name.First, facts.Name.Last, facts.AvatarURL, foldEmail(*facts), foldName(*facts), searchText(*facts),
		r.Time.UnixMilli(), int64(r.Number),
	}
	name := personName{organization, e.User}
	person, known := p.people.Get(name)
	if !known { // most are new, and are written at once
		var made bool
		if person, made, err = p.newPerson(name, key, `
			INSERT INTO people (key, organization, user, email, first_name, last_name, avatar_url, folded_email, folded_name, search,
				profile_created, profile_updated, profile_version)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12)
			ON CONFLICT (organization, user) DO NOTHING`, values...); err != nil || made {
			return err
		}
	}
	return p.change(`
		UPDATE people SET email = ?2, first_name = ?3, last_name = ?4, avatar_url = ?5, folded_email = ?6, folded_name = ?7, search = ?8,
			profile_created = coalesce(profile_created, ?9), profile_updated = ?9, profile_version = ?10
		WHERE key = ?1`, append([]any{person}, values...)...)
}

// foldEmail and foldName are what people are put in order by.
func foldEmail(p domain.ProfileFacts) string { return domain.FoldEmail(p.Email) }

func foldName(p domain.ProfileFacts) string {
	return domain.FoldEmail(strings.TrimSpace(p.Name.First + " " + p.Name.Last))
}

// searchText is what a prefix is looked for in: the e-mail address, the whole name
// and the last name, folded, each on a line of its own with a line end before it.
// So a prefix of any of them is what [searchPrefix] makes of it, anywhere in the
// text, and no character of it is a wildcard. None of them has a line end in it.
func searchText(p domain.ProfileFacts) string {
	return "\n" + foldEmail(p) + "\n" + foldName(p) + "\n" + domain.FoldEmail(p.Name.Last)
}

// searchPrefix is what to look for in [searchText]; empty for everybody.
func searchPrefix(query string) string {
	if query == "" {
		return ""
	}
	return domain.FoldEmail("\n" + query)
}

const profileColumns = `p.email, p.first_name, p.last_name, p.avatar_url, p.profile_created, p.profile_updated, p.profile_version`

// profileRow is the directory's part of a person's row.
type profileRow struct{ domain.Profile }

func (r *profileRow) dest() []any {
	return []any{
		scanText(&r.Email), scanText(&r.Name.First), scanText(&r.Name.Last), scanText(&r.AvatarURL),
		scanTime(&r.CreatedAt), scanTime(&r.UpdatedAt), scanNumber(&r.Version),
	}
}

// of answers the profile as the user's, nil when there is none.
func (r *profileRow) of(org domain.OrganizationID, user domain.UserID) *domain.Profile {
	if r.Version == 0 {
		return nil
	}
	profile := r.Profile
	profile.Organization, profile.User = org, user
	return &profile
}

type userRow struct {
	key          int64
	organization domain.OrganizationID
	user         domain.UserID
	profile      profileRow
	order        Order
}

func (r *userRow) dest() []any {
	return append([]any{scanNumber(&r.key), scanID(&r.user)}, r.profile.dest()...)
}

func (r *userRow) item() domain.Profile { return *r.profile.of(r.organization, r.user) }
func (r *userRow) place() mark          { return personPlace(r.order, r.key, r.profile.ProfileFacts) }

func (c *conn) profile(org domain.OrganizationID, user domain.UserID) (*domain.Profile, error) {
	var r profileRow
	if err := c.row(r.dest(), `
		SELECT `+profileColumns+`
		FROM organizations o JOIN people p ON p.organization = o.key AND p.user = +?2
		WHERE o.id = +?1 AND p.profile_version IS NOT NULL`, org[:], user[:]); err != nil {
		return nil, err
	}
	return r.of(org, user), nil
}

func (c *conn) emailHolder(org domain.OrganizationID, folded string) (*domain.EmailHolder, error) {
	var h domain.EmailHolder
	err := c.row([]any{scanID(&h.User), scanNumber(&h.Version)}, `
		SELECT p.user, p.profile_version
		FROM organizations o JOIN people p ON p.organization = o.key AND p.folded_email = +?2
		WHERE o.id = +?1`, org[:], folded)
	return &h, err
}

// User answers the user's entry in the organization's directory, or
// [ErrNotFound].
func (m *ReadModels) User(org domain.OrganizationID, user domain.UserID) (domain.Profile, error) {
	var profile *domain.Profile
	err := m.read(func(c *conn) (err error) {
		profile, err = c.profile(org, user)
		return err
	})
	if err != nil {
		return domain.Profile{}, err
	}
	return *profile, nil
}

// UserFilter says which users a list shows, and in which order: that in which the
// organization first heard of them, or that of their addresses or names.
type UserFilter struct {
	Query string `json:"q,omitzero"` // see [MemberFilter]
	Order Order  `json:"o,omitzero"`
}

// Users lists the organization's directory.
func (m *ReadModels) Users(org domain.OrganizationID, f UserFilter, p Page) (list List[domain.Profile], err error) {
	err = m.read(func(c *conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		at, err := start(p, "users", organization, f)
		if err != nil {
			return err
		}
		order := at.Filter.Order
		text, args, err := peopleText(order, `SELECT p.key, p.user, `+profileColumns, `p.profile_version IS NOT NULL`, at.Last, p)
		if err != nil {
			return err
		}
		list, err = page(c, at, p.size(), &userRow{organization: org, order: order}, text,
			append([]any{organization, searchPrefix(at.Filter.Query), ""}, args...)...)
		return err
	})
	return list, err
}
