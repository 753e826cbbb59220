package audit

import (
	"context"
	"errors"
	"strings"

	"github.com/muster-dev/muster/events/proof"
)

const (
	keysCheck   = "keys of people"
	ledgerCheck = "erasure ledger"
	hashesCheck = "hashes"
)

// keys checks what a start needs besides the log: the keys of people, the erasure ledger, and the
// hashes of the Merkle trees. It changes nothing.
func (v *verifier) keys(ctx context.Context) error {
	if v.log.ServedByNode() {
		v.skip(keysCheck, "left out: this is the NATS of a service with an embedded log, and they are in its data directory")
		return nil
	}
	found, err := v.log.CheckKeys(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		v.unread = true
		v.fail(keysCheck, "%v", err)
	case found.None:
		v.skip(keysCheck, "there are none, and the log names none")
	default:
		v.ok(keysCheck, "those of the log: %d, and marks of %d that were destroyed", found.Keys, found.Erased)
	}
	switch {
	case err != nil: // they tell how long the ledger must be
	case found.Ledger != nil:
		v.fail(ledgerCheck, "%v", found.Ledger)
	case found.NoLedger:
		v.skip(ledgerCheck, "there is none yet")
	default:
		word := "erasures"
		if found.Erasures == 1 {
			word = "erasure"
		}
		v.ok(ledgerCheck, "unbroken; %d %s", found.Erasures, word)
	}
	return nil
}

// hashes compares the files with the hashes of the trees with the last checkpoints.
func (v *verifier) hashes(context.Context) error {
	switch {
	case v.log.Dir() == "":
		v.skip(hashesCheck, "left out: they are in the nodes' data directories")
		return nil
	case v.signed.checkpoints == nil:
		v.skip(hashesCheck, "left out: there are no checkpoints to compare them with")
		return nil
	}
	var short []string
	whole := true
	for p, cp := range v.signed.checkpoints {
		path := v.log.TreePath(p)
		all, err := proof.CheckTree(path, cp)
		switch {
		case errors.Is(err, proof.ErrTreeDamaged):
			v.fail(hashesCheck, "%v; delete the file, and the next start makes it again from the log", err)
			whole = false
		case err != nil:
			return err
		case !all:
			short = append(short, path)
		}
	}
	if !whole {
		return nil
	}
	if short != nil {
		v.skip(hashesCheck, "not all are in %s; the next start makes the others again from the log", strings.Join(short, ", "))
		return nil
	}
	v.ok(hashesCheck, "all lead to the last checkpoints")
	return nil
}
