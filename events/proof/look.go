package proof

import (
	"context"
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

// TreePath returns the path of the hashes of a partition's tree, in the data directory of a node.
// It is empty without a data directory. The file may be missing, and lack the newest events.
func TreePath(s *store.Store, partition int) string {
	if s.Dir() == "" {
		return ""
	}
	return filepath.Join(s.Dir(), directory, treeFile(partition))
}
