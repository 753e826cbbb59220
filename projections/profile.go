package projections

import (
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// People are ordered and searched by what foldEmail, foldName and foldLast return.

func foldEmail(p domain.ProfileFacts) string { return domain.FoldEmail(p.Email) }

func foldName(p domain.ProfileFacts) string {
	return domain.FoldText(strings.TrimSpace(p.Name.First + " " + p.Name.Last))
}

func foldLast(p domain.ProfileFacts) string { return domain.FoldText(p.Name.Last) }

const profileColumns = `p.email, p.first_name, p.last_name, p.avatar_url, p.profile_created, p.profile_updated, p.profile_version`

// profileRow is the directory's part of a person's row.
type profileRow struct {
	domain.Profile
	made []domain.Profile // those that [profileRow.of] has returned
}

// ScanColumns implements [sqlite.Columns] with the [profileColumns].
func (r *profileRow) ScanColumns(v *sqlite.Values) {
	sqlite.TakeText(v, &r.Email)
	sqlite.TakeText(v, &r.Name.First)
	sqlite.TakeText(v, &r.Name.Last)
	sqlite.TakeText(v, &r.AvatarURL)
	r.CreatedAt, r.UpdatedAt, r.Version = v.Time(), v.Time(), uint64(v.Number()) //nolint:gosec // numbers are positive
}

// of returns the profile as the user's, or nil if there is none. The profiles of a list are
// allocated several at a time.
func (r *profileRow) of(org domain.OrganizationID, user domain.UserID) *domain.Profile {
	if r.Version == 0 {
		return nil
	}
	const most = 32
	if n := len(r.made); n == cap(r.made) {
		r.made = make([]domain.Profile, 0, min(max(1, 4*n), most))
	}
	r.made = append(r.made, r.Profile)
	profile := &r.made[len(r.made)-1]
	profile.Organization, profile.User = org, user
	return profile
}
