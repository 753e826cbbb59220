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
	Op          string             `json:"op,omitempty"`
	UserID      string             `json:"user_id,omitempty"`
	Email       string             `json:"email,omitempty"`
	Name        *domain.PersonName `json:"name,omitempty"`
	AvatarURL   string             `json:"avatar_url,omitempty"`
	Role        string             `json:"role,omitempty"`
	Permissions []string           `json:"permissions,omitempty"`
	ExpiresAt   string             `json:"expires_at,omitempty"`

	line int // its number in the file
}

// personOf returns the line that an export writes for a member.
func personOf(m *client.Membership) *person {
	p := &person{
		UserID: m.User.String(), Email: terminal.OrEmpty(m.Email), AvatarURL: terminal.OrEmpty(m.AvatarURL), Role: string(m.Role.Key),
	}
	if m.Email != nil { // somebody without an address is not in the directory
		p.Name = (*domain.PersonName)(m.Name)
	}
	if m.Permissions != nil {
		for _, permission := range *m.Permissions {
			p.Permissions = append(p.Permissions, string(permission))
		}
	}
	if at := time.Time(m.ExpiresAt); !at.IsZero() {
		p.ExpiresAt = terminal.ShowTime(at)
	}
	return p
}

// columns are the columns of a CSV file, in the order in which they are
// exported. A file to import can have them in any order and leave some out.
var columns = []string{"user_id", "email", "first_name", "last_name", "avatar_url", "role", "permissions", "expires_at"}

// column returns the value of a column. Permissions are separated by spaces.
func (p *person) column(name string) string {
	switch name {
	case "user_id":
		return p.UserID
	case "email":
		return p.Email
	case "avatar_url":
		return p.AvatarURL
	case "role":
		return p.Role
	case "permissions":
		return strings.Join(p.Permissions, " ")
	case "expires_at":
		return p.ExpiresAt
	}
	if p.Name == nil {
		return ""
	}
	if name == "first_name" {
		return p.Name.First
	}
	return p.Name.Last
}

// setColumn sets the value of a column. An empty value leaves the person as it is.
func (p *person) setColumn(name, value string) {
	if value == "" {
		return
	}
	switch name {
	case "user_id":
		p.UserID = value
	case "email":
		p.Email = value
	case "avatar_url":
		p.AvatarURL = value
	case "role":
		p.Role = value
	case "permissions":
		p.Permissions = strings.Fields(value)
	case "expires_at":
		p.ExpiresAt = value
	case "first_name", "last_name":
		if p.Name == nil {
			p.Name = new(domain.PersonName)
		}
		if name == "first_name" {
			p.Name.First = value
		} else {
			p.Name.Last = value
		}
	}
}
