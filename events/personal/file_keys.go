package personal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// make makes all keys with one statement, which is one transaction and one flush.
func (f *file) make(ctx context.Context, count int) ([]Key, error) {
	keys := make([]Key, count)
	ids, secrets := make([]byte, 0, count*len(KeyID{})), make([]byte, 0, count*secretSize)
	for i := range keys {
		keys[i] = newKey()
		ids, secrets = append(ids, keys[i].id[:]...), append(secrets, keys[i].secret[:]...)
	}
	defer clear(secrets)
	f.mu.Lock()
	defer f.mu.Unlock()
	result, err := f.conn.ExecContext(context.WithoutCancel(ctx), `
		WITH RECURSIVE place(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < ?)
		INSERT INTO key (erased, id, secret) SELECT 0, substr(?, 16 * i + 1, 16), substr(?, 32 * i + 1, 32) FROM place`, count, ids, secrets)
	if err != nil {
		return nil, f.failed(err)
	}
	last, err := result.LastInsertId()
	if err != nil {
		return nil, err
	}
	for i := range keys {
		keys[i].number = last - int64(count-1-i)
	}
	return keys, nil
}

// spare takes the ranges out of the file before it returns their keys, so that they are not
// returned again after a crash.
func (f *file) spare(ctx context.Context, _ int) (keys []Key, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err = f.rows(ctx, func(k Key, _ bool) error { keys = append(keys, k); return nil },
		"SELECT number, erased, id, secret FROM spare JOIN key ON number BETWEEN first AND last WHERE erased = 0 ORDER BY number")
	if err == nil && len(keys) > 0 {
		err = f.together(ctx, func() error {
			_, err := f.conn.ExecContext(ctx, "DELETE FROM spare")
			return err
		})
	}
	if err != nil {
		return nil, f.failed(err)
	}
	return keys, nil
}

func (f *file) giveBack(ctx context.Context, keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.together(ctx, func() error {
		for len(keys) > 0 {
			n := 1
			for n < len(keys) && keys[n].number == keys[n-1].number+1 {
				n++
			}
			if _, err := f.conn.ExecContext(ctx, "INSERT INTO spare VALUES (?, ?)", keys[0].number, keys[n-1].number); err != nil {
				return err
			}
			keys = keys[n:]
		}
		return nil
	})
	if err != nil {
		return f.failed(err)
	}
	return nil
}

func (f *file) find(ctx context.Context, id KeyID) (Key, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var erased bool
	var secret []byte
	err := f.conn.QueryRowContext(ctx, "SELECT erased, secret FROM key WHERE id = ?", id[:]).Scan(&erased, &secret)
	defer clear(secret)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Key{}, fmt.Errorf("%s: key %s: %w", f.path, id, ErrUnknownKey)
	case err != nil && ctx.Err() != nil:
		return Key{}, context.Cause(ctx)
	case err != nil:
		return Key{}, f.failed(err)
	}
	return f.key(0, erased, id[:], secret)
}

// key checks a row. Its error is [ErrErased] for the mark of an erased key.
func (f *file) key(number int64, erased bool, id, secret []byte) (Key, error) {
	if len(id) != len(KeyID{}) || len(secret) != secretSize || erased != ([secretSize]byte(secret) == [secretSize]byte{}) {
		return Key{}, fmt.Errorf("%s: key %x: %w", f.path, id, ErrDamagedFile)
	}
	k := Key{id: KeyID(id), number: number, secret: [secretSize]byte(secret)}
	if erased {
		return k, ErrErased
	}
	return k, nil
}

