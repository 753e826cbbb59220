package native

import (
	"bytes"

	"github.com/muster-dev/muster/domain"
)

// ReadUsual reads the body as most clients send it: without escapes, and without whitespace but
// one space after a colon or a comma and a newline at the end. It reports false for any other
// body, and for one that may be wrong. What it takes, the decoder takes too and reads as the
// same, but several times more slowly.
func (b *checkAccessBody) ReadUsual(text []byte) bool {
	for i := 0; ; i++ {
		opening := byte('{')
		if i > 0 {
			opening = ','
		}
		if len(text) == 0 || text[0] != opening {
			return i > 0 && (string(text) == "}" || string(text) == "}\n")
		}
		if text = text[1:]; i > 0 {
			text = bytes.TrimPrefix(text, []byte(" "))
		}
		var name, value []byte
		var ok bool
		if name, text, ok = plainString(text); !ok {
			return false
		}
		if text, ok = bytes.CutPrefix(text, []byte(":")); !ok {
			return false
		}
		if value, text, ok = plainString(bytes.TrimPrefix(text, []byte(" "))); !ok || !b.set(string(name), value) {
			return false
		}
	}
}

// set sets a field that is not set yet to a value that is not empty.
func (b *checkAccessBody) set(name string, value []byte) bool {
	switch {
	case len(value) == 0:
		return false
	case name == "user_id" && b.User.IsZero():
		return b.User.UnmarshalText(value) == nil && !b.User.IsZero()
	case name == "workspace_id" && b.Workspace.IsZero():
		return b.Workspace.UnmarshalText(value) == nil && !b.Workspace.IsZero()
	case name == "permission" && b.Permission == "":
		b.Permission = domain.Permission(value)
	case name == "role" && b.Role == "":
		b.Role = domain.RoleKey(value)
	default: // unknown, or there already
		return false
	}
	return true
}

// plainString cuts a JSON string without escapes, of printable ASCII.
func plainString(text []byte) (content, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return nil, nil, false
	}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return text[1:i], text[i+1:], true
		case c < ' ' || c > '~' || c == '\\':
			return nil, nil, false
		}
	}
	return nil, nil, false
}
