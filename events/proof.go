package events

import (
	"context"
	"errors"
	"sync"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// Checkpoints returns the last checkpoint of every partition, by their numbers. It waits a
// moment for what was followed just now; see [proof.Checkpoints.Latest].
func (l *Log) Checkpoints(ctx context.Context) []proof.Published {
	all := make([]proof.Published, len(l.partitions))
	var asked sync.WaitGroup // side by side, so that this takes no longer than one
	for p := range all {
		asked.Go(func() { all[p] = l.checkpoints.Latest(ctx, p) })
	}
	asked.Wait()
	return all
}

// Checkpoint returns the last checkpoint of one partition, as [Log.Checkpoints] does.
// Of a log that is open for reading only it is the one of [Log.Signed].
func (l *Log) Checkpoint(ctx context.Context, partition int) proof.Published {
	if l.readOnly {
		_, signed, err := l.Signed(ctx)
		if err != nil {
			return proof.Published{Trouble: err}
		}
		return proof.Published{Checkpoint: signed[partition]}
	}
	return l.checkpoints.Latest(ctx, partition)
}

// CheckpointCovering returns a checkpoint that covers the position; see
// [proof.Checkpoints.Covering].
func (l *Log) CheckpointCovering(ctx context.Context, at wire.Position) (proof.Published, error) {
	if l.readOnly {
		published := l.Checkpoint(ctx, at.Partition)
		if published.Trouble == nil && uint64(published.N) < at.Number { //nolint:gosec // it is not negative
			published.Trouble = proof.ErrBehind
		}
		return published, published.Trouble
	}
	return l.checkpoints.Covering(ctx, at)
}

// Verifier returns the public key of the checkpoints.
func (l *Log) Verifier() proof.Verifier { return l.checkpoints.Verifier() }

// SignNote signs a text with the key of the checkpoints; see [proof.Key.SignNote]. Of a log that is
// open for reading only it is the key of [Log.SigningKey], with its errors.
func (l *Log) SignNote(ctx context.Context, purpose, text string) ([]byte, error) {
	if l.readOnly {
		key, err := l.SigningKey(ctx)
		if err != nil {
			return nil, err
		}
		return key.SignNote(purpose, text)
	}
	return l.checkpoints.Key().SignNote(purpose, text)
}

// Entry returns the event at a position as the log has stored it. The error wraps [store.ErrNoMessage]
// if the log does not have it.
func (l *Log) Entry(ctx context.Context, at wire.Position) (wire.Entry, error) {
	return l.partitions[at.Partition].Entry(ctx, at.Number)
}

// Prove returns the stored bytes of the organization's event with the id, and the proof that the
// log has them. The errors are those of [Log.Find] and [proof.Checkpoints.Prove].
func (l *Log) Prove(ctx context.Context, org domain.OrganizationID, id domain.EventID) (stored []byte, _ proof.Inclusion, _ error) {
	found, err := l.Find(ctx, org, id)
	if err != nil {
		return nil, proof.Inclusion{}, err
	}
	p := l.partitions[l.Partition(org)]
	entry, err := p.Entry(ctx, found.Number)
	if err != nil {
		return nil, proof.Inclusion{}, err
	}
	if entry.ID != id {
		return nil, proof.Inclusion{}, errors.Join(store.ErrUnreadable, wire.ErrDamaged)
	}
	inclusion, err := l.checkpoints.Prove(ctx, wire.Position{Partition: p.Number, Number: found.Number}, entry.Stored)
	return entry.Stored, inclusion, err
}

// Signed returns the public key and the last checkpoint of each partition of a log that may be
// open for reading only; see [proof.Signed].
func (l *Log) Signed(ctx context.Context) (proof.Verifier, []proof.Checkpoint, error) {
	return proof.Signed(ctx, l.store)
}

// SignedPlace returns where the last checkpoint of a partition is kept, for people.
func (l *Log) SignedPlace(partition int) string { return proof.Place(l.store, partition) }

// ServedByNode reports whether the log is reached through the NATS of the service that it is
// embedded in; see [store.Store.ServedByNode].
func (l *Log) ServedByNode() bool { return l.store.ServedByNode() }

// SigningKey returns the private key of the checkpoints, also of a log that is open for
// reading only; see [proof.ReadKey].
func (l *Log) SigningKey(ctx context.Context) (proof.Key, error) { return proof.ReadKey(ctx, l.store) }

// TreePath returns where a node keeps the hashes of a partition's tree; see [proof.TreePath].
func (l *Log) TreePath(partition int) string { return proof.TreePath(l.store, partition) }
