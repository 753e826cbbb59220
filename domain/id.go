package domain

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
)

// ID is a UUID (RFC 9562) of one kind of thing. The type parameter only tells the
// kinds apart, so that an organization's id cannot be passed for a user's. The zero
// value means "none".
type ID[Kind any] [16]byte

// The kinds of ids.
type (
	OrganizationID = ID[organizationKind]
	WorkspaceID    = ID[workspaceKind]
	UserID         = ID[userKind]
	MembershipID   = ID[membershipKind]
	RoleID         = ID[roleKind]
	TokenID        = ID[tokenKind]
	CommandID      = ID[commandKind]
	SubscriptionID = ID[subscriptionKind]
	PersonalKeyID  = ID[personalKeyKind] // of the key that a person's data is sealed with
	ReviewID       = ID[reviewKind]
)

type (
	organizationKind struct{}
	workspaceKind    struct{}
	userKind         struct{}
	membershipKind   struct{}
	roleKind         struct{}
	tokenKind        struct{}
	commandKind      struct{}
	subscriptionKind struct{}
	personalKeyKind  struct{}
	reviewKind       struct{}
)

// ParseID reads the usual form of a UUID: 36 characters with hyphens, in either case.
// It refuses every other form (braces, URN, no hyphens), so that an id has one
// spelling.
func ParseID[Kind any](s string) (ID[Kind], error) {
	var id ID[Kind]
	if err := id.UnmarshalText([]byte(s)); err != nil {
		return ID[Kind]{}, err
	}
	return id, nil
}

// MustParseID is [ParseID] for constants; it panics on a malformed id.
func MustParseID[Kind any](s string) ID[Kind] {
	id, err := ParseID[Kind](s)
	if err != nil {
		panic(err)
	}
	return id
}

// IsZero reports whether the id means "none".
func (id ID[Kind]) IsZero() bool { return id == ID[Kind]{} }

// Compare orders ids by their bytes.
func (id ID[Kind]) Compare(other ID[Kind]) int { return bytes.Compare(id[:], other[:]) }

// String returns the usual form in lower case.
func (id ID[Kind]) String() string {
	return string(id.append(make([]byte, 0, 36)))
}

// AppendText appends the usual form in lower case.
func (id ID[Kind]) AppendText(b []byte) ([]byte, error) { return id.append(b), nil }

// MarshalText returns the usual form in lower case.
func (id ID[Kind]) MarshalText() ([]byte, error) {
	return id.append(make([]byte, 0, 36)), nil
}

// UnmarshalText is [ParseID] for decoders.
func (id *ID[Kind]) UnmarshalText(text []byte) error {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return fmt.Errorf("%q is not a UUID: 36 characters like 019cc043-af91-783e-9927-3daab1cd9277 are expected", shorten(text))
	}
	at := 0
	for _, group := range [...][]byte{text[:8], text[9:13], text[14:18], text[19:23], text[24:]} {
		n, err := hex.Decode(id[at:], group)
		if err != nil {
			return fmt.Errorf("%q is not a UUID: only hexadecimal digits and hyphens are expected", shorten(text))
		}
		at += n
	}
	return nil
}

func (id ID[Kind]) append(b []byte) []byte { return appendUUID(b, (*[16]byte)(&id)) }

// appendUUID writes all characters into their places, because a page of a list has hundreds
// of ids.
func appendUUID(b []byte, id *[16]byte) []byte {
	const digits = "0123456789abcdef"
	n := len(b)
	b = slices.Grow(b, 36)[:n+36]
	text := (*[36]byte)(b[n:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	for i, at := range [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		text[at], text[at+1] = digits[id[i]>>4], digits[id[i]&0xf]
	}
	return b
}

// shorten cuts a long text, so that an error that quotes it stays readable.
func shorten(text []byte) string {
	const most = 60
	if len(text) <= most {
		return string(text)
	}
	return string(text[:most]) + "…"
}
