package archive

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

// proofReader checks proofs one after the other. Most have the same checkpoint, whose signature
// is then checked once.
type proofReader struct {
	verifier proof.Verifier
	last     proof.Checkpoint
	signed   int // how many checkpoints there were
}

// summary says so if not all proofs have the same checkpoint.
func (r *proofReader) summary() string {
	if r.signed <= 1 {
		return ""
	}
	return fmt.Sprintf(", under %d signed checkpoints; the export does not show that these continue each other", r.signed)
}

// check returns why the proof does not show that the event with the position is in the log. It
// takes a proof only in the exact form that Muster writes, so that nothing in it can change
// unnoticed.
func (r *proofReader) check(text []byte, at wire.Position, event []byte) error {
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return errors.New("its proof has no checkpoint")
	}
	if r.signed == 0 || !bytes.Equal(signed, r.last.Note) {
		cp, err := r.verifier.Open(signed)
		if err != nil {
			return fmt.Errorf("its proof: %w", err)
		}
		if r.signed > 0 && cp.N == r.last.N && cp.Hash != r.last.Hash {
			return fmt.Errorf("two histories: its proof has a signed checkpoint of %s with another root than the one before", events(cp.N))
		}
		r.last, r.signed = cp, r.signed+1
	}
	hashes, ok := parseHashes(head)
	index := int64(at.Number) - 1 //nolint:gosec // no partition has as many
	switch {
	case !ok || !bytes.Equal(torchwood.FormatProof(index, hashes, signed), text):
		return errors.New("its proof is not one for this position")
	case r.last.Partition != at.Partition:
		return fmt.Errorf("its proof is for partition %d", r.last.Partition)
	case tlog.CheckRecord(hashes, r.last.N, r.last.Hash, index, tlog.RecordHash(event)) != nil:
		return fmt.Errorf("it is not the event that is in the log at %s", at)
	}
	return nil
}

// parseHashes returns the hashes in the head of a proof.
func parseHashes(head []byte) (tlog.RecordProof, bool) {
	lines := bytes.Split(head, []byte("\n"))
	if len(lines) < 2 { // the format and the index
		return nil, false
	}
	p := make(tlog.RecordProof, 0, len(lines)-2)
	for _, line := range lines[2:] {
		var h tlog.Hash
		if n, err := base64.StdEncoding.Decode(h[:], line); len(line) != base64.StdEncoding.EncodedLen(tlog.HashSize) || n != tlog.HashSize || err != nil {
			return nil, false
		}
		p = append(p, h)
	}
	return p, true
}
