package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/muster-dev/muster/events/store"
)

// keep writes what is cut to the backup, and returns its path once it is on disk. A file that
// is there already must have the same content, as after a repair that was interrupted.
func (r *repair) keep(ctx context.Context, log *store.Repair, s store.Survey) (path string, messages uint64, err error) {
	path = r.backup
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, fmt.Sprintf("%s-after-%s-of-%s.jsonl", log.Stream(), s.Valid.Position, log.Log()))
	}
	dir := filepath.Dir(path)
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return "", 0, fmt.Errorf("writing the backup: %w: name a file in a directory that exists", err)
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if messages, err = log.Backup(ctx, s, f); err != nil {
		return "", 0, err
	}
	switch same, err := sameContent(path, f); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", 0, fmt.Errorf("comparing the backup: %w", err)
	case err == nil && !same:
		return "", 0, fmt.Errorf("%s exists and holds something else: name another file (--backup)", path)
	}
	if err := f.CloseAtomicallyReplace(); err != nil { // flushes it first
		return "", 0, fmt.Errorf("writing the backup: %w", err)
	}
	if err := flush(dir); err != nil {
		return "", 0, fmt.Errorf("writing the backup: %w", err)
	}
	return path, messages, nil
}

// sameContent reports whether the file with the path has the content of the other one.
func sameContent(path string, other io.ReadSeeker) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if _, err := other.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	var one, two [64 << 10]byte
	for {
		n, err := io.ReadFull(f, one[:])
		m, failed := io.ReadFull(other, two[:])
		if !bytes.Equal(one[:n], two[:m]) {
			return false, nil
		}
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		switch {
		case err != nil && !ended:
			return false, err
		case ended:
			return true, nil
		case failed != nil:
			return false, failed
		}
	}
}

// flush flushes the names in a directory.
func flush(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
