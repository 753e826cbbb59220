package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/cmd/muster/audit/archive"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// wholeLog exports all partitions as tiles.
func (e *export) wholeLog(ctx context.Context, log *events.Log, l *archive.Log, signed []proof.Checkpoint) error {
	var of, done uint64
	for _, cp := range signed {
		of += uint64(cp.N) //nolint:gosec // not negative
	}
	show, end := terminal.Progress(e.stderr, e.logger, "exporting the log")
	defer end()
	show(0, of)
	for number, cp := range signed {
		p := l.Partition(number)
		err := e.replay(ctx, log, cp, func(entry *wire.Entry) error {
			if done++; done%1000 == 0 {
				show(done, of)
			}
			if err := p.Add(entry.Stored); err != nil {
				return fmt.Errorf("event %s: %w", wire.Position{Partition: number, Number: entry.Number}, err)
			}
			return nil
		})
		if err == nil {
			err = p.Finish(cp)
		}
		if err != nil {
			return err
		}
	}
	show(done, of)
	if err := l.Finish(); err != nil {
		return err
	}
	partitions := "1 partition"
	if len(signed) != 1 {
		partitions = fmt.Sprintf("%d partitions", len(signed))
	}
	e.unsigned(ctx, log, signed...)
	return e.done(fmt.Sprintf("%d events in %s", done, partitions))
}

