package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/gofrs/flock"
)

// Exports hold personal data.
const (
	fileMode = 0o600
	dirMode  = 0o700
)

const bufferSize = 256 << 10

// The ways in which a directory can be refused.
var (
	ErrNotEmpty = errors.New("the directory is not empty: name one that does not exist yet or has nothing in it")
	ErrInUse    = errors.New("another process is writing an export to the directory")
)

// unfinished is what the file says that is there as long as an export is not whole.
const unfinished = "This export is not finished. Run the same command again: it deletes what is here and begins again.\n"

// Writer writes an export. It is for one goroutine.
type Writer struct {
	dir  string
	lock *flock.Flock // on the file that says that the export is not finished
	sums *sumWriter
	made string // the directory that was made last
}

// Create returns a writer for an export in the directory, which must be empty or missing. An
// export in it that was interrupted is deleted first.
func Create(dir string) (_ *Writer, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	marker := filepath.Join(dir, unfinishedFile)
	if len(entries) > 0 {
		if text, err := os.ReadFile(marker); err != nil || !bytes.HasPrefix([]byte(unfinished), text) {
			return nil, fmt.Errorf("%s: %w", dir, ErrNotEmpty)
		}
	}
	for _, entry := range entries {
		if !isOwn(entry.Name()) {
			return nil, fmt.Errorf("%s has %q, which is of no export: %w", dir, entry.Name(), ErrNotEmpty)
		}
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, lock: flock.New(marker, flock.SetPermissions(fileMode))}
	taken, err := w.lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !taken {
		return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.lock.Close())
		}
	}()
	if err := os.WriteFile(marker, []byte(unfinished), fileMode); err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.Name() == unfinishedFile {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return nil, fmt.Errorf("deleting an export that was interrupted: %w", err)
		}
	}
	w.sums, err = newSumWriter(filepath.Join(dir, sumsFile))
	return w, err
}

// isOwn reports whether a name at the top of a directory is that of a part of an export.
func isOwn(name string) bool {
	own := []string{readmeFile, sumsFile, aboutFile, unfinishedFile, proofsDir, consistencyDir, KeyFile, CheckpointFile, StatementFile, EventsFile}
	_, err := strconv.ParseUint(name, 10, 16)
	return err == nil || slices.Contains(own, name)
}

// WriteFile writes a file, whose name has slashes. Its directories are made.
func (w *Writer) WriteFile(name string, content []byte) error {
	if err := w.write(name, content, os.O_EXCL); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	return w.sums.add(sum[:], name)
}

// write writes a file, without its sum. The mode says what becomes of one that is there.
func (w *Writer) write(name string, content []byte, mode int) error {
	path, err := w.path(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|mode, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// path returns the path of a file, and makes its directory.
func (w *Writer) path(name string) (string, error) {
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if dir := filepath.Dir(path); dir != w.made {
		if err := os.MkdirAll(dir, dirMode); err != nil {
			return "", err
		}
		w.made = dir
	}
	return path, nil
}

// Stream is a large file of an export while it is written.
type Stream struct {
	w    *Writer
	name string
	file *os.File
	buf  *bufio.Writer
	hash hash.Hash
}

// Stream begins a file that is written piece by piece.
func (w *Writer) Stream(name string) (*Stream, error) {
	path, err := w.path(name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return nil, err
	}
	return &Stream{w, name, f, bufio.NewWriterSize(f, bufferSize), sha256.New()}, nil
}

// Write adds a piece.
func (s *Stream) Write(b []byte) (int, error) {
	_, _ = s.hash.Write(b) // never fails
	return s.buf.Write(b)
}

// Close ends the file.
func (s *Stream) Close() error {
	if err := errors.Join(s.buf.Flush(), s.file.Close()); err != nil {
		return err
	}
	return s.w.sums.add(s.hash.Sum(nil), s.name)
}

// Finish writes what describes the export, flushes everything, and removes the mark that it
// is unfinished. Only then the export is whole.
func (w *Writer) Finish(about About) error {
	text, err := json.MarshalIndent(about, "", "  ")
	if err != nil {
		return err
	}
	if err := w.WriteFile(aboutFile, append(text, '\n')); err != nil {
		return err
	}
	if err := w.WriteFile(readmeFile, readme(&about)); err != nil {
		return err
	}
	sums := w.sums
	w.sums = nil
	if err := sums.finish(); err != nil {
		return err
	}
	if err := flushTree(w.dir); err != nil {
		return fmt.Errorf("flushing the export: %w", err)
	}
	if err := os.Remove(filepath.Join(w.dir, unfinishedFile)); err != nil {
		return err
	}
	err = errors.Join(flushFile(w.dir), flushFile(filepath.Dir(filepath.Clean(w.dir))))
	return errors.Join(err, w.Close())
}

// Close ends a writer that has not finished, and leaves the mark that its export is unfinished.
// After [Writer.Finish] it does nothing.
func (w *Writer) Close() error {
	var errs []error
	if w.sums != nil {
		errs = append(errs, w.sums.file.Close())
		w.sums = nil
	}
	if w.lock != nil {
		errs = append(errs, w.lock.Close())
		w.lock = nil
	}
	return errors.Join(errs...)
}

// flushFile flushes a file, or the names in a directory.
func flushFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

var _ io.WriteCloser = (*Stream)(nil)
