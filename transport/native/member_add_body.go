package native

import "github.com/muster-dev/muster/domain"

// ReadUsual reads a body that says who is added, with which role, and perhaps the e-mail
// address; see [readUsual]. It reports false for any other body, and for one that may be wrong.
// What it takes, the decoder takes too and reads as the same, but several times more slowly.
func (b *addMemberBody) ReadUsual(text []byte) bool { return readUsual(text, b.set) }

// set sets a field that is not set yet to a value that is not empty.
func (b *addMemberBody) set(name, value []byte) bool {
	switch {
	case len(value) == 0:
		return false
	case string(name) == "user_id" && b.User.IsZero():
		return b.User.UnmarshalText(value) == nil && !b.User.IsZero()
	case string(name) == "email" && b.Email == nil:
		b.Email = new(string(value))
	case string(name) == "role" && b.Role == "":
		b.Role = domain.RoleKey(value)
	default: // rarer, unknown, or there already
		return false
	}
	return true
}
