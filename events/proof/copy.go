package proof

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/events/store"
)

// Copy is the private key, and the last checkpoint of each partition, outside of where they are
// kept, such as in a backup. Whoever has the key can sign any checkpoint.
type Copy struct {
	Key         []byte   // as [Key.Text] writes it
	Checkpoints [][]byte // the signed notes, by partition
}

// CopyOf returns key and checkpoints of a log that may be open for reading only. It reports false
// if nothing was ever signed. What was signed and is lost or damaged is an error, as with [Signed].
func CopyOf(ctx context.Context, s *store.Store) (Copy, bool, error) {
	key, checkpoints, err := signed(ctx, s)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, store.ErrNoMessage):
		return Copy{}, false, nil
	case errors.Is(err, ErrKeyLost):
		remove := forget
		if s.Embedded() {
			remove = "move the directory away"
		}
		return Copy{}, false, fmt.Errorf("%w: restore it from a backup; "+startOver, err, remove)
	case err != nil:
		return Copy{}, false, err
	}
	c := Copy{Key: key.Text()}
	for i := range checkpoints {
		c.Checkpoints = append(c.Checkpoints, checkpoints[i].Note)
	}
	return c, true, nil
}

// SharedKey reports whether the subject of a message in the stream [store.Keys] is that of the key
// of the checkpoints.
func SharedKey(subject string) bool { return strings.HasSuffix(subject, "."+keyName) }

// Restore puts key and checkpoints where the nodes of the restored log look for them.
func (c Copy) Restore(ctx context.Context, r *store.Restore) error {
	key, err := ParseKey(c.Key)
	if err != nil {
		return err
	}
	for p, note := range c.Checkpoints {
		found, err := key.Verifier().Open(note)
		if err == nil && found.Partition != p {
			err = fmt.Errorf("it is that of partition %d", found.Partition)
		}
		if err != nil {
			return fmt.Errorf("the checkpoint of partition %d: %w: %w", p, ErrOtherKey, err)
		}
	}
	if !r.Embedded() {
		var notes []store.Message
		for p, note := range c.Checkpoints {
			notes = append(notes, store.Message{Subject: checkpointSubject + strconv.Itoa(p), Data: note})
		}
		if err := r.Beside(ctx, checkpointsConfig, notes); err != nil {
			return err
		}
		return r.Beside(ctx, store.Keys, []store.Message{{Subject: strings.TrimSuffix(store.Keys.Subjects[0], "*") + keyName, Data: c.Key}})
	}
	dir := filepath.Join(r.Dir(), directory)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the directory of the checkpoints: %w", err)
	}
	for p, note := range c.Checkpoints {
		if err := store.WriteFile(filepath.Join(dir, checkpointFile(p)), note, 0o600); err != nil {
			return err
		}
	}
	return store.WriteFile(filepath.Join(dir, keyFile), c.Key, 0o600)
}
