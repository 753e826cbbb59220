package projections

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// look is a file of read models that is only looked at: nothing in its directory changes.
type look struct {
	file   string // to open; a copy if there is a WAL
	mode   sqlite.Mode
	kept   string   // the file itself
	tables []string // that fingerprints are of
}

// lookAt makes a look at the read models in the file. SQLite can read a file without making others
// beside it, but then it ignores a WAL. So a file with a WAL is copied to the directory
// scratch together with the WAL. The errors are those of [Open].
func lookAt(file string, tables []string, partitions int, scratch string) (look, error) {
	l := look{file: file, mode: sqlite.Immutable, kept: file, tables: tables}
	if err := examineOutside(l.kept, partitions); err != nil {
		return l, err
	}
	if holds(l.kept+"-wal") || holds(l.kept+"-journal") {
		l.file, l.mode = filepath.Join(scratch, "copy-of-"+filepath.Base(file)), sqlite.ReadOnly
		for _, end := range []string{"", "-wal", "-journal"} {
			if err := copyFile(l.kept+end, l.file+end); err != nil && !errors.Is(err, os.ErrNotExist) {
				return l, err
			}
		}
	}
	err := examineInside(l.file, l.mode, partitions)
	if err != nil {
		err = fmt.Errorf("%s: %w", l.kept, err)
	}
	return l, err
}

// holds reports whether there is anything in the file.
func holds(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Size() > 0
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // only read
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// check looks for damage. The error is [ErrDamaged] with the table that has it, and with
// the pages whose checksums are wrong. Such pages alone are no damage if no table needs
// them: they are free, or the WAL has newer ones.
func (l look) check(ctx context.Context) error {
	c, err := newChecker(l.file, l.mode)
	if err != nil {
		return err
	}
	err = errors.Join(c.whole(ctx), c.file.Close())
	if !errors.Is(err, ErrDamaged) {
		return err
	}
	pages, _ := sqlite.CheckPages(l.kept)
	if len(pages) == 0 {
		return err
	}
	const most = 10
	return fmt.Errorf("%w; wrong checksums in %d pages: %s", err, len(pages), strings.Join(pages[:min(len(pages), most)], ", "))
}

// inspect reads the fingerprints and the checkpoints as of one moment.
func (l look) inspect(ctx context.Context) (tables map[string]domain.Hash, checkpoints []wire.Checkpoint, err error) {
	f, err := sqlite.Open(l.file, l.mode, 1, readerPragmas)
	if err != nil {
		return nil, nil, err
	}
	c := conn{Conn: f.Conns[0]}
	err = c.Together(func() error {
		var failed error
		tables, err = c.fingerprint(ctx, l.tables)
		checkpoints, failed = c.checkpoints()
		return errors.Join(err, failed)
	})
	return tables, checkpoints, errors.Join(err, f.Close())
}
