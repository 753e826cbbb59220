package roster

import (
	"strings"
	"time"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// person is a line of a file, and also an operation of a batch of members as the API
// takes it. It has a user id or an e-mail address, and with the address alone the person
// is invited. Its fields are text because the service checks them, so that it reports
// everything that is wrong.
type person struct {
	Op          string     `json:"op"`
	UserID      string     `json:"user_id,omitempty"`
	Email       string     `json:"email,omitempty"`
	Name        personName `json:"name,omitzero"`
	AvatarURL   string     `json:"avatar_url,omitempty"`
	Role        string     `json:"role,omitempty"`
	Permissions []string   `json:"permissions,omitzero"` // nil for those of the role
	ExpiresAt   string     `json:"expires_at,omitempty"`
	Suspended   bool       `json:"suspended,omitempty"`

	first, last int                    // its lines in the file
	state       domain.MembershipState // empty if the file does not say
	status      string                 // of the account in another system
	fullName    string                 // where the file has it in one column
	invited     string                 // the user id in the file of an invited person
}

// personName is what a line says of a person's name. A part that is nil is not sent, so
// that it stays as it is in the directory.
type personName struct {
	First *string `json:"first,omitempty"`
	Last  *string `json:"last,omitempty"`
}

// exported is a line of JSONL that an export writes.
type exported struct {
	UserID      string                 `json:"user_id"`
	Email       string                 `json:"email,omitempty"`
	Name        *domain.PersonName     `json:"name,omitempty"`
	AvatarURL   string                 `json:"avatar_url,omitempty"`
	Role        domain.RoleKey         `json:"role"`
	Permissions []domain.Permission    `json:"permissions,omitzero"` // nil for those of the role
	ExpiresAt   string                 `json:"expires_at,omitempty"`
	State       domain.MembershipState `json:"state"`
}

// exportOf returns the line that an export writes for a member.
func exportOf(m *client.Membership) *exported {
	e := &exported{
		UserID: m.User.String(), Email: terminal.OrEmpty(m.Email), AvatarURL: terminal.OrEmpty(m.AvatarURL),
		Role: m.Role.Key, State: m.State,
	}
	if m.Name != nil && *m.Name != (client.PersonName{}) {
		e.Name = (*domain.PersonName)(m.Name)
	}
	if m.Permissions != nil {
		e.Permissions = append([]domain.Permission{}, *m.Permissions...)
	}
	if at := time.Time(m.ExpiresAt); !at.IsZero() {
		e.ExpiresAt = terminal.ShowTime(at)
	}
	return e
}

// noPermissions is the word of a CSV file for a member who has no permissions. An empty
// value means those of the role. It is no permission, because these have a dot.
const noPermissions = "none"

// record returns the values of the columns. Permissions are separated by spaces.
func (e *exported) record() []string {
	var name domain.PersonName
	if e.Name != nil {
		name = *e.Name
	}
	permissions := make([]string, len(e.Permissions))
	for i, p := range e.Permissions {
		permissions[i] = string(p)
	}
	listed := strings.Join(permissions, " ")
	if e.Permissions != nil && listed == "" {
		listed = noPermissions
	}
	record := []string{e.UserID, e.Email, name.First, name.Last, e.AvatarURL, string(e.Role), listed, e.ExpiresAt, string(e.State)}
	for i, text := range record {
		record[i] = terminal.Cell(text)
	}
	return record
}
