package roster

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// set sets a field from text. An empty text leaves the person as it is. The error says
// what is expected.
func (p *person) set(field, text string) error {
	if text == "" || field == fieldIgnored {
		return nil
	}
	if strings.ContainsAny(text, "\r\n") {
		return fmt.Errorf("%s: one line of text is expected, and the value has a line break: is a quotation mark missing?", field)
	}
	if err := tooLong(field, text, longest[field]); err != nil {
		return err
	}
	trimmed := strings.TrimSpace(text)
	switch field {
	case fieldEmail:
		p.Email = text
	case fieldFirstName, fieldLastName:
		p.setName(field, text)
	case fieldFullName:
		p.fullName = text
	case fieldAvatarURL:
		p.AvatarURL = text
	case fieldRole:
		p.Role = trimmed
	case fieldStatus:
		p.status = trimmed
	case fieldPermissions:
		return p.setPermissions(strings.Fields(text))
	case fieldState:
		p.state = domain.MembershipState(strings.ToLower(trimmed))
	case fieldUserID:
		if _, err := terminal.ParseID[userID](trimmed); err != nil {
			return fmt.Errorf("user_id: %w", err)
		}
		p.UserID = trimmed
	case fieldExpiresAt:
		at, err := terminal.ParseTime(trimmed)
		if err != nil {
			return fmt.Errorf("expires_at: %w", err)
		}
		p.ExpiresAt = terminal.ShowTime(at)
	}
	return nil
}

// userID is the kind of an id that is checked only for its form.
type userID struct{}

func (p *person) setName(field, text string) {
	if field == fieldFirstName {
		p.Name.First = &text
	} else {
		p.Name.Last = &text
	}
}

func (p *person) setPermissions(words []string) error {
	if err := tooMany(words); err != nil {
		return err
	}
	if slices.Contains(words, noPermissions) {
		if len(words) > 1 {
			return fmt.Errorf("permissions: %q is expected alone, for a member without permissions", noPermissions)
		}
		words = []string{}
	}
	p.Permissions = words
	return nil
}

// errNotUsable is the error for the line of an account that is suspended or closed.
var errNotUsable = errors.New("is not the status of an account in use")

// usable are the states of an account in another system, in the words of that system,
// with which a person is imported.
var usable = []string{
	"active", "enabled", "true", "yes", // Google Workspace, Okta, Entra
	"member", "admin", "owner", "primary owner", "workspace admin", "workspace owner", "org admin", "org owner", "workspace primary owner", // Slack
}

// complete checks what the line says as a whole, and makes an operation of it. The role
// is for a line without one.
func (p *person) complete(role string) error {
	p.Op = "add"
	if p.Role == "" {
		p.Role = role
	}
	if p.Name == (personName{}) && p.fullName != "" {
		// Where a name would have to be divided is not known. It replaces both parts.
		p.Name = personName{First: &p.fullName, Last: new(string)}
	}
	if p.Email == "" && p.UserID == "" {
		return errors.New("an e-mail address or a user id is expected")
	}
	if p.status != "" && !slices.Contains(usable, strings.ToLower(p.status)) {
		return fmt.Errorf("status: %.60q %w: one of these is expected: %s; to import everybody, leave the column out with --map COLUMN=ignore", p.status, errNotUsable, strings.Join(usable, ", "))
	}
	return p.applyState()
}

// applyState makes the operation leave the member in the state that the file says.
func (p *person) applyState() error {
	switch p.state {
	case "":
		return nil
	case domain.MembershipInvited:
		if p.Email == "" {
			return errors.New("email: an address is expected for an invited person")
		}
		// With a user id the person would be added, and not invited.
		p.invited, p.UserID = p.UserID, ""
		return nil
	case domain.MembershipActive, domain.MembershipSuspended:
		if p.UserID == "" {
			return fmt.Errorf("user_id: an id is expected for a member who is %s; a person with an e-mail address alone is invited", p.state)
		}
		p.Suspended = p.state == domain.MembershipSuspended
		return nil
	default:
		return fmt.Errorf("state: active, invited or suspended is expected, not %.60q", p.state)
	}
}
