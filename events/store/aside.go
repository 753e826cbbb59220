package store

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// errNowhere reports that there is no data directory to keep something in.
var errNowhere = errors.New("there is no data directory")

// Aside is a file of DIR/set-aside that is being written. After a crash or a power cut
// the file is either whole or not there.
type Aside struct {
	*bufio.Writer
	path string
	file *renameio.PendingFile
}

// SetAside begins a file that keeps what would be lost otherwise. It returns an error if
// there is no data directory.
func (s *Store) SetAside(name string) (*Aside, error) {
	if s.dir == nil {
		return nil, errNowhere
	}
	dir := s.dir.file(setAsideDir)
	if err := os.Mkdir(dir, 0o700); err == nil {
		if err := syncDirectory(s.dir.path); err != nil {
			return nil, fmt.Errorf("making %s: %w", dir, err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making %s: %w", dir, err)
	}
	path := filepath.Join(dir, name)
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	return &Aside{bufio.NewWriter(f), path, f}, nil
}

// Keep returns the path of the file once its content and its name are on disk.
func (a *Aside) Keep() (path string, err error) {
	if err = a.Flush(); err == nil {
		err = a.file.CloseAtomicallyReplace()
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(a.path))
	}
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", a.path, errors.Join(err, a.Drop()))
	}
	return a.path, nil
}

// Drop removes what was written, unless it was kept.
func (a *Aside) Drop() error { return a.file.Cleanup() }
