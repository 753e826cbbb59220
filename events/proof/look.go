package proof

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/muster-dev/muster/events/store"
)

// ReadKey returns the private key of a log that may be open for reading only. It changes
// nothing. The error wraps [fs.ErrNotExist] or [store.ErrNoMessage] if there is none.
func ReadKey(ctx context.Context, s *store.Store) (Key, error) {
	text, err := (&keeper{store: s, dir: filepath.Join(s.Dir(), directory)}).readKey(ctx)
	if err != nil {
		return Key{}, err
	}
	return ParseKey(text)
}

// StartOver says how signing begins again after what was signed is lost for good. It leaves what was
// signed before as evidence, and shows everybody that something has happened: with another key.
func StartOver(s *store.Store) string {
	if s.Embedded() {
		return fmt.Sprintf(startOver, "move "+filepath.Join(s.Dir(), directory)+" away and keep it")
	}
	return fmt.Sprintf(startOver, forget)
}

// Place returns where the last checkpoint of a partition is kept, for people.
func Place(s *store.Store, partition int) string {
	if s.Embedded() {
		return filepath.Join(s.Dir(), directory, checkpointFile(partition))
	}
	return "stream " + checkpointsConfig.Name
}

// TreePath returns the path of the hashes of a partition's tree, in the data directory of a node.
// It is empty without a data directory. The file may be missing, and lack the newest events.
func TreePath(s *store.Store, partition int) string {
	if s.Dir() == "" {
		return ""
	}
	return filepath.Join(s.Dir(), directory, treeFile(partition))
}
