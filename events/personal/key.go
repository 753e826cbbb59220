package personal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
)

// KeyID names a key. It is a UUID (RFC 9562): of version 7, so that keys which are made together
// lie together in an index. Keys of earlier versions have random ones.
type KeyID = domain.PersonalKeyID

// The ways in which sealed bytes can fail to open.
var (
	// ErrOtherKey: the bytes were sealed with another key.
	ErrOtherKey = errors.New("the personal data was sealed with another key")
	// ErrNotAuthentic: the bytes were changed, or belong to another event.
	ErrNotAuthentic = errors.New("the sealed personal data was changed, or belongs to another event")
	// ErrUnknownSeal: the bytes have a format that this version does not know.
	ErrUnknownSeal = errors.New("the format of the sealed personal data is unknown: a newer Muster sealed it")
)

// About says what sealed bytes belong to. They open with the same values only.
type About struct {
	Organization domain.OrganizationID
	User         domain.UserID
	Event        domain.EventID
}

const (
	sealFormat     = 1
	secretSize     = 32
	commitmentSize = sha256.Size
	nonceSize      = 12
	tagSize        = 16

	commitmentLabel = "muster personal key commitment 1"
)

// Overhead is how many bytes longer sealed bytes are than what was sealed.
const Overhead = 1 + commitmentSize + nonceSize + tagSize

// Key is the key of one person in one organization. The zero Key is none. A Key never prints
// its secret.
type Key struct {
	id     KeyID
	number int64 // its place in the file that it was made in; 0 if it was found
	secret [secretSize]byte
}

// newKey makes a key.
func newKey() Key {
	k := Key{id: KeyID(uuid.Must(uuid.NewV7()))}
	_, _ = rand.Read(k.secret[:]) // never fails
	return k
}

// ID returns the id of the key, which is not secret.
func (k Key) ID() KeyID { return k.id }

// Format prints the id of the key, whatever the verb is.
func (k Key) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "key %s", k.id.String()) }

// MarshalText returns the id of the key, for encoders.
func (k Key) MarshalText() ([]byte, error) { return k.id.MarshalText() }

// Seal encrypts the bytes. They open only with the same key and the same About. Sealing the
// same bytes twice has different results. Seal panics on the zero Key.
func (k Key) Seal(about About, plain []byte) []byte {
	return k.AppendSealed(make([]byte, 0, len(plain)+Overhead), about, plain)
}

// AppendSealed appends what [Key.Seal] returns.
func (k Key) AppendSealed(b []byte, about About, plain []byte) []byte {
	if k.id.IsZero() {
		panic("personal: sealing without a key")
	}
	b = append(slices.Grow(b, len(plain)+Overhead), sealFormat)
	commitment := k.commitment()
	b = append(b, commitment[:]...)
	var associated [associatedSize]byte
	return k.aead().Seal(b, nil, plain, about.associated(&associated))
}

// Open returns what was sealed. The error is [ErrOtherKey], [ErrNotAuthentic] or
// [ErrUnknownSeal].
func (k Key) Open(about About, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, ErrNotAuthentic
	}
	if sealed[0] != sealFormat {
		return nil, fmt.Errorf("%w: format %d", ErrUnknownSeal, sealed[0])
	}
	if len(sealed) < Overhead {
		return nil, ErrNotAuthentic
	}
	commitment := k.commitment()
	if subtle.ConstantTimeCompare(commitment[:], sealed[1:1+commitmentSize]) != 1 {
		return nil, ErrOtherKey
	}
	var associated [associatedSize]byte
	plain, err := k.aead().Open(nil, nil, sealed[1+commitmentSize:], about.associated(&associated))
	if err != nil {
		return nil, ErrNotAuthentic
	}
	return plain, nil
}

// commitment returns what sealed bytes begin with, so that no other key opens them. It tells
// nothing about the key, which is random.
func (k *Key) commitment() [commitmentSize]byte {
	var b [len(commitmentLabel) + secretSize]byte
	copy(b[copy(b[:], commitmentLabel):], k.secret[:])
	return sha256.Sum256(b[:])
}

func (k *Key) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.secret[:])
	if err != nil {
		panic(err) // the size of the key is right
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the block is an AES block
	}
	return aead
}

const associatedSize = 3 * 16

// associated returns the associated data. Each part has a fixed size, so no two values of About
// have the same.
func (a About) associated(b *[associatedSize]byte) []byte {
	copy(b[:16], a.Organization[:])
	copy(b[16:32], a.User[:])
	copy(b[32:], a.Event[:])
	return b[:]
}
