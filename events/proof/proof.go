package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/wire"
)

// Inclusion proves that an event is in the tree of a checkpoint.
type Inclusion struct {
	// Position is the event's: its number is the index of its leaf plus one.
	Position wire.Position
	// Hashes are those that lead from the leaf to the root, the lowest first.
	Hashes     tlog.RecordProof
	Checkpoint Checkpoint
}

// ErrNotCovered reports that a checkpoint is older than an event.
var ErrNotCovered = errors.New("the checkpoint is older than the event")

// ErrNotIncluded reports that a proof does not show that the event is in the log.
var ErrNotIncluded = errors.New("the proof does not show that this event is in the log")

// Prove returns the proof that the event with the number and the stored bytes is in the
// checkpoint's tree. The reader has the hashes of the tree. The proof was checked: if the
// hashes do not lead to the checkpoint's root, the error wraps [ErrTreeDamaged].
func Prove(r tlog.HashReader, c Checkpoint, number uint64, stored []byte) (Inclusion, error) {
	index := int64(number) - 1 //nolint:gosec // no partition has as many
	if index < 0 || index >= c.N {
		return Inclusion{}, fmt.Errorf("event %d, and a checkpoint of %d: %w", number, c.N, ErrNotCovered)
	}
	hashes, err := tlog.ProveRecord(c.N, index, r)
	if err != nil {
		return Inclusion{}, err
	}
	if err := tlog.CheckRecord(hashes, c.N, c.Hash, index, tlog.RecordHash(stored)); err != nil {
		return Inclusion{}, fmt.Errorf("%w: they do not lead from event %d to the checkpoint of %d events", ErrTreeDamaged, number, c.N)
	}
	return Inclusion{wire.Position{Partition: c.Partition, Number: number}, hashes, c}, nil
}

// Index returns the number of the event's leaf, from 0 on.
func (p Inclusion) Index() int64 { return int64(p.Position.Number) - 1 } //nolint:gosec // no partition has as many

// Text returns the proof in the form of c2sp.org/tlog-proof.
func (p Inclusion) Text() []byte {
	return torchwood.FormatProof(p.Index(), p.Hashes, p.Checkpoint.Note)
}

// Check checks a proof in the form of c2sp.org/tlog-proof: that the checkpoint is signed, and
// that the event is in its tree, at the position that the event itself names. The error wraps
// [ErrNotSigned] or [ErrNotIncluded].
func (v Verifier) Check(stored, text []byte) (Inclusion, error) {
	p, err := v.parse(text)
	if err != nil {
		return Inclusion{}, err
	}
	if err := torchwood.VerifyProof(v.Policy(p.Checkpoint.Partition), tlog.RecordHash(stored), text); err != nil {
		return Inclusion{}, fmt.Errorf("%w: %w", ErrNotIncluded, err)
	}
	if !bytes.Equal(p.Text(), text) { // base64 has bits that say nothing
		return Inclusion{}, fmt.Errorf("%w: it is not written as a proof is", ErrNotIncluded)
	}
	var event struct {
		Sequence wire.Position `json:"sequence"`
	}
	if err := json.Unmarshal(stored, &event); err != nil {
		return Inclusion{}, fmt.Errorf("%w: reading the event: %w", ErrNotIncluded, err)
	}
	if event.Sequence != p.Position {
		return Inclusion{}, fmt.Errorf("%w: it is at %s, and says that it is at %s", ErrNotIncluded, p.Position, event.Sequence)
	}
	return p, nil
}

// parse reads a proof whose checkpoint is signed. [torchwood.VerifyProof] does not return what
// it reads.
func (v Verifier) parse(text []byte) (Inclusion, error) {
	head, signed, found := strings.Cut(string(text), "\n\n")
	if !found {
		return Inclusion{}, fmt.Errorf("%w: this is not a proof: it has no checkpoint", ErrNotIncluded)
	}
	c, err := v.Open([]byte(signed))
	if err != nil {
		return Inclusion{}, err
	}
	p := Inclusion{Position: wire.Position{Partition: c.Partition}, Checkpoint: c}
	for line := range strings.Lines(head + "\n") {
		line = strings.TrimSuffix(line, "\n")
		if number, ok := strings.CutPrefix(line, "index "); ok {
			index, err := strconv.ParseInt(number, 10, 64)
			if err != nil || index < 0 {
				return Inclusion{}, fmt.Errorf("%w: its index is %.30q", ErrNotIncluded, number)
			}
			p.Position.Number = uint64(index) + 1
		} else if h, err := tlog.ParseHash(line); err == nil && p.Position.Number > 0 {
			p.Hashes = append(p.Hashes, h)
		}
	}
	return p, nil
}
