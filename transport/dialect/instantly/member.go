package instantly

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// member is an item: a membership.
type member struct {
	ID          domain.MembershipID `json:"id" format:"uuid" doc:"The membership's id: the same when the user is removed and added again."`
	Email       string              `json:"email" bounds:"email" format:"email" doc:"The member's address. A host in other letters than a to z is written in punycode. USER_ID@unknown.invalid, which no mail reaches, if user_email is null."`
	User        domain.UserID       `json:"user_id" format:"uuid"`
	Role        role                `json:"role" doc:"A custom role is shown as the highest of these that is not above it."`
	CreatedAt   transport.Time      `json:"timestamp_created"`
	Workspace   domain.WorkspaceID  `json:"workspace_id" format:"uuid"`
	Accepted    bool                `json:"accepted" doc:"false for somebody who was invited and has not accepted."`
	UserEmail   *string             `json:"user_email" format:"email" maxLength:"254" doc:"null if the directory has no address of the user, or one that cannot be written in ASCII with a host of several labels."`
	Name        *personName         `json:"name,omitzero" doc:"Omitted for a user who is not in the directory."`
	Issuer      *domain.UserID      `json:"issuer_id" format:"uuid" nullable:"true" doc:"The user who added the member; null when it was a program."`
	Permissions *[]permission       `json:"permissions" bounds:"permissions" nullable:"true" doc:"What the member may do instead of what the role says, as far as it is one of these; null: as the role says."`
}

type personName struct {
	First string `json:"first" bounds:"name_part"`
	Last  string `json:"last" bounds:"name_part"`
}

// role is Instantly's name of a built-in role.
type role string

// roles maps Instantly's names of roles to Muster's.
var roles = []struct {
	name role
	key  domain.RoleKey
}{
	{"owner", domain.RoleOwner},
	{"admin", domain.RoleAdmin},
	{"editor", domain.RoleEditor},
	{"view", domain.RoleViewer},
	{"client", domain.RoleClient},
}

// Schema documents the roles.
func (role) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Examples: []any{"editor"}}
	for _, r := range roles {
		s.Enum = append(s.Enum, string(r.name))
	}
	return s
}

func roleOf(key domain.RoleKey) role {
	for _, r := range roles {
		if r.key == key {
			return r.name
		}
	}
	return ""
}

// key returns the role to give. Owner is refused, because nobody can become an owner in
// this dialect.
func (r role) key() (domain.RoleKey, error) {
	for _, known := range roles {
		if known.name == r && known.key != domain.RoleOwner {
			return known.key, nil
		}
	}
	return "", &domain.InvalidError{Pointer: "/role", Code: "unknown_role", Detail: "admin, editor, view or client is expected; owner cannot be given here"}
}

// viewer converts the memberships of one request to items.
type viewer struct {
	call    *transport.Call
	issuers map[string]*domain.UserID // by the text in added_by
}

func newViewer(c *transport.Call) viewer { return viewer{c, make(map[string]*domain.UserID)} }

func (v viewer) show(m *projections.Member) (*member, error) {
	issuer, err := v.issuer(m.Organization, m.AddedBy)
	if err != nil {
		return nil, err
	}
	shown := &member{
		ID: m.ID, Email: transport.MailboxOf(m.User, m.Profile), User: m.User,
		Role: roleOf(domain.NearestBuiltIn(m.Role.Level).Key), CreatedAt: transport.Time(m.CreatedAt), Workspace: m.Workspace,
		Accepted: m.Accepted, Issuer: issuer, Permissions: showPermissions(m.Permissions),
	}
	if p := m.Profile; p != nil {
		shown.Name = &personName{p.Name.First, p.Name.Last}
	}
	if address := transport.Mailbox(m.Profile); address != "" {
		shown.UserEmail = &address
	}
	return shown, nil
}

// issuer returns the user who added a member. It returns nil if a token or the system
// did.
func (v viewer) issuer(org domain.OrganizationID, addedBy string) (*domain.UserID, error) {
	if addedBy == "" {
		return nil, nil
	}
	if known, ok := v.issuers[addedBy]; ok {
		return known, nil
	}
	issuer := new(domain.UserID)
	if err := issuer.UnmarshalText([]byte(addedBy)); err != nil {
		return nil, err
	}
	switch _, err := v.call.Models().Token(org, domain.TokenID(*issuer)); {
	case err == nil:
		issuer = nil
	case !errors.Is(err, projections.ErrNotFound):
		return nil, err
	}
	v.issuers[addedBy] = issuer
	return issuer, nil
}

var examples = map[string]transport.Example{
	"list-workspace-members": {Answer: `{"items": [` + example + `], "next_starting_after": "019cc043-af91-783e-9927-3daab1cd9277"}`},
	"create-workspace-member": {
		Body: `{"email": "user@example.com", "role": "editor", "permissions": ["dashboard.view"]}`, Answer: example,
	},
	"get-workspace-member":    {Answer: example},
	"update-workspace-member": {Body: `{"role": "editor"}`, Answer: example},
	"delete-workspace-member": {Answer: example},
}

const example = `{
	"id": "019cc043-af91-783e-9927-3daab1cd9277", "email": "user@example.com", "user_id": "019cc043-af91-783e-9927-3dab8777b06e",
	"role": "editor", "timestamp_created": "2026-03-05T23:09:47.281Z", "workspace_id": "019cc043-af91-783e-9927-3dac07d1c206",
	"accepted": false, "user_email": "user@example.com", "name": {"first": "John", "last": "Smith"},
	"issuer_id": "019cc043-af91-783e-9927-3dad367acbdf", "permissions": ["dashboard.view"]}`
