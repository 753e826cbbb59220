package proof

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
)

// Signed returns the public key and the last checkpoint of each partition of a log that may
// be open for reading only. It changes nothing. The error wraps [fs.ErrNotExist] or
// [store.ErrNoMessage] if nothing was ever signed. If something was, and key or checkpoints
// are lost or damaged, the error wraps one of those that [Open] returns for that.
func Signed(ctx context.Context, s *store.Store) (Verifier, []Checkpoint, error) {
	key, checkpoints, err := signed(ctx, s)
	if err != nil {
		return Verifier{}, nil, err
	}
	return key.Verifier(), checkpoints, nil
}

func signed(ctx context.Context, s *store.Store) (Key, []Checkpoint, error) {
	k := &keeper{store: s, last: make([]checkpointAt, s.PartitionCount())}
	if s.Dir() != "" {
		k.dir = filepath.Join(s.Dir(), directory)
	}
	text, err := k.readKey(ctx)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrNoMessage) {
		err = k.neverSigned(ctx, err)
	}
	if err != nil {
		return Key{}, nil, err
	}
	if k.key, err = ParseKey(text); err != nil {
		return Key{}, nil, err
	}
	checkpoints := make([]Checkpoint, len(k.last))
	for p := range checkpoints {
		if checkpoints[p], err = k.signed(ctx, p); err != nil {
			return Key{}, nil, err
		}
	}
	return k.key, checkpoints, nil
}

// neverSigned returns why there is no key: [ErrKeyLost] if something was signed with it,
// otherwise the error that says that it is missing.
func (k *keeper) neverSigned(ctx context.Context, missing error) error {
	var err error
	if !k.store.Embedded() {
		k.stream, err = k.store.JS.Stream(ctx, checkpointsConfig.Name)
		switch {
		case err == nil:
			err = k.unsignedOutside(ctx)
		case errors.Is(err, jetstream.ErrStreamNotFound):
			err = k.unsigned()
		}
	} else {
		err = k.unsigned()
	}
	switch {
	case errors.Is(err, ErrKeyLost):
		return fmt.Errorf("%w: %v", err, missing) //nolint:errorlint // it must not be taken for a log that was never signed
	case err != nil:
		return err
	}
	return missing
}

// signed returns the last checkpoint of a partition.
func (k *keeper) signed(ctx context.Context, p int) (Checkpoint, error) {
	mine, found, err := Checkpoint{}, false, error(nil)
	if k.dir != "" {
		mine, found, err = k.local(p)
	}
	switch {
	case err != nil:
		return Checkpoint{}, err
	case k.stream != nil:
		if err := k.read(ctx, p); err != nil && (!errors.Is(err, store.ErrNoMessage) || mine.N == 0) {
			return Checkpoint{}, err
		}
		if last := k.last[p].Checkpoint; last.N >= mine.N {
			return last, nil
		}
		return Checkpoint{}, fmt.Errorf("stream %s, partition %d: %w: this node knows one of %d events, and the stream one of %d",
			checkpointsConfig.Name, p, ErrCheckpointLost, mine.N, k.last[p].N)
	case !found:
		return Checkpoint{}, fmt.Errorf("%s: %w", k.file(checkpointFile(p)), ErrCheckpointLost)
	}
	return mine, nil
}

func (k *keeper) readKey(ctx context.Context) ([]byte, error) {
	if k.store.Embedded() {
		text, err := os.ReadFile(k.file(keyFile))
		if err != nil {
			return nil, fmt.Errorf("reading the key of the checkpoints: %w", err)
		}
		return text, nil
	}
	text, err := k.store.FindKey(ctx, keyName)
	if err != nil {
		return nil, err
	}
	k.stream, err = k.store.JS.Stream(ctx, checkpointsConfig.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) { // it is made before the key
		return nil, fmt.Errorf("stream %s: %w", checkpointsConfig.Name, ErrCheckpointLost)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", checkpointsConfig.Name, err)
	}
	return text, nil
}
