//go:build !linux

package archive

import (
	"io/fs"
	"path/filepath"
)

// flushTree flushes everything in the directory.
func flushTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return flushFile(path)
	})
}