// replay calls use with all events that the checkpoint covers, in order.
func (r *reading) replay(ctx context.Context, log *events.Log, cp proof.Checkpoint, use func(*wire.Entry) error) error {
	until := uint64(cp.N) //nolint:gosec // not negative
	err := log.ReplayPartition(ctx, cp.Partition, until, func(m wire.Message) error {
		for i := range m.Entries {
			if m.Entries[i].Number > until {
				break
			}
			if err := use(&m.Entries[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrTruncated) {
		err = fmt.Errorf("%w: a checkpoint of %d events was signed", err, cp.N)
	}
	return err
}

// fromLog exports an organization.
func (e *export) fromLog(ctx context.Context, log *events.Log, v proof.Verifier, cp proof.Checkpoint, w *archive.Writer) (err error) {
	older, err := e.readOlder(v, cp)
	if err != nil {
		return err
	}
	tree, err := e.tree(ctx, log, cp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tree.close()) }()
	e.about.Organization = e.organization.String()
	o, err := w.Organization(e.about)
	if err != nil {
		return err
	}
	found, err := e.events(ctx, log, cp, tree, o)
	if err != nil {
		return err
	}
	for _, old := range older {
		if err := e.consistency(tree, old, cp, o); err != nil {
			return err
		}
	}
	state := func(purpose, text string) ([]byte, error) {
		key, err := log.SigningKey(ctx)
		if err != nil {
			return nil, err
		}
		return key.SignNote(purpose, text)
	}
	if err := o.Finish(v, cp, state); err != nil {
		return err
	}
	e.unsigned(ctx, log, cp)
	return e.done(fmt.Sprintf("%d events with their proofs, of those up to %s", found, covered(cp)))
}

// events writes the organization's events with their proofs.
func (e *export) events(ctx context.Context, log *events.Log, cp proof.Checkpoint, tree *hashes, o *archive.Organization) (found uint64, err error) {
	show, end := terminal.Progress(e.stderr, e.logger, "exporting the organization")
	defer end()
	of := uint64(cp.N) //nolint:gosec // not negative
	show(0, of)
	err = e.replay(ctx, log, cp, func(entry *wire.Entry) error {
		if entry.Number%1000 == 0 || entry.Number == of {
			show(entry.Number, of)
		}
		if entry.Event.Concerns().Organization != e.organization {
			return nil
		}
		found++
		p, err := proof.Prove(tree, cp, entry.Number, entry.Stored)
		if err != nil {
			return err
		}
		return o.Add(p.Position, entry.Stored, p.Text())
	})
	if err == nil && found == 0 {
		err = fmt.Errorf("the log has no events of organization %s up to its last checkpoint, which is at %s", e.organization, covered(cp))
	}
	return found, err
}

// covered returns the position of the last event that a checkpoint covers.
func covered(cp proof.Checkpoint) wire.Position {
	return wire.Position{Partition: cp.Partition, Number: uint64(cp.N)} //nolint:gosec // not negative
}

// unsigned warns if the log has events that no checkpoint covers. If the log is being written the
// end of it cannot always be read, and then there is no warning.
func (r *reading) unsigned(ctx context.Context, log *events.Log, signed ...proof.Checkpoint) {
	for _, cp := range signed {
		if tip, err := log.Tip(ctx, cp.Partition); err == nil && tip.Number > covered(cp).Number {
			r.logger.Warn("the newest events are left out, because no checkpoint covers them yet: a running service signs one within ten seconds, and a service that starts signs one for what was left",
				slog.Int("partition", cp.Partition), slog.String("covered", covered(cp).String()), slog.String("last", tip.String()))
		}
	}
}

// readOlder reads the older checkpoints of the command line. A list of the service has those of
// other partitions too, which say nothing of the organization.
func (e *export) readOlder(v proof.Verifier, cp proof.Checkpoint) ([]proof.Checkpoint, error) {
	var older []proof.Checkpoint
	for _, path := range e.older {
		found, err := readCheckpoints(v, path)
		if err != nil {
			return nil, err
		}
		ours := false
		for _, old := range found {
			switch {
			case old.Partition != cp.Partition:
				continue
			case old.N > cp.N:
				return nil, fmt.Errorf("%s is a checkpoint of %d events, and the last one that this service has signed is of %d: "+
					"keep a copy of everything, because events may be missing", path, old.N, cp.N)
			}
			ours = true
			if !slices.ContainsFunc(older, func(o proof.Checkpoint) bool { return o.Tree == old.Tree }) { // the same one, in another file
				older = append(older, old)
			}
		}
		if !ours {
			return nil, fmt.Errorf("%s has no checkpoint of partition %d, which has the events of organization %s", path, cp.Partition, e.organization)
		}
	}
	return older, nil
}

// consistency writes the proof that the log continues an older checkpoint.
func (e *export) consistency(tree *hashes, old, cp proof.Checkpoint, o *archive.Organization) error {
	if err := proof.Consistent(tree, old.Tree, cp.Tree); err != nil {
		return fmt.Errorf("the checkpoint of %d events that you have: %w", old.N, err)
	}
	var p tlog.TreeProof
	if old.N > 0 {
		var err error
		if p, err = tlog.ProveTree(cp.N, old.N, tree); err != nil {
			return err
		}
	}
	return o.Consistency(old, cp, p)
}

// hashes are those of a tree. They are the node's own, or in a temporary file.
type hashes struct {
	*proof.Tree
	temporary string // directory; empty for the node's own
}

func (h *hashes) close() error {
	err := h.Close()
	if h.temporary != "" {
		err = errors.Join(err, os.RemoveAll(h.temporary))
	}
	return err
}

// tree returns the hashes of the checkpoint's tree. If the node has not got them they are made
// from the log.
func (r *reading) tree(ctx context.Context, log *events.Log, cp proof.Checkpoint) (_ *hashes, err error) {
	if path := log.TreePath(cp.Partition); path != "" {
		t, err := proof.ReadTree(path)
		if err == nil {
			if head, err := t.Head(cp.N); err == nil && head == cp.Tree {
				return &hashes{Tree: t}, nil
			}
			_ = t.Close() // it was only read
		} else if errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
	}
	h := new(hashes)
	if h.temporary, err = os.MkdirTemp("", "muster-audit-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(h.temporary))
		}
	}()
	if h.Tree, err = proof.OpenTree(filepath.Join(h.temporary, "tree")); err != nil {
		return nil, err
	}
	if err := r.hash(ctx, log, cp, h.Tree); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// batch is how many leaves are hashed at once.
const batch = 1000

func (r *reading) hash(ctx context.Context, log *events.Log, cp proof.Checkpoint, t *proof.Tree) error {
	show, end := terminal.Progress(r.stderr, r.logger, "hashing the log")
	defer end()
	var leaves [][]byte
	err := r.replay(ctx, log, cp, func(entry *wire.Entry) error {
		if leaves = append(leaves, entry.Stored); len(leaves) < batch {
			return nil
		}
		show(entry.Number, uint64(cp.N)) //nolint:gosec // not negative
		err := t.Append(leaves...)
		leaves = leaves[:0]
		return err
	})
	if err == nil {
		err = t.Append(leaves...)
	}
	if err != nil {
		return err
	}
	head, err := t.Head(cp.N)
	if err == nil && head != cp.Tree {
		err = fmt.Errorf("the log is not the one that was signed: its first %d events have the root %s, and the checkpoint says %s: "+
			"keep a copy of everything, and find out with muster audit verify what is there", cp.N, head.Hash, cp.Hash)
	}
	return err
}
