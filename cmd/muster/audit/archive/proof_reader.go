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
	known    []proof.Checkpoint // the export's and the auditor's, which no proof may contradict
	last     proof.Checkpoint
	roots    map[int64]tlog.Hash // of the checkpoints that proofs have, by their sizes
}

// others returns how many checkpoints the proofs have that are of another size than the given one.
func (r *proofReader) others(cp proof.Checkpoint) int {
	n := len(r.roots)
	if _, found := r.roots[cp.N]; found {
		n--
	}
	return n
}

// open checks the checkpoint of a proof. Two signed ones of the same size and with different roots
// show that the log has two histories.
func (r *proofReader) open(signed []byte) error {
	if len(r.roots) > 0 && bytes.Equal(signed, r.last.Note) {
		return nil
	}
	cp, err := r.verifier.Open(signed)
	if err != nil {
		return fmt.Errorf("its proof: %w", err)
	}
	root, seen := r.roots[cp.N]
	for _, known := range r.known {
		if known.Partition == cp.Partition && known.N == cp.N {
			root, seen = known.Hash, true
		}
	}
	if seen && root != cp.Hash {
		return fmt.Errorf("two histories: its proof has a signed checkpoint of %s with another root than the one that is known", events(cp.N))
	}
	if r.roots == nil {
		r.roots = make(map[int64]tlog.Hash)
	}
	r.last, r.roots[cp.N] = cp, cp.Hash
	return nil
}

// check returns why the proof does not show that the event with the position is in the log. It
// takes a proof only in the exact form that Muster writes, so that nothing in it can change
// unnoticed.
func (r *proofReader) check(text []byte, at wire.Position, event []byte) error {
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return errors.New("its proof has no checkpoint")
	}
	if err := r.open(signed); err != nil {
		return err
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
