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
type profileRow struct{ domain.Profile }

func (r *profileRow) Dest() []any {
	return []any{
		sqlite.Text(&r.Email), sqlite.Text(&r.Name.First), sqlite.Text(&r.Name.Last), sqlite.Text(&r.AvatarURL),
		sqlite.Time(&r.CreatedAt), sqlite.Time(&r.UpdatedAt), sqlite.Number(&r.Version),
	}
}

// of returns the profile as the user's, or nil if there is none.
func (r *profileRow) of(org domain.OrganizationID, user domain.UserID) *domain.Profile {
	if r.Version == 0 {
		return nil
	}
	profile := r.Profile
	profile.Organization, profile.User = org, user
	return &profile
}