// destroy overwrites the keys in one transaction, and then the journal.
func (f *file) destroy(ctx context.Context, ids []KeyID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.together(ctx, func() error {
		for _, id := range ids {
			if err := f.mark(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return f.failed(err)
	}
	f.step("committed")
	// The keys may have been destroyed by a process that was killed before this, so the
	// journal is overwritten even if nothing has changed.
	if err := f.wipeJournal(); err != nil {
		return fmt.Errorf("overwriting %s: %w", f.path+journalSuffix, err)
	}
	f.step("wiped")
	return nil
}

// mark overwrites a key. A key that is not there gets the mark too. The new row has the size of
// the old one, so SQLite writes it in the same place.
func (f *file) mark(ctx context.Context, id KeyID) error {
	_, err := f.conn.ExecContext(ctx, `
		INSERT INTO key (erased, id, secret) VALUES (1, ?, zeroblob(32))
		ON CONFLICT (id) DO UPDATE SET erased = 1, secret = zeroblob(32)`, id[:])
	return err
}

// wipeJournal overwrites the rollback journal with zeros. There must be no transaction. SQLite
// takes a journal that begins with zeros for an ended one.
func (f *file) wipeJournal() error {
	journal, err := os.OpenFile(f.path+journalSuffix, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := journal.Stat()
	if err == nil {
		_, err = io.Copy(io.NewOffsetWriter(journal, 0), io.LimitReader(zeros{}, info.Size()))
	}
	if err == nil {
		err = journal.Sync()
	}
	return errors.Join(err, journal.Close())
}

// zeros is an endless source of zeros.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func (f *file) requestSecret(ctx context.Context) (secret [secretSize]byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []byte
	err = f.conn.QueryRowContext(ctx, "SELECT secret FROM request_secret").Scan(&found)
	if err == nil && len(found) != secretSize || errors.Is(err, sql.ErrNoRows) {
		err = ErrDamagedFile
	}
	if err != nil {
		return secret, f.failed(err)
	}
	return [secretSize]byte(found), nil
}

// eachPage is how many rows are read at once, so that finding a key does not wait for all of
// them.
const eachPage = 4096

func (f *file) each(ctx context.Context, do func(Key, bool) error) error {
	for after := int64(0); ; {
		page, erased, err := f.page(ctx, after)
		if err != nil {
			return f.failed(err)
		}
		if len(page) == 0 {
			return nil
		}
		for i, k := range page {
			if err := do(k, erased[i]); err != nil {
				return err
			}
		}
		after = page[len(page)-1].number
	}
}

func (f *file) page(ctx context.Context, after int64) (keys []Key, erased []bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err = f.rows(ctx, func(k Key, gone bool) error { keys, erased = append(keys, k), append(erased, gone); return nil },
		"SELECT number, erased, id, secret FROM key WHERE number > ? ORDER BY number LIMIT ?", after, eachPage)
	return keys, erased, err
}

// rows calls f with the rows of a query.
func (f *file) rows(ctx context.Context, do func(k Key, erased bool) error, query string, args ...any) error {
	rows, err := f.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	for rows.Next() {
		var number int64
		var erased bool
		var id, secret sql.RawBytes
		if err := rows.Scan(&number, &erased, &id, &secret); err != nil {
			return err
		}
		k, err := f.key(number, erased, id, secret)
		if err != nil && !errors.Is(err, ErrErased) {
			return err
		}
		if err := do(k, erased); err != nil {
			return err
		}
	}
	return rows.Err()
}

// restore adds what a backup has. What the file has already counts more.
func (f *file) restore(ctx context.Context, keys []Key, erased []KeyID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.together(ctx, func() error {
		for _, k := range keys {
			if _, err := f.conn.ExecContext(ctx, "INSERT INTO key (erased, id, secret) VALUES (0, ?, ?) ON CONFLICT (id) DO NOTHING",
				k.id[:], slices.Clone(k.secret[:])); err != nil {
				return err
			}
		}
		for _, id := range erased {
			if err := f.mark(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(erased) > 0 {
		err = f.wipeJournal()
	}
	if err != nil {
		return f.failed(err)
	}
	return nil
}

func (f *file) restoreSecret(ctx context.Context, secret [secretSize]byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.conn.ExecContext(ctx, "UPDATE request_secret SET secret = ?", secret[:]); err != nil {
		return f.failed(err)
	}
	return nil
}
