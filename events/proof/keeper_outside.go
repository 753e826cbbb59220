package proof

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
)

const keyName = "checkpoints" // of the key that the nodes of an external log share

// checkpointsConfig is the stream of the last checkpoint of each partition, with an external
// log. Direct gets are not allowed, so that the stream's leader responds, and not a replica that
// lags behind.
var checkpointsConfig = jetstream.StreamConfig{
	Name: "MUSTER_CHECKPOINTS", Subjects: []string{checkpointSubject + "*"},
	Description: "Muster's checkpoints: the last one that was signed of each partition",
	Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
	MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: 1, MaxMsgSize: 64 << 10,
}

const checkpointSubject = "muster.checkpoints."

// forget says what to do with an external log to begin again.
const forget = "stop all nodes, delete the streams MUSTER_CHECKPOINTS and MUSTER_KEYS (which changes the secrets of webhooks) and the directory proof of every node"

func (k *keeper) openOutside(ctx context.Context) (err error) {
	if k.stream, err = k.store.Beside(ctx, checkpointsConfig); err != nil {
		return err
	}
	if _, err := k.store.Beside(ctx, store.Keys); err != nil {
		return err
	}
	text, err := k.store.FindKey(ctx, keyName)
	if errors.Is(err, store.ErrNoMessage) {
		if err := k.unsignedOutside(ctx); err != nil {
			return fmt.Errorf("stream %s: %w: restore it from a backup; "+startOver, store.Keys.Name, err,
				forget)
		}
		text, err = k.store.Key(ctx, keyName, func() ([]byte, error) {
			key, err := NewKey()
			return key.Text(), err
		})
	}
	if err != nil {
		return err
	}
	if k.key, err = ParseKey(text); err != nil {
		return fmt.Errorf("stream %s: %w", store.Keys.Name, err)
	}
	for p := range k.last {
		if err := k.openLast(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// unsignedOutside returns [ErrKeyLost] if a node has signed something, as far as this one knows.
func (k *keeper) unsignedOutside(ctx context.Context) error {
	info, err := k.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("reading %s: %w", checkpointsConfig.Name, err)
	}
	if info.State.LastSeq > 0 {
		return ErrKeyLost
	}
	return k.unsigned()
}

// openLast reads the last checkpoint of a partition, and makes the first one.
func (k *keeper) openLast(ctx context.Context, p int) error {
	mine, found, err := k.local(p)
	if err != nil {
		return err
	}
	err = k.read(ctx, p)
	if errors.Is(err, store.ErrNoMessage) && mine.N == 0 {
		var first Checkpoint
		if first, err = k.key.Sign(p, empty); err == nil {
			err = k.publish(ctx, first)
		}
		if err == nil {
			return nil
		}
		err = errors.Join(err, k.read(ctx, p)) // another node may have been faster
		if k.last[p].sequence > 0 {
			err = nil
		}
	}
	if err != nil && !errors.Is(err, store.ErrNoMessage) {
		return err
	}
	if err != nil || found && mine.N > k.last[p].N {
		return fmt.Errorf("stream %s, partition %d: %w: this node knows one of %d events, and the stream one of %d: restore the stream from a backup; "+startOver,
			checkpointsConfig.Name, p, ErrCheckpointLost, mine.N, k.last[p].N, forget)
	}
	if found && mine.N == k.last[p].N && mine.Hash != k.last[p].Hash {
		return fmt.Errorf("stream %s, partition %d: %w: this node knows a checkpoint of %d events with another root: keep a copy of %s and of the stream, which show that the log has two histories, and find out with muster audit verify which of them is there",
			checkpointsConfig.Name, p, ErrInconsistent, mine.N, k.file(checkpointFile(p)))
	}
	return k.keep(k.last[p].Checkpoint)
}

// read reads the last checkpoint of a partition from the stream.
func (k *keeper) read(ctx context.Context, p int) error {
	m, err := k.stream.GetLastMsgForSubject(ctx, checkpointSubject+strconv.Itoa(p))
	if err != nil {
		return fmt.Errorf("reading %s: %w", checkpointsConfig.Name, err)
	}
	c, err := k.key.Verifier().Open(m.Data)
	if err == nil && c.Partition != p {
		err = fmt.Errorf("it is that of partition %d", c.Partition)
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w: %w", checkpointsConfig.Name, ErrOtherKey, err)
	}
	k.last[p] = checkpointAt{c, m.Sequence}
	return nil
}

func (k *keeper) publish(ctx context.Context, c Checkpoint) error {
	ack, err := k.store.JS.Publish(ctx, checkpointSubject+strconv.Itoa(c.Partition), c.Note,
		jetstream.WithExpectLastSequencePerSubject(k.last[c.Partition].sequence))
	if err != nil {
		return err
	}
	k.last[c.Partition] = checkpointAt{c, ack.Sequence}
	return k.keep(c)
}
