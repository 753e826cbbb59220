package archive

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

// Organization is the export of an organization while it is written.
type Organization struct {
	w      *Writer
	stream *Stream
	about  About
	later  bool       // proofs may be replaced
	proofs []proofSum // that SHA256SUMS does not have yet
}

// proofSum is the SHA-256 of the file with the proof of an event.
type proofSum struct {
	at  wire.Position
	sum [sha256.Size]byte
}

// Organization begins the export of an organization.
func (w *Writer) Organization(about About) (*Organization, error) {
	about.Format, about.Kind = Format, KindOrganization
	stream, err := w.Stream(EventsFile)
	return &Organization{w: w, stream: stream, about: about}, err
}

// Add adds the next event, as the log has stored it, and its proof in the form of
// c2sp.org/tlog-proof.
func (o *Organization) Add(at wire.Position, stored, text []byte) error {
	if bytes.IndexByte(stored, '\n') >= 0 {
		return fmt.Errorf("event %s has a line feed, and events.jsonl has one event a line", at)
	}
	if o.about.First == nil {
		o.about.First = &at
	}
	o.about.Last = &at
	o.about.Events++
	if _, err := o.stream.Write(stored); err != nil {
		return err
	}
	if _, err := o.stream.Write([]byte{'\n'}); err != nil {
		return err
	}
	if !o.later {
		return o.w.WriteFile(ProofFile(at), text)
	}
	o.proofs = append(o.proofs, proofSum{at, sha256.Sum256(text)})
	return o.w.write(ProofFile(at), text, os.O_EXCL)
}

// Replaceable lets proofs be replaced of events that are added after it. That takes about 50 bytes of
// memory for each.
func (o *Organization) Replaceable() { o.later = true }

// Replace replaces the proof of an event that was added, before anything but events is added.
func (o *Organization) Replace(at wire.Position, text []byte) error {
	i, found := slices.BinarySearchFunc(o.proofs, at.Number, func(p proofSum, number uint64) int { return cmp.Compare(p.at.Number, number) })
	if !found {
		return fmt.Errorf("event %s was not added", at)
	}
	o.proofs[i].sum = sha256.Sum256(text)
	return o.w.write(ProofFile(at), text, os.O_TRUNC)
}

// endProofs notes the sums of the proofs.
func (o *Organization) endProofs() error {
	for _, p := range o.proofs {
		if err := o.w.sums.add(p.sum[:], ProofFile(p.at)); err != nil {
			return err
		}
	}
	o.proofs = nil
	return nil
}

// Consistency adds the proof that the export's checkpoint continues an older one.
func (o *Organization) Consistency(older, cp proof.Checkpoint, p tlog.TreeProof) error {
	if err := o.endProofs(); err != nil {
		return err
	}
	return o.w.WriteFile(consistencyFile(older.N), consistency(older.N, p, cp.Note))
}

// Finish ends the export, which is whole when Finish returns. The checkpoint covers all its
// events. The function state signs a statement, or is nil if nobody can.
func (o *Organization) Finish(v proof.Verifier, cp proof.Checkpoint, state func(purpose, text string) ([]byte, error)) error {
	if err := o.endProofs(); err != nil {
		return err
	}
	sum := [sha256.Size]byte(o.stream.hash.Sum(nil))
	if err := o.stream.Close(); err != nil {
		return err
	}
	if state != nil {
		text := Statement{Organization: o.about.Organization, Checkpoint: cp, Events: o.about.Events, SHA256: sum}.Text()
		note, err := state(StatementPurpose, text)
		if err != nil {
			return err
		}
		if err := o.w.WriteFile(StatementFile, note); err != nil {
			return err
		}
	}
	if err := o.w.head("", v, cp); err != nil {
		return err
	}
	o.about.Trees = []Tree{treeOf(v, cp)}
	return o.w.Finish(o.about)
}

// head writes the checkpoint of a partition, and the key that it is signed with.
func (w *Writer) head(prefix string, v proof.Verifier, cp proof.Checkpoint) error {
	if err := w.WriteFile(prefix+CheckpointFile, cp.Note); err != nil {
		return err
	}
	return w.WriteFile(prefix+KeyFile, []byte(v.Key(cp.Partition)+"\n"))
}

func treeOf(v proof.Verifier, cp proof.Checkpoint) Tree {
	return Tree{Partition: cp.Partition, Origin: v.Origin(cp.Partition), Size: cp.N, Root: cp.Hash}
}
