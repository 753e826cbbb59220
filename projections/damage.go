package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/muster-dev/muster/projections/sqlite"
)

// ErrDamaged reports that the read models' file is not what Muster has written. Nothing is
// read from the file any more. The read models must be closed, set aside ([SetAside]) and
// rebuilt.
var ErrDamaged = sqlite.ErrDamaged

// AsideDir is the name of the directory in the data directory that damaged files are
// moved to.
const AsideDir = "set-aside"

// Damaged returns a channel that is closed when damage has been found; see
// [ReadModels.Damage].
func (m *ReadModels) Damaged() <-chan struct{} { return m.damaged }

// Damage returns the damage that was found since the read models were opened, or nil. It is
// around [ErrDamaged]. From then on everything else returns it, too.
func (m *ReadModels) Damage() error {
	if damage := m.damage.Load(); damage != nil {
		return *damage
	}
	return nil
}

// report notes the damage, if it is the first that was found.
func (m *ReadModels) report(damage error) {
	if m.damage.CompareAndSwap(nil, &damage) {
		close(m.damaged)
	}
}

// SetAside moves the file of the read models, which must not be open, to [AsideDir]. It
// replaces what was set aside before, unless that is not Muster's.
func SetAside(o Options) error {
	file, dir := o.file(), filepath.Join(o.Dir, AsideDir)
	name, err := freeName(file, dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil // there is no file
	}
	if err != nil {
		return err
	}
	if err := sqlite.SetAside(file, dir, name); err != nil {
		return err
	}
	o.logger().Error("the file of the read models has been set aside: keep a copy if you want to find out what has damaged it",
		slog.String("file", filepath.Join(dir, name)))
	return errors.Join(flush(dir), flush(o.Dir))
}

// deleteAside deletes read models that were set aside. They have personal data in clear, which
// would outlive an erasure there.
func (o Options) deleteAside() error {
	dir := filepath.Join(o.Dir, AsideDir)
	files, err := filepath.Glob(filepath.Join(dir, File+"*"))
	if err != nil {
		return err
	}
	deleted := false
	var failed error
	for _, file := range files {
		ours, err := deletable(file)
		if err == nil && ours {
			deleted, err = true, sqlite.Delete(file)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	if !deleted {
		return failed
	}
	o.logger().Info("read models that had been set aside are deleted, because a person was erased")
	return errors.Join(failed, flush(dir))
}

// deletable reports whether a file that was set aside may have what Muster has written. A WAL
// without its file has: a process was killed within [sqlite.Delete], and only Muster's are deleted.
func deletable(file string) (bool, error) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	if database, beside := sqlite.Database(file); beside {
		_, err := os.Stat(database)
		if errors.Is(err, os.ErrNotExist) {
			return true, nil
		}
		return false, err // it goes with its file
	}
	return wasOurs(file)
}

// freeName returns the name that the file gets in the directory. Only Muster's files share
// one.
func freeName(file, dir string) (string, error) {
	replaces, err := wasOurs(file)
	if err != nil {
		return "", err
	}
	for n := 0; ; n++ {
		name := File
		if n > 0 {
			name = fmt.Sprintf("%s.%d", File, n)
		}
		ours, err := wasOurs(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) || err == nil && ours && replaces {
			return name, nil
		}
		if err != nil {
			return "", err
		}
	}
}

// isOurs reports whether the header of a file says that Muster has made it.
func isOurs(file string) (bool, error) {
	database, application, err := header(file)
	return database && application == applicationID, err
}

// wasOurs reports whether Muster has made the file, also if its header is damaged.
func wasOurs(file string) (bool, error) {
	database, application, err := header(file)
	if err != nil || database && application == applicationID {
		return err == nil, err
	}
	switch page, err := sqlite.FirstWholePage(file, pageSize); {
	case err != nil:
		return false, err
	case page > 0:
		return page > 1, nil // if the first page is whole, so is the header
	case database:
		return false, nil
	}
	_, err = os.Stat(file + "-wal") // what is no database has none
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// header reads from the header of a file whether it is a database of SQLite, and of which
// application.
func header(file string) (database bool, application uint32, err error) {
	f, err := os.Open(file)
	if err != nil {
		return false, 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	header := make([]byte, 72)
	_, err = io.ReadFull(f, header)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, 0, nil
	}
	return err == nil && string(header[:16]) == "SQLite format 3\x00", binary.BigEndian.Uint32(header[68:]), err
}
