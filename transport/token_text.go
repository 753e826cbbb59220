package transport

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"slices"

	"github.com/muster-dev/muster/domain"
)

// The text of a token, or of an invitation's secret, is its kind (four
// characters), 46 random ones and a checksum of six, so that whoever finds one, a scanner for leaked secrets included, can tell
// it from noise without asking us. Only its SHA-256 is kept.
const (
	tokenLength    = 4 + 46 + checksumLength
	checksumLength = 6

	kindOrganization = "tot_"
	kindUser         = "tpt_"
	kindWorkspace    = "twt_"
	kindInvitation   = "inv_"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// tokenKind is the beginning of the text of a token with these bonds.
func tokenKind(workspace domain.WorkspaceID, user domain.UserID) string {
	switch {
	case !workspace.IsZero():
		return kindWorkspace
	case !user.IsZero():
		return kindUser
	default:
		return kindOrganization
	}
}

// newSecretText makes the text of a secret of the kind.
func newSecretText(kind string) string {
	text := append(make([]byte, 0, tokenLength), kind...)
	var random [64]byte
	for len(text) < tokenLength-checksumLength {
		_, _ = rand.Read(random[:]) // never fails
		for _, b := range random {
			// The highest multiple of 62: what is above would favour some characters.
			if b < 4*62 && len(text) < tokenLength-checksumLength {
				text = append(text, base62[b%62])
			}
		}
	}
	return string(appendChecksum(text, text))
}

// isTokenText reports whether the text could be a token.
func isTokenText(text string) bool {
	return isSecretText(text, kindOrganization, kindUser, kindWorkspace)
}

// isSecretText reports whether the text could be a secret of one of the kinds:
// kind, characters and checksum are right.
func isSecretText(text string, kinds ...string) bool {
	if len(text) != tokenLength || !slices.Contains(kinds, text[:4]) {
		return false
	}
	for i := 4; i < len(text); i++ {
		if c := text[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	var sum [checksumLength]byte
	rest := text[:tokenLength-checksumLength]
	return string(appendChecksum(sum[:0], []byte(rest))) == text[tokenLength-checksumLength:]
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

// hashToken is how a token is known to the rest of Muster.
func hashToken(text string) domain.Hash {
	var b [2 * tokenLength]byte // on the stack, for all but strange root tokens
	return sha256.Sum256(append(b[:0], text...))
}
