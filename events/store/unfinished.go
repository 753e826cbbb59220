package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// unfinishedFile is in a data directory that is being made of another one.
const unfinishedFile = "unfinished"

// ErrUnfinished reports that a data directory is not whole.
var ErrUnfinished = errors.New("the copy that muster audit seal was making here is not whole: delete the directory, and run the command again")

// MarkUnfinished marks a directory in which a log is being made, so that nobody else opens it: the
// error wraps [ErrUnfinished] then.
func MarkUnfinished(dir string) error {
	return WriteFile(filepath.Join(dir, unfinishedFile), nil, 0o600)
}

// MarkFinished removes the mark. When it returns nil, that is on disk.
func MarkFinished(dir string) error {
	if err := os.Remove(filepath.Join(dir, unfinishedFile)); err != nil {
		return err
	}
	return syncDirectory(dir)
}

// checkFinished returns an error if the directory has the mark.
func checkFinished(dir string) error {
	unfinished, err := exists(filepath.Join(dir, unfinishedFile))
	if err == nil && unfinished {
		err = fmt.Errorf("%s: %w", dir, ErrUnfinished)
	}
	return err
}

// Within reports whether a path is in the data directory, or is the directory itself. Nothing but a
// log's own files must be made there.
func Within(path, dir string) bool {
	top, err := os.Stat(dir)
	if err != nil || dir == "" {
		return false
	}
	at, err := filepath.Abs(path)
	for err == nil {
		if info, failed := os.Stat(at); failed == nil && os.SameFile(info, top) {
			return true
		}
		parent := filepath.Dir(at)
		if parent == at {
			return false
		}
		at = parent
	}
	return false
}
