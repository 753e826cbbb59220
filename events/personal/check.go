package personal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"
)

// Check reads all keys, and returns an error around [ErrDamagedFile] if they are not as they were
// written, as far as that can be seen from them: a secret that was changed is noticed when something
// that was sealed with it is opened. It returns how many keys and how many marks of erased ones there
// are, and how far the erasure ledger was applied to them.
func (k *Keys) Check(ctx context.Context) (keys, erased uint64, applied Head, err error) {
	if f, ok := k.keeper.(*file); ok {
		if err := f.integrity(ctx); err != nil {
			return 0, 0, applied, err
		}
	}
	err = k.keeper.each(ctx, func(_ Key, gone bool) error {
		if gone {
			erased++
		} else {
			keys++
		}
		return nil
	})
	if err == nil {
		applied, err = k.keeper.applied(ctx)
	}
	return keys, erased, applied, err
}

// integrity has SQLite check the file: its pages, its rows, and that the index has the ids of the rows.
func (f *file) integrity(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found string
	if err := f.conn.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
		return f.failed(err)
	}
	if found != "ok" {
		return fmt.Errorf("%s: %w: %s", f.path, ErrDamagedFile, found)
	}
	return nil
}

// CheckLedger reads the ledger in a data directory that no service uses, checks its chain, and returns
// where it ends. It reports false if there is none. A last line that is not finished counts as none: a
// start cuts it off. The error also says if the ledger does not have what was applied, as [Keys.Check]
// returns it: then it was set back, or is another one.
func CheckLedger(ctx context.Context, dir string, applied Head) (end Head, found bool, err error) {
	path := filepath.Join(dir, LedgerName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return end, false, continues(applied, end, applied == end)
	}
	if err != nil {
		return end, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, _, whole, err := lastLine(f)
	if err != nil {
		return end, true, err
	}
	end, err = (&Ledger{shelf: &ledgerFile{path: path, f: f, size: whole}}).check(ctx, applied)
	return end, true, err
}

// CheckLedgerStream is [CheckLedger] for a ledger on servers.
func CheckLedgerStream(ctx context.Context, servers Servers, applied Head) (end Head, found bool, err error) {
	l, err := OpenLedgerStream(ctx, servers, true)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return end, false, continues(applied, end, applied == end)
	}
	if err != nil {
		return end, false, err
	}
	end, err = l.check(ctx, applied)
	return end, true, errors.Join(err, l.Close())
}

// check checks the chain, and that it has what was applied, and returns where it ends.
func (l *Ledger) check(ctx context.Context, applied Head) (end Head, err error) {
	found := applied == Head{}
	err = l.walk(ctx, func(_ []byte, _ Erasure, at Head) (bool, error) {
		end, found = at, found || at == applied
		return true, nil
	})
	if err == nil {
		err = continues(applied, end, found)
	}
	return end, err
}
