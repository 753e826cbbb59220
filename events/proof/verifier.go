package proof

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
)

// Verifier checks what an installation has signed. It holds the public key and the id of the
// installation.
type Verifier struct {
	installation string
	public       ed25519.PublicKey
}

// ParseVerifier reads the public key of an installation from the lines that [Verifier.Keys]
// writes, or from any one of them. Empty lines are ignored.
func ParseVerifier(text string) (Verifier, error) {
	var v Verifier
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		found, err := parseVerifierKey(line)
		if err != nil {
			return Verifier{}, fmt.Errorf("%.80q is not a verifying key: %w", line, err)
		}
		if v.public != nil && (v.installation != found.installation || !v.public.Equal(found.public)) {
			return Verifier{}, fmt.Errorf("the keys of two installations, %s and %s: give those of one", v.installation, found.installation)
		}
		v = found
	}
	if v.public == nil {
		return Verifier{}, errors.New("there is no verifying key: a line like muster/<installation>/0+<hash>+<key> is expected, as GET /v1/checkpoints/key returns it")
	}
	return v, nil
}

func parseVerifierKey(vkey string) (Verifier, error) {
	if _, err := note.NewVerifier(vkey); err != nil {
		return Verifier{}, err
	}
	parts := strings.SplitN(vkey, "+", 3) // name+hash+key
	rest, ok := strings.CutPrefix(parts[0], originPrefix)
	id, _, _ := strings.Cut(rest, "/")
	if _, err := uuid.Parse(id); !ok || err != nil {
		return Verifier{}, fmt.Errorf("its name does not begin with %s<installation>", originPrefix)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize {
		return Verifier{}, errors.New("it is not an Ed25519 key")
	}
	return Verifier{id, ed25519.PublicKey(key[1:])}, nil
}

// Installation returns the id of the installation, a UUID.
func (v Verifier) Installation() string { return v.installation }

// Equal reports whether both are the same key of the same installation.
func (v Verifier) Equal(other Verifier) bool {
	return v.installation == other.installation && v.public.Equal(other.public)
}

// Origin returns the first line of the checkpoints of a partition.
func (v Verifier) Origin(partition int) string { return v.name(strconv.Itoa(partition)) }

func (v Verifier) name(of string) string { return originPrefix + v.installation + "/" + of }

// partition returns the partition that the origin names. It reports false if it is none of
// this installation.
func (v Verifier) partition(origin string) (int, bool) {
	number, ok := strings.CutPrefix(origin, v.name(""))
	p, err := strconv.Atoi(number)
	return p, ok && err == nil && p >= 0 && number == strconv.Itoa(p)
}

// Key returns the public key for the checkpoints of a partition, in the form of note's verifier
// keys: name, hash and key, as other people's tools take it.
func (v Verifier) Key(partition int) string { return v.vkey(v.Origin(partition)) }

// NoteKey returns the public key for the notes of [Key.SignNote] with the purpose.
func (v Verifier) NoteKey(purpose string) string { return v.vkey(v.name(purpose)) }

// Keys returns the public key for the checkpoints of partitions 0 to partitions−1, a line
// each.
func (v Verifier) Keys(partitions int) string {
	var b strings.Builder
	for p := range partitions {
		b.WriteString(v.Key(p) + "\n")
	}
	return b.String()
}

func (v Verifier) vkey(name string) string {
	key, err := note.NewEd25519VerifierKey(name, v.public)
	if err != nil {
		panic(err) // the key was checked when it was read
	}
	return key
}

func (v Verifier) named(name string) note.Verifier {
	verifier, err := note.NewVerifier(v.vkey(name))
	if err != nil {
		panic(err) // it was just made
	}
	return verifier
}

// Policy returns what a checkpoint of the partition must fulfil: the origin and the signature.
func (v Verifier) Policy(partition int) torchwood.Policy {
	origin := v.Origin(partition)
	return torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(origin), torchwood.SingleVerifierPolicy(v.named(origin)))
}

// OpenNote returns the text of a note that [Key.SignNote] has signed for the purpose.
func (v Verifier) OpenNote(purpose string, signed []byte) (string, error) {
	n, err := note.Open(signed, note.VerifierList(v.named(v.name(purpose))))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	return n.Text, nil
}
