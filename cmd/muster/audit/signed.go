package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

const checkpointsCheck = "checkpoints"

// signed is what the last checkpoints say of a log, and what the log turns out to be. Anyone who
// rewrites the log can recompute the hashes. A checkpoint can only be signed with the key.
type signed struct {
	checkpoints []proof.Checkpoint // by partition; nil if there are none to compare with
	roots       []proof.Root       // of what was read, up to the size of the checkpoint
	missing     error              // why there are no checkpoints
}

// add hashes what the checkpoints cover of a message.
func (s *signed) add(m *wire.Message) {
	if s.checkpoints == nil {
		return
	}
	root := &s.roots[m.Partition]
	for i := range m.Entries {
		if root.N() < s.checkpoints[m.Partition].N {
			root.Add(m.Entries[i].Stored)
		}
	}
}

// readSigned reads the last checkpoints. That comes before the log is read: what was signed was
// in the log before, also if a service writes to it meanwhile.
func (v *verifier) readSigned(ctx context.Context) error {
	var err error
	_, v.signed.checkpoints, err = v.log.Signed(ctx)
	v.signed.roots = make([]proof.Root, len(v.signed.checkpoints))
	if lostSigned(err) || neverSigned(err) {
		v.signed.missing = err
		return nil
	}
	return err
}

// neverSigned reports whether the error of reading checkpoints says that there never were any.
func neverSigned(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrNoMessage)
}

// lostSigned reports whether the error of reading checkpoints says that there were some, and that
// they or their key are lost or damaged.
func lostSigned(err error) bool {
	return errors.Is(err, proof.ErrKeyLost) || errors.Is(err, proof.ErrKeyDamaged) || errors.Is(err, proof.ErrOtherKey) || errors.Is(err, proof.ErrCheckpointLost)
}

// checkpoints checks that the log is the one that was signed last.
func (v *verifier) checkpoints(ctx context.Context) error {
	const check = checkpointsCheck
	switch never := neverSigned(v.signed.missing); {
	case never && v.log.ServedByNode():
		v.skip(check, "left out: this is the NATS of a service with an embedded log, and they are in its data directory, which can be read while it runs (--data)")
		return nil
	case never:
		v.skip(check, "nothing of this log was ever signed, or all that was signed was taken away: nothing here can tell; the next start makes a new key")
		return nil
	case v.signed.missing != nil:
		v.fail(check, "%v", v.signed.missing)
		return nil
	case v.ends == nil:
		v.skip(check, "left out: the log that they are compared with is damaged")
		return nil
	}
	sizes := make([]string, len(v.signed.checkpoints))
	wrong := false
	for p, cp := range v.signed.checkpoints {
		sizes[p] = covered(cp).String()
		head := v.signed.roots[p].Head()
		switch {
		case head.N < cp.N:
			wrong = true
			v.fail(check, "partition %d: the log is not the one that was signed: a checkpoint of %d events was signed, and the log ends with %s; the checkpoint is in %s",
				p, cp.N, v.ends[p].Position, v.log.SignedPlace(p))
		case head != cp.Tree:
			wrong = true
			where, err := v.firstOther(ctx, cp)
			if err != nil {
				return err
			}
			v.fail(check, "partition %d: the log is not the one that was signed: its first %d events have the root %s, and the checkpoint of %d events in %s says %s; %s",
				p, cp.N, head.Hash, cp.N, v.log.SignedPlace(p), cp.Hash, where)
		}
	}
	if !wrong {
		v.ok(check, "the log is the one that was signed, up to %s", strings.Join(sizes, ", "))
	}
	return nil
}

// firstOther says which event is the first that is not the one that was signed. The node's own
// hashes tell, if they are still those of the checkpoint.
func (v *verifier) firstOther(ctx context.Context, cp proof.Checkpoint) (string, error) {
	const unknown = "this node has no hashes any more that tell which event is another one"
	path := v.log.TreePath(cp.Partition)
	if path == "" {
		return unknown, nil
	}
	tree, err := proof.ReadTree(path)
	if err != nil {
		return unknown, nil //nolint:nilerr // they are a read model
	}
	defer func() { _ = tree.Close() }() // it was only read
	if head, err := tree.Head(cp.N); err != nil || head != cp.Tree {
		return unknown, nil //nolint:nilerr // as above
	}
	first := uint64(0)
	err = v.log.ReplayPartition(ctx, cp.Partition, covered(cp).Number, func(m wire.Message) error {
		for i := range m.Entries {
			index := int64(m.Entries[i].Number) - 1 //nolint:gosec // no partition has as many
			if index >= cp.N {
				break
			}
			leaf, err := tree.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil {
				return err
			}
			if leaf[0] != tlog.RecordHash(m.Entries[i].Stored) {
				first = m.Entries[i].Number
				return errFound
			}
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		return unknown, err
	}
	return fmt.Sprintf("the first event that is another one is %s", wire.Position{Partition: cp.Partition, Number: first}), nil
}
