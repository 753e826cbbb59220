package attio

import (
	"cmp"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// member is an item: a membership of somebody who has been active at some time. People
// who were only ever invited are not items.
type member struct {
	ID        memberID    `json:"id"`
	First     string      `json:"first_name" bounds:"name_part" doc:"Empty for a user who is not in the directory."`
	Last      string      `json:"last_name" bounds:"name_part" doc:"Empty for a user who is not in the directory."`
	AvatarURL *string     `json:"avatar_url" bounds:"avatar_url" format:"uri" doc:"null if the directory has none, or one without a host."`
	Email     string      `json:"email_address" format:"email" maxLength:"254" doc:"The member's address. A host in other letters than a to z is written in punycode. USER_ID@unknown.invalid, which no mail reaches, if the directory has no address of the user, or one that cannot be written in ASCII with a host of several labels."`
	CreatedAt moment      `json:"created_at" doc:"When the user first became a member or was invited."`
	Level     accessLevel `json:"access_level" doc:"suspended if this membership gives no access, because it is suspended or has ended. Otherwise admin for a role of level 40 and more."`
}

type memberID struct {
	Workspace domain.WorkspaceID  `json:"workspace_id" format:"uuid"`
	Member    domain.MembershipID `json:"workspace_member_id" format:"uuid" doc:"The membership's id: the same when the user is removed and added again."`
}

// accessLevel is what a member may do, in Attio's words.
type accessLevel string

const (
	levelAdmin     accessLevel = "admin"
	levelMember    accessLevel = "member"
	levelSuspended accessLevel = "suspended"
)

// Schema documents the levels.
func (accessLevel) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"admin", "member", "suspended"}, Examples: []any{"member"}}
}

// moment is a time as Attio writes it: with nine decimal places.
type moment time.Time

const momentLayout = "2006-01-02T15:04:05.000000000Z"

// MarshalJSON returns the moment as a JSON string.
func (m moment) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(m).UTC().Format(`"` + momentLayout + `"`)), nil
}

// Schema documents what a moment looks like.
func (moment) Schema(huma.Registry) *huma.Schema {
	length := len(momentLayout)
	return &huma.Schema{
		Type: huma.TypeString, Format: "date-time", MaxLength: &length,
		Examples: []any{"2022-11-21T13:22:49.061000000Z"},
	}
}

// members is the list, which has no pages.
type members []*member

// Schema documents that the length of the list has no real limit. The document needs one,
// so it is the largest 32-bit integer.
func (members) Schema(r huma.Registry) *huma.Schema {
	most := math.MaxInt32
	return &huma.Schema{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[member](), true, ""), MaxItems: &most}
}

func show(m *projections.Member) *member {
	shown := &member{
		ID: memberID{m.Workspace, m.ID}, Email: transport.MailboxOf(m.User, m.Profile),
		CreatedAt: moment(m.CreatedAt), Level: levelOf(m),
	}
	if p := m.Profile; p != nil {
		shown.First, shown.Last = p.Name.First, p.Name.Last
		if hasHost(p.AvatarURL) {
			shown.AvatarURL = &p.AvatarURL
		}
	}
	return shown
}

// hasHost reports whether the text is the address of something on a host. Old entries in
// the directory may have addresses without one, which clients refuse.
func hasHost(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	_, err = strconv.ParseUint(cmp.Or(u.Port(), "0"), 10, 16)
	return err == nil
}

func levelOf(m *projections.Member) accessLevel {
	switch {
	case m.State != domain.MembershipActive: // a former member who is invited again is suspended, too
		return levelSuspended
	case m.Role.Level >= domain.LevelManage:
		return levelAdmin
	default:
		return levelMember
	}
}

var examples = map[string]transport.Example{
	"list-workspace-members": {Answer: `{"data": [` + example + `]}`},
	"get-workspace-member":   {Answer: `{"data": ` + example + `}`},
	"identify": {Answer: `{
		"active": true, "scope": "user_management:read", "client_id": "019cc043-bd13-7e58-a4c7-1d2e3f405162", "token_type": "Bearer",
		"exp": null, "iat": 1772752187, "sub": "14beef7a-99f7-4534-a87e-70b564330a4c", "aud": "019cc043-bd13-7e58-a4c7-1d2e3f405162",
		"iss": "attio.com", "authorized_by_workspace_member_id": "50cf242c-7fa3-4cad-87d0-75b1af71c57b",
		"workspace_id": "14beef7a-99f7-4534-a87e-70b564330a4c", "workspace_name": "Product",
		"workspace_slug": "14beef7a-99f7-4534-a87e-70b564330a4c", "workspace_logo_url": null}`},
}

const example = `{
	"id": {"workspace_id": "14beef7a-99f7-4534-a87e-70b564330a4c", "workspace_member_id": "50cf242c-7fa3-4cad-87d0-75b1af71c57b"},
	"first_name": "Susan", "last_name": "Kare",
	"avatar_url": "https://lh3.googleusercontent.com/a/ABdFTp7z6OgAW9EqZx78wTqPfWClGCJCZXFjQfBG7rd9=s96-c",
	"email_address": "susan.kare@apple.com", "created_at": "2022-11-21T13:22:49.061000000Z", "access_level": "member"}`
