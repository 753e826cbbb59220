package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"slices"

	"github.com/muster-dev/muster/domain"
)

// SecretKind says what a secret is for. It is the first four characters of the
// secret's text.
type SecretKind string

// The kinds of secrets: three of tokens, by what the token is bound to, one of invitations,
// one of tickets, and one that subscribers log in to NATS with. A token that is bound to a
// workspace and to a user is of the workspace's kind.
const (
	OrganizationSecret SecretKind = "tot_"
	UserSecret         SecretKind = "tpt_"
	WorkspaceSecret    SecretKind = "twt_"
	InvitationSecret   SecretKind = "inv_"
	TicketSecret       SecretKind = "tkt_"
	SubscriberSecret   SecretKind = "sub_"
)

const (
	secretLength   = 4 + 46 + checksumLength
	checksumLength = 6
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// TokenSecret returns the kind of secret of a token that is bound to the workspace and
// to the user; the zero id stands for a token that is not bound.
func TokenSecret(workspace domain.WorkspaceID, user domain.UserID) SecretKind {
	switch {
	case !workspace.IsZero():
		return WorkspaceSecret
	case !user.IsZero():
		return UserSecret
	default:
		return OrganizationSecret
	}
}

// NewSecret returns the text of a new secret of the kind, with 273 random bits from
// crypto/rand.
func NewSecret(kind SecretKind) string {
	text := append(make([]byte, 0, secretLength), kind...)
	var random [64]byte
	for len(text) < secretLength-checksumLength {
		_, _ = rand.Read(random[:]) // never fails
		for _, b := range random {
			// 4*62 is the highest multiple of 62 in a byte. The values above it would make
			// some characters more likely than others.
			if b < 4*62 && len(text) < secretLength-checksumLength {
				text = append(text, base62[b%62])
			}
		}
	}
	return string(appendChecksum(text, text))
}

// IsToken reports whether the text could be a token of Muster's own.
func IsToken(text string) bool {
	return IsSecret(text, OrganizationSecret, UserSecret, WorkspaceSecret)
}

// IsSecret reports whether the text could be a secret of one of the kinds: whether its
// kind, its characters and its checksum are right.
func IsSecret(text string, kinds ...SecretKind) bool {
	if len(text) != secretLength || !slices.Contains(kinds, SecretKind(text[:4])) {
		return false
	}
	for i := 4; i < len(text); i++ {
		if c := text[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	var sum [checksumLength]byte
	rest := text[:secretLength-checksumLength]
	return string(appendChecksum(sum[:0], []byte(rest))) == text[secretLength-checksumLength:]
}

// appendChecksum appends the CRC-32 of the text in base 62.
func appendChecksum(b, text []byte) []byte {
	var digits [checksumLength]byte
	sum := crc32.ChecksumIEEE(text)
	for i := checksumLength - 1; i >= 0; i-- {
		digits[i] = base62[sum%62]
		sum /= 62
	}
	return append(b, digits[:]...)
}

// HashSecret returns the SHA-256 of a secret's text. It is the only thing that the
// rest of Muster knows of a secret.
func HashSecret(text string) domain.Hash {
	var b [2 * secretLength]byte // on the stack, except for a very long root token
	return sha256.Sum256(append(b[:0], text...))
}
