package store

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// setAsideDir is the directory that holds what was set aside.
const setAsideDir = "set-aside"

// asideDirectory returns the path of the directory for what was set aside. It makes the
// directory if it is missing.
func (d *directory) asideDirectory() (string, error) {
	path := d.file(setAsideDir)
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return path, nil
	}
	if err == nil {
		err = syncDirectory(d.path)
	}
	if err != nil {
		return "", fmt.Errorf("making %s: %w", path, err)
	}
	return path, nil
}

// asidePath returns a path in that directory at which there is nothing. It is that of the
// name, or of the name with a number.
func (d *directory) asidePath(name string) (string, error) {
	dir, err := d.asideDirectory()
	if err != nil {
		return "", err
	}
	return freePath(filepath.Join(dir, name))
}

// freePath returns the first numbered path at which there is nothing.
func freePath(path string) (string, error) {
	for number := 1; ; number++ {
		free := numbered(path, number)
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free, nil
		} else if err != nil {
			return "", err
		}
	}
}

// numbered returns the path with a number before its extension, from 2 on.
func numbered(path string, number int) string {
	if number == 1 {
		return path
	}
	extension := filepath.Ext(path)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, extension), number, extension)
}

// errNowhere reports that there is no data directory to keep something in.
var errNowhere = errors.New("there is no data directory")

// Aside is a file of DIR/set-aside that is being written. After a crash or a power cut
// the file is either whole or not there.
type Aside struct {
	*bufio.Writer
	path string
	file *os.File // under a temporary name; nil once it has been kept or dropped
}

// SetAside begins a file that keeps what would be lost otherwise. It returns an error if
// there is no data directory.
func (s *Store) SetAside(name string) (*Aside, error) {
	if s.dir == nil {
		return nil, errNowhere
	}
	dir, err := s.dir.asideDirectory()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name)
	f, err := os.CreateTemp(dir, "."+name) // for its owner alone
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	return &Aside{bufio.NewWriter(f), path, f}, nil
}

// Keep returns the path of the file once its content and its name are on disk. The name has
// a number if another content was kept under it before.
func (a *Aside) Keep() (path string, err error) {
	if err = a.Flush(); err == nil {
		err = a.name()
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(a.path))
	}
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", a.path, errors.Join(err, a.Drop()))
	}
	return a.path, nil
}

// name gives the file its name. A file with the same content is replaced, so that trying
// again does not leave more and more of them.
func (a *Aside) name() error {
	wanted := a.path
	for number := 1; ; number++ {
		a.path = numbered(wanted, number)
		same, err := sameContent(a.path, a.file.Name())
		if err == nil && same || errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := a.file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(a.file.Name(), a.path); err != nil {
		return err
	}
	file := a.file
	a.file = nil
	return file.Close()
}

// sameContent reports whether both files have the same content.
func sameContent(one, other string) (bool, error) {
	var sums [2][]byte
	for i, path := range []string{one, other} {
		f, err := os.Open(path)
		if err != nil {
			return false, err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return false, err
		}
		sums[i] = h.Sum(nil)
	}
	return bytes.Equal(sums[0], sums[1]), nil
}

// Drop removes what was written, unless it was kept.
func (a *Aside) Drop() error {
	if a.file == nil {
		return nil
	}
	err := errors.Join(a.file.Close(), os.Remove(a.file.Name()))
	a.file = nil
	return err
}
