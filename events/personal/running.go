package personal

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// EachRunning calls use with the keys in a data directory in which a service runs, as [Keys.Each]
// does, and returns the secret for hashes of requests. The service has the file locked, so it is
// read without locks. If it has changed meanwhile it is read again, and keys come again: what comes
// last counts, and an erased key stays erased. The secret of a key that is being destroyed may
// come half overwritten before. A directory without the file has no keys, and no secret. The
// process of the service itself must not call EachRunning, because that would lose its locks.
func EachRunning(ctx context.Context, dir string, use func(Copy) error) (secret []byte, err error) {
	path, err := filepath.Abs(filepath.Join(dir, FileName))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for attempt := 0; ; attempt++ {
		before, idle, err := changes(path)
		if err == nil && idle {
			secret, err = eachUnlocked(ctx, path, use)
			if refused, ok := errors.AsType[refusedCopy](err); ok {
				return nil, refused.error
			}
			// What was read while nobody wrote is what is there, also if it is damaged.
			if after, still, failed := changes(path); failed == nil && still && after == before {
				return secret, err
			}
		}
		if attempt == runningAttempts {
			return nil, errors.Join(err, fmt.Errorf("%s: %w", path, ErrFileInUse))
		}
		select {
		case <-time.After(runningPause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// The file changes when a pool of keys is made or a key is destroyed, which is seldom.
const (
	runningAttempts = 50
	runningPause    = 20 * time.Millisecond
)

// refusedCopy is an error of whoever takes the keys.
type refusedCopy struct{ error }

func (r refusedCopy) Unwrap() error { return r.error }

// Bytes of SQLite's files.
const (
	changeCounter = 24 // offset in the file
	counterSize   = 4
)

// changes returns SQLite's count of the changes of a file, and reports whether nobody changes it.
func changes(path string) (count uint64, idle bool, err error) {
	start, err := beginning(path, changeCounter+counterSize)
	if err != nil || len(start) < changeCounter+counterSize {
		return 0, false, err
	}
	for _, b := range start[changeCounter:] {
		count = count<<8 | uint64(b)
	}
	journal, err := beginning(path+journalSuffix, len(journalMagic))
	if errors.Is(err, fs.ErrNotExist) {
		return count, true, nil
	}
	return count, !bytes.Equal(journal, journalMagic), err
}

// beginning returns the first bytes of a file, as many as it has.
func beginning(path string, n int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(n)))
	return b, errors.Join(err, f.Close())
}

// eachUnlocked reads the file as it is. SQLite takes no locks and looks at no journal.
func eachUnlocked(ctx context.Context, path string, use func(Copy) error) (secret []byte, err error) {
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{"mode": {"ro"}, "immutable": {"1"}}.Encode()}
	db, err := sql.Open("sqlite3", name.String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, conn: conn, db: db, step: func(string) {}}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := f.check(ctx, true); err != nil {
		return nil, f.failed(err)
	}
	found, err := f.requestSecret(ctx)
	if err != nil {
		return nil, err
	}
	err = f.each(ctx, func(key Key, erased bool) error {
		c := Copy{ID: key.id}
		if !erased {
			c.Secret = bytes.Clone(key.secret[:])
		}
		if err := use(c); err != nil {
			return refusedCopy{err}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found[:], nil
}
