package personal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/mattn/go-sqlite3"
)

// The ways in which a file of keys can be refused.
var (
	// ErrForeignFile: the file is something else than keys.
	ErrForeignFile = errors.New("the file does not hold keys of personal data: put the right one in its place")
	// ErrDamagedFile: the file of keys is damaged.
	ErrDamagedFile = errors.New("the file with the keys of personal data is damaged: restore it from a backup")
	// ErrNewerFile: a newer version made the file.
	ErrNewerFile = errors.New("the file with the keys of personal data has an unknown format: a newer Muster made it")
	// ErrMissing: the keys that must be there are not.
	ErrMissing = errors.New("the keys of personal data are missing: put them back from a backup; without them nobody can read the profiles in the log")
	// ErrFileInUse: another process has opened the file.
	ErrFileInUse = errors.New("the file with the keys of personal data is in use by another process")
)

// errHalfWay: a process was killed while it wrote the file, which must not be changed now.
var errHalfWay = errors.New("a process was killed while it wrote keys of personal data")

// FileName is the name of the file of keys in the data directory.
const FileName = "personal-keys.db"

const (
	journalSuffix = "-journal"
	fileMode      = 0o600
	applicationID = 0x4d50534b // "MPSK" in the header of the file
	fileFormat    = 1
)

// file keeps keys in SQLite.
//
// SQLite's secure_delete overwrites what is deleted. But when rows move between pages, it can
// leave copies in the unused parts of pages, where nothing finds them again. So no row ever moves:
// keys are appended in the order of their numbers, all rows have the same size, and a key
// is destroyed by overwriting it with zeros in its place. The index has only ids.
//
// The rollback journal gets a copy of each page before it changes, and so of keys. It is kept
// (PERSIST) rather than deleted, because then it can be overwritten with zeros after the
// commit. A journal that a killed process has left is overwritten when the file is opened. There
// is no WAL, and temporary tables and statement journals are in memory.
type file struct {
	path string
	mu   sync.Mutex // guards conn
	db   *sql.DB
	conn *sql.Conn // the only one; it has the file locked

	// step is called before each step of destroying, so that tests can stop there.
	step func(name string)
}

const tables = `
CREATE TABLE key (
	number INTEGER PRIMARY KEY,   -- in the order in which keys were made
	erased INTEGER NOT NULL,      -- 1: the secret is zeros
	id     BLOB NOT NULL,         -- 16 bytes
	secret BLOB NOT NULL          -- 32 bytes
);
CREATE UNIQUE INDEX key_id ON key (id);
-- Ranges of keys that were made and that nobody was given.
CREATE TABLE spare (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE request_secret (only INTEGER PRIMARY KEY CHECK (only = 1), secret BLOB NOT NULL);`

// openFile opens the file in the directory, or makes it unless it must exist. A file that is missing
// and may only be read is an empty one.
func openFile(ctx context.Context, dir string, readOnly, mustExist bool) (keeper, error) {
	path, err := filepath.Abs(filepath.Join(dir, FileName))
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch missing := errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0; {
	case missing && mustExist:
		return nil, fmt.Errorf("%s: %w", path, ErrMissing)
	case missing && readOnly:
		return none{}, nil
	}
	if !readOnly {
		if err := prepareFile(path); err != nil {
			return nil, fmt.Errorf("making %s: %w", path, err)
		}
	}
	f := &file{path: path, step: func(string) {}}
	err = f.connect(ctx, connector{path, readOnly, nil})
	if readOnly && errors.Is(f.failed(err), errHalfWay) {
		var image []byte
		if image, err = rolledBack(path); err == nil {
			err = errors.Join(f.close(), f.connect(ctx, connector{path, readOnly, image}))
		}
	}
	if err == nil && !readOnly {
		err = f.wipeJournal()
	}
	if err != nil {
		return nil, errors.Join(f.failed(err), f.close())
	}
	return f, nil
}

// connect opens the file, and checks it.
func (f *file) connect(ctx context.Context, c connector) (err error) {
	f.db, f.conn = sql.OpenDB(c), nil
	if f.conn, err = f.db.Conn(ctx); err != nil {
		return err
	}
	return f.check(ctx, c.readOnly)
}

// prepareFile makes an empty file that only its owner can read, or corrects the mode.
func prepareFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return err
	}
	// Nothing but SQLite may close the file while SQLite has it open, because POSIX locks would be
	// lost. It is not open yet.
	return errors.Join(f.Chmod(fileMode), f.Sync(), f.Close(), syncDirectory(filepath.Dir(path)))
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// connector opens the connection to the file.
type connector struct {
	path     string
	readOnly bool
	image    []byte // what is read instead of the file; nil: the file itself
}

