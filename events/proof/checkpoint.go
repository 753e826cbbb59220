package proof

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement that a partition's tree has N leaves and the root hash
// Hash.
type Checkpoint struct {
	Partition int
	tlog.Tree
	// Note is the signed text (c2sp.org/tlog-checkpoint), with all its signatures.
	Note []byte
}

// ErrNotSigned reports that a checkpoint or another note is not one that this installation
// has signed, or that it was changed since.
var ErrNotSigned = errors.New("the key did not sign this")

// Open reads a checkpoint of any partition of the installation and checks its signature. The
// error wraps [ErrNotSigned]. Signatures of others, such as witnesses, are not looked at.
func (v Verifier) Open(signed []byte) (Checkpoint, error) {
	origin, _, _ := strings.Cut(string(signed), "\n")
	partition, ok := v.partition(origin)
	if !ok {
		return Checkpoint{}, fmt.Errorf("%w: the checkpoint's origin is %.80q, and the key is that of %s", ErrNotSigned, origin, v.name("…"))
	}
	return v.OpenWith(v.Policy(partition), signed)
}

// OpenWith is Open for a policy that may demand more than the installation's signature, such
// as those of witnesses.
func (v Verifier) OpenWith(policy torchwood.Policy, signed []byte) (Checkpoint, error) {
	c, n, err := torchwood.VerifyCheckpoint(signed, policy)
	if err == nil && (n.Text != c.String() || !canonical(n.Sigs) || !canonical(n.UnverifiedSigs)) {
		err = errors.New("it is not written as it was signed")
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	partition, ok := v.partition(c.Origin)
	if !ok {
		return Checkpoint{}, fmt.Errorf("%w: the checkpoint's origin is %.80q", ErrNotSigned, c.Origin)
	}
	return Checkpoint{Partition: partition, Tree: c.Tree, Note: signed}, nil
}

// canonical reports whether the signatures are written in the only way that base64 allows. Its
// last character can have bits that say nothing, and a change there must be found, too.
func canonical(signatures []note.Signature) bool {
	return !slices.ContainsFunc(signatures, func(s note.Signature) bool {
		_, err := base64.StdEncoding.Strict().DecodeString(s.Base64)
		return err != nil
	})
}
