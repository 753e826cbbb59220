package proof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/store"
)

// What this package keeps in a directory of the data directory.
const (
	directory    = "proof"
	keyFile      = "key"     // with an embedded log
	verifierFile = "key.pub" // for people; nothing is lost with it
)

// The names of the files of a partition.
func checkpointFile(partition int) string { return fmt.Sprintf("checkpoint-%02d", partition) }
func treeFile(partition int) string       { return fmt.Sprintf("tree-%02d", partition) }

// The ways in which what was signed can be lost.
var (
	// ErrKeyLost reports that checkpoints were signed and the key is gone.
	ErrKeyLost = errors.New("the key of the checkpoints is gone, and checkpoints were signed with it")
	// ErrOtherKey reports that the key is not the one that the checkpoints were signed with.
	ErrOtherKey = errors.New("the checkpoints were signed with another key")
	// ErrCheckpointLost reports that the note of what was signed last is gone.
	ErrCheckpointLost = errors.New("it is not known any more which checkpoint was signed last")
)

// startOver says how to go on if what is lost cannot be had back.
const startOver = "if it is lost for good, %s, and the next start begins as a new installation with another key, which its auditors must be told"

// keeper keeps the key and the last checkpoint of each partition where they survive: in files,
// or, with an external log, in streams that all nodes share, with a copy in files.
type keeper struct {
	store  *store.Store
	dir    string
	stream jetstream.Stream // nil with an embedded log
	key    Key
	last   []checkpointAt
}

// checkpointAt is a checkpoint with its sequence in the stream.
type checkpointAt struct {
	Checkpoint
	sequence uint64
}

// openKeeper reads the key and the checkpoints, or makes them at the first start. Nothing that
// was there once is made again.
func openKeeper(ctx context.Context, s *store.Store) (*keeper, error) {
	k := &keeper{store: s, dir: filepath.Join(s.Dir(), directory), last: make([]checkpointAt, len(s.Partitions))}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of the checkpoints: %w", err)
	}
	k.tidy()
	open := k.openInside
	if !s.Embedded() {
		open = k.openOutside
	}
	if err := open(ctx); err != nil {
		return nil, err
	}
	// It can be read from the key, so it need not be on disk.
	err := os.WriteFile(filepath.Join(k.dir, verifierFile), []byte(k.key.Verifier().Keys(len(k.last))), 0o600)
	if err != nil {
		return nil, fmt.Errorf("writing the public key of the checkpoints: %w", err)
	}
	return k, nil
}

// tidy deletes what a process that was killed has left of files that it was writing.
func (k *keeper) tidy() {
	left, _ := filepath.Glob(filepath.Join(k.dir, ".*[0-9]"))
	for _, path := range left {
		_ = os.Remove(path)
	}
}

func (k *keeper) file(name string) string { return filepath.Join(k.dir, name) }

func (k *keeper) openInside(context.Context) error {
	text, err := os.ReadFile(k.file(keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return k.makeInside()
	}
	if err != nil {
		return fmt.Errorf("reading the key of the checkpoints: %w", err)
	}
	if k.key, err = ParseKey(text); err != nil {
		return fmt.Errorf("%s: %w", k.file(keyFile), err)
	}
	for p := range k.last {
		c, found, err := k.local(p)
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("%s: %w: restore the file from a backup; "+startOver, k.file(checkpointFile(p)), ErrCheckpointLost, "move the directory away")
		}
		k.last[p].Checkpoint = c
	}
	return nil
}

// makeInside makes key and checkpoints. The key comes last, so that it is never without them.
// What a first start has left that was killed is replaced, because it says nothing yet.
func (k *keeper) makeInside() error {
	if err := k.unsigned(); err != nil {
		return fmt.Errorf("%s: %w: restore the file from a backup; "+startOver, k.file(keyFile), err, "move the directory away")
	}
	var err error
	if k.key, err = NewKey(); err != nil {
		return err
	}
	for p := range k.last {
		if k.last[p].Checkpoint, err = k.key.Sign(p, empty); err != nil {
			return err
		}
		if err := k.keep(k.last[p].Checkpoint); err != nil {
			return err
		}
	}
	return store.WriteFile(k.file(keyFile), k.key.Text(), 0o600)
}

// empty is the tree without leaves.
var empty, _ = emptyTree()

func emptyTree() (tlog.Tree, error) {
	root, err := tlog.TreeHash(0, nil)
	return tlog.Tree{Hash: root}, err
}

// unsigned returns [ErrKeyLost] if a file has a checkpoint of something.
func (k *keeper) unsigned() error {
	for p := range k.last {
		text, err := os.ReadFile(k.file(checkpointFile(p)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading a checkpoint: %w", err)
		}
		if lines := bytes.SplitN(text, []byte("\n"), 3); len(lines) < 3 || string(lines[1]) != "0" {
			return ErrKeyLost
		}
	}
	return nil
}

// local reads the file of a checkpoint. It reports false if there is none.
func (k *keeper) local(partition int) (c Checkpoint, found bool, err error) {
	path := k.file(checkpointFile(partition))
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, false, nil
	}
	if err != nil {
		return Checkpoint{}, false, fmt.Errorf("reading a checkpoint: %w", err)
	}
	c, err = k.key.Verifier().Open(text)
	if err == nil && c.Partition != partition {
		err = fmt.Errorf("it is that of partition %d", c.Partition)
	}
	if err != nil {
		return Checkpoint{}, false, fmt.Errorf("%s: %w, or the file is damaged: restore key and checkpoint from the same backup: %w", path, ErrOtherKey, err)
	}
	return c, true, nil
}

// keep writes the file of a checkpoint.
func (k *keeper) keep(c Checkpoint) error {
	return store.WriteFile(k.file(checkpointFile(c.Partition)), c.Note, 0o600)
}

// note makes the checkpoint the last one of its partition. When it returns nil, that is
// durable, and no node signs another tree that does not continue this one. If another node has
// signed meanwhile, note returns errConflict, and the keeper's last checkpoint is that node's.
// One goroutine at a time may call it for a partition.
func (k *keeper) note(ctx context.Context, c Checkpoint) error {
	if k.stream == nil {
		if err := k.keep(c); err != nil {
			return err
		}
		k.last[c.Partition].Checkpoint = c
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	err := k.publish(ctx, c)
	if err == nil {
		return nil
	}
	before := k.last[c.Partition].sequence
	if err2 := k.read(ctx, c.Partition); err2 != nil {
		return fmt.Errorf("noting a checkpoint: %w", errors.Join(err, err2))
	}
	now := k.last[c.Partition]
	switch {
	case bytes.Equal(now.Note, c.Note): // only the reply was lost, or another node signed the same
		return k.keep(c)
	case now.sequence != before:
		return errConflict
	}
	return fmt.Errorf("noting a checkpoint: %w", err)
}

var errConflict = errors.New("another node has signed a checkpoint meanwhile")
