package webhook

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/muster-dev/muster/domain"
)

// secretPrefix is what Standard Webhooks puts before a symmetric secret.
const secretPrefix = "whsec_"

// Secret signs the requests of one subscription.
type Secret [32]byte

// Text returns the form in which the subscriber gets the secret: whsec_ and the bytes in
// base64 (RFC 4648 §4).
func (s Secret) Text() string { return secretPrefix + base64.StdEncoding.EncodeToString(s[:]) }

// String hides the secret, so that it cannot get into a log by mistake.
func (s Secret) String() string { return secretPrefix + "…" }

// Format hides the secret, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// ParseSecret reads what [Secret.Text] returns.
func ParseSecret(text string) (s Secret, err error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(decoded) != len(s) || Secret(decoded).Text() != text { // line breaks are ignored in base64
		return s, errors.New("a webhook secret is expected: whsec_ and 32 bytes in base64")
	}
	return Secret(decoded), nil
}

// secretInfo separates the secrets of webhooks from everything else that may be derived from
// the same key.
const secretInfo = "muster webhook secret 1"

// Derive returns the secret of a subscription, so that it need not be stored. The key is
// random and has at least 32 bytes. The generation tells the secrets of one subscription
// apart: each rotation takes another number. Whoever has a secret learns nothing about the
// key or about other secrets (HKDF-Expand with SHA-256, RFC 5869 §2.3).
func Derive(key []byte, subscription domain.SubscriptionID, generation uint64) (Secret, error) {
	if len(key) < len(Secret{}) {
		return Secret{}, fmt.Errorf("the key of the webhook secrets has %d bytes, and %d are needed", len(key), len(Secret{}))
	}
	info := append([]byte(secretInfo), subscription[:]...)
	info = binary.BigEndian.AppendUint64(info, generation)
	derived, err := hkdf.Expand(sha256.New, key, string(info), len(Secret{}))
	if err != nil {
		return Secret{}, fmt.Errorf("deriving a webhook secret: %w", err)
	}
	return Secret(derived), nil
}
