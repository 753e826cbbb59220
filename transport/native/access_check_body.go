package native

import "github.com/muster-dev/muster/domain"

// ReadUsual reads the body as most clients send it; see [readUsual]. It reports false for any
// other body, and for one that may be wrong. What it takes, the decoder takes too and reads as
// the same, but several times more slowly.
func (b *checkAccessBody) ReadUsual(text []byte) bool { return readUsual(text, b.set) }

// set sets a field that is not set yet to a value that is not empty.
func (b *checkAccessBody) set(name, value []byte) bool {
	switch {
	case len(value) == 0:
		return false
	case string(name) == "user_id" && b.User.IsZero():
		return b.User.UnmarshalText(value) == nil && !b.User.IsZero()
	case string(name) == "workspace_id" && b.Workspace.IsZero():
		return b.Workspace.UnmarshalText(value) == nil && !b.Workspace.IsZero()
	case string(name) == "permission" && b.Permission == "":
		b.Permission = domain.Permission(value)
	case string(name) == "role" && b.Role == "":
		b.Role = domain.RoleKey(value)
	default: // unknown, or there already
		return false
	}
	return true
}
