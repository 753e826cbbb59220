package proof

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/muster-dev/muster/events/store"
)

// Signed returns the public key and the last checkpoint of each partition of a log that may
// be open for reading only. It changes nothing. The error wraps [fs.ErrNotExist] or
// [store.ErrNoMessage] if nothing was ever signed.
func Signed(ctx context.Context, s *store.Store) (Verifier, []Checkpoint, error) {
	k := &keeper{store: s, dir: filepath.Join(s.Dir(), directory), last: make([]checkpointAt, len(s.Partitions))}
	checkpoints := make([]Checkpoint, len(s.Partitions))
	text, err := k.readKey(ctx)
	if err != nil {
		return Verifier{}, nil, err
	}
	if k.key, err = ParseKey(text); err != nil {
		return Verifier{}, nil, err
	}
	for p := range checkpoints {
		if k.stream != nil {
			if err := k.read(ctx, p); err != nil {
				return Verifier{}, nil, err
			}
			checkpoints[p] = k.last[p].Checkpoint
			continue
		}
		c, found, err := k.local(p)
		if err != nil {
			return Verifier{}, nil, err
		}
		if !found {
			return Verifier{}, nil, fmt.Errorf("%s: %w: %w", k.file(checkpointFile(p)), ErrCheckpointLost, fs.ErrNotExist)
		}
		checkpoints[p] = c
	}
	return k.key.Verifier(), checkpoints, nil
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
	if k.stream, err = k.store.JS.Stream(ctx, checkpointsConfig.Name); err != nil {
		return nil, fmt.Errorf("opening %s: %w", checkpointsConfig.Name, err)
	}
	return text, nil
}
