package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// SetAside moves a database file, and what SQLite keeps beside it, into the directory,
// which is made if necessary. The file must not be open. It replaces what has been set
// aside under that name before.
func SetAside(file, dir, name string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("setting %s aside: %w", file, err)
	}
	to := filepath.Join(dir, name)
	if err := Delete(to); err != nil {
		return err
	}
	for _, end := range parts {
		if err := os.Rename(file+end, to+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
