package backup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// output is the file that a backup is written to, under a temporary name until it is whole.
type output struct {
	io.Writer
	path string
	file *os.File // nil for standard output, and once it was kept or dropped
}

// newOutput makes the temporary file for a path at which there is nothing. For a directory, the
// file in it is named by the time, as the layout says.
func newOutput(path, layout string) (*output, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, time.Now().UTC().Format(layout))
	}
	if err := free(path); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".") // for its owner alone
	if err != nil {
		return nil, fmt.Errorf("writing the backup: %w: name a file in a directory that exists (--out)", err)
	}
	return &output{bufio.NewWriterSize(f, 1<<20), path, f}, nil
}

// free returns an error if something has the path.
func free(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%s exists, and a backup replaces nothing: name another file (--out)", path)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("writing the backup: %w", err)
	}
	return nil
}

// keep gives the file its name once its content is on disk, and returns the name.
func (o *output) keep() (string, error) {
	if o.file == nil {
		return o.path, nil
	}
	err := o.Writer.(*bufio.Writer).Flush()
	if err == nil {
		err = o.file.Sync()
	}
	if err == nil {
		err = o.name()
	}
	if err == nil {
		err = flush(filepath.Dir(o.path))
	}
	if err != nil {
		return "", fmt.Errorf("writing the backup: %w", err)
	}
	return o.path, nil
}

// name gives the file its name, unless something has it already. A link replaces nothing. Where
// the file system has no links, the file is renamed.
func (o *output) name() error {
	err := os.Link(o.file.Name(), o.path)
	if errors.Is(err, fs.ErrExist) {
		return free(o.path)
	}
	if err == nil {
		return nil // drop removes the temporary name
	}
	if err := free(o.path); err != nil {
		return err
	}
	return os.Rename(o.file.Name(), o.path)
}

// drop removes the temporary name.
func (o *output) drop() error {
	if o.file == nil {
		return nil
	}
	file := o.file
	o.file = nil
	err := os.Remove(file.Name())
	if errors.Is(err, fs.ErrNotExist) { // it was renamed
		err = nil
	}
	return errors.Join(file.Close(), err)
}

// flush flushes the names in a directory.
func flush(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