// Driver returns SQLite's driver.
func (c connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// Connect opens the connection and sets what it needs before it reads the file. The lock comes
// first: with it, SQLite ends the transaction of a killed process without deleting the journal.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	query := url.Values{"mode": {"rw"}, "_locking_mode": {"EXCLUSIVE"}, "_busy_timeout": {"0"}}
	pragmas := []string{
		"PRAGMA temp_store=MEMORY", "PRAGMA journal_mode=PERSIST", "PRAGMA journal_size_limit=-1", "PRAGMA synchronous=EXTRA",
		"PRAGMA fullfsync=ON", "PRAGMA secure_delete=ON", "PRAGMA cell_size_check=ON", "PRAGMA trusted_schema=OFF",
	}
	if c.readOnly {
		query = url.Values{"mode": {"ro"}, "_busy_timeout": {"1000"}}
		pragmas = []string{"PRAGMA temp_store=MEMORY", "PRAGMA query_only=ON", "PRAGMA cell_size_check=ON", "PRAGMA trusted_schema=OFF"}
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(c.path), RawQuery: query.Encode()}
	text := name.String()
	if c.image != nil {
		text = ":memory:"
	}
	opened, err := c.Driver().Open(text)
	if err != nil {
		return nil, err
	}
	conn := opened.(*sqlite3.SQLiteConn)
	if c.image != nil {
		if err := conn.Deserialize(c.image, ""); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		clear(c.image)
	}
	for _, pragma := range pragmas {
		if _, err := conn.Exec(pragma, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// check refuses a file that is not ours, and makes the tables of an empty one.
func (f *file) check(ctx context.Context, readOnly bool) error {
	var application, format, tablesFound int
	for pragma, value := range map[string]*int{
		"PRAGMA application_id": &application, "PRAGMA user_version": &format, "SELECT count(*) FROM sqlite_schema": &tablesFound,
	} {
		if err := f.conn.QueryRowContext(ctx, pragma).Scan(value); err != nil {
			return err
		}
	}
	switch {
	case application == 0 && format == 0 && tablesFound == 0: // new, or killed while it was made
		if readOnly {
			return nil
		}
		return f.makeTables(ctx)
	case application != applicationID:
		return ErrForeignFile
	case format != fileFormat:
		return fmt.Errorf("format %d, not %d: %w", format, fileFormat, ErrNewerFile)
	case readOnly:
		return nil
	}
	// The lock is taken by the first transaction that writes, and kept.
	_, err := f.conn.ExecContext(ctx, "BEGIN EXCLUSIVE; COMMIT")
	return err
}

func (f *file) makeTables(ctx context.Context) error {
	secret := newKey().secret
	return f.together(ctx, func() error {
		_, err := f.conn.ExecContext(ctx, tables)
		if err == nil {
			_, err = f.conn.ExecContext(ctx, "INSERT INTO request_secret VALUES (1, ?)", secret[:])
		}
		if err == nil {
			_, err = f.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d", applicationID, fileFormat))
		}
		return err
	})
}

// together runs f in a transaction, which is durable when together returns nil. The context must
// not end it half-way, so the caller's is not used for the transaction itself.
func (f *file) together(ctx context.Context, do func() error) error {
	ctx = context.WithoutCancel(ctx)
	if _, err := f.conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		return err
	}
	f.step("begun")
	err := do()
	if err == nil {
		f.step("changed")
		_, err = f.conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, undone := f.conn.ExecContext(ctx, "ROLLBACK")
		if undone != nil && sqliteCode(undone) == sqlite3.ErrError {
			undone = nil // SQLite has rolled back by itself
		}
		return errors.Join(err, undone)
	}
	return nil
}

// failed explains an error of SQLite.
func (f *file) failed(err error) error {
	if err == nil {
		return nil
	}
	var own error
	switch sqliteCode(err) {
	case sqlite3.ErrNotADB:
		own = ErrForeignFile
	case sqlite3.ErrCorrupt, sqlite3.ErrFormat:
		own = ErrDamagedFile
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		own = ErrFileInUse
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen:
		if extended := (sqlite3.Error{}); errors.As(err, &extended) &&
			(extended.ExtendedCode == sqlite3.ErrReadonlyRollback || extended.ExtendedCode == sqlite3.ErrReadonlyRecovery) {
			own = errHalfWay
		}
	}
	if own != nil {
		return fmt.Errorf("%s: %w: %w", f.path, own, err)
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// sqliteCode returns SQLite's code of an error; 0 if it is another error.
func sqliteCode(err error) sqlite3.ErrNo {
	var e sqlite3.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func (f *file) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	if f.conn != nil {
		errs = append(errs, f.conn.Close())
	}
	return errors.Join(append(errs, f.db.Close())...)
}
