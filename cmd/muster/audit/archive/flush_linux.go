package archive

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// flushTree flushes everything in the directory. An export can have a million small files, and
// flushing each takes a hundred times as long as flushing the file system that they are on.
func flushTree(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(f.Fd())), f.Close()) //nolint:gosec // a descriptor is small
}
