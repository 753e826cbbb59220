package proof

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"filippo.io/torchwood"
)

// originPrefix begins the origin of every checkpoint and the name of every key.
const originPrefix = "muster/"

// Key is the private key that an installation signs its checkpoints with, together with the
// id of the installation.
type Key struct {
	private  ed25519.PrivateKey
	verifier Verifier
}

// NewKey makes the key of a new installation.
func NewKey() (Key, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return Key{}, fmt.Errorf("making the id of the installation: %w", err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("making the key of the checkpoints: %w", err)
	}
	return Key{private, Verifier{installation: id.String(), public: public}}, nil
}

// ErrKeyDamaged reports that a key is not what was written.
var ErrKeyDamaged = errors.New("the key of the checkpoints is damaged: restore it from a backup")

// algEd25519 is the first byte of a key in notes, by c2sp.org/signed-note.
const algEd25519 = 1

// ParseKey reads what [Key.Text] has written. The error wraps [ErrKeyDamaged], and never
// contains anything of the key.
func ParseKey(text []byte) (Key, error) {
	skey, whole := strings.CutSuffix(string(text), "\n")
	if _, err := note.NewSigner(skey); err != nil || !whole {
		return Key{}, ErrKeyDamaged
	}
	parts := strings.SplitN(skey, "+", 5) // PRIVATE+KEY+name+hash+key
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	id, named := strings.CutPrefix(parts[2], originPrefix)
	if _, err2 := uuid.Parse(id); err != nil || err2 != nil || !named || len(seed) != 1+ed25519.SeedSize {
		return Key{}, ErrKeyDamaged
	}
	private := ed25519.NewKeyFromSeed(seed[1:])
	return Key{private, Verifier{installation: id, public: private.Public().(ed25519.PublicKey)}}, nil
}

// Text returns the key in the form of note's private keys, in one line, under the name
// muster/<installation>. It is secret.
func (k Key) Text() []byte {
	name := originPrefix + k.verifier.installation
	encoded := base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, k.private.Seed()...))
	return fmt.Appendf(nil, "PRIVATE+KEY+%s+%08x+%s\n", name, k.verifier.named(name).KeyHash(), encoded)
}

// String returns nothing secret, so that a key can be logged by mistake.
func (k Key) String() string { return "private key of " + k.verifier.installation }

// GoString returns nothing secret.
func (k Key) GoString() string { return k.String() }

// Verifier returns what checks the key's signatures.
func (k Key) Verifier() Verifier { return k.verifier }

// Sign returns the signed checkpoint of a partition's tree. Whoever calls it makes sure that
// the tree continues the one that was signed before.
func (k Key) Sign(partition int, tree tlog.Tree) (Checkpoint, error) {
	origin := k.verifier.Origin(partition)
	text := torchwood.Checkpoint{Origin: origin, Tree: tree}.String()
	signed, err := note.Sign(&note.Note{Text: text}, k.named(origin))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return Checkpoint{Partition: partition, Tree: tree, Note: signed}, nil
}

// SignNote returns the text as a note that is signed under the name
// muster/<installation>/<purpose>. The text ends with a newline. The purpose is not a number,
// so that the note can never be taken for a checkpoint.
func (k Key) SignNote(purpose, text string) ([]byte, error) {
	if _, err := strconv.Atoi(purpose); err == nil || purpose == "" {
		return nil, fmt.Errorf("%q is not a purpose of a note", purpose)
	}
	signed, err := note.Sign(&note.Note{Text: text}, k.named(k.verifier.name(purpose)))
	if err != nil {
		return nil, fmt.Errorf("signing a note: %w", err)
	}
	return signed, nil
}

func (k Key) named(name string) note.Signer { return signer{k.verifier.named(name), k.private} }

// signer signs notes under one name.
type signer struct {
	note.Verifier
	private ed25519.PrivateKey
}

func (s signer) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.private, text), nil }
