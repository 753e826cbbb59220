package personal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
)

// LedgerName is the name of the ledger in the data directory.
const LedgerName = "erasure-ledger"

// ErrReadOnlyLedger reports that the ledger was opened for reading only.
var ErrReadOnlyLedger = errors.New("the erasure ledger was opened for reading only")

// Ledger lists all erasures in the order in which they were begun. It is append-only, and it must
// outlive every backup: restoring a backup needs it to erase again who was erased since. So it
// is kept apart from backups.
//
// Each line is a JSON object, the next [Erasure] with its number and a link of a chain of
// SHA-256 hashes:
//
//	{"number":1,"organization":"…","user":"…","keys":["…"],"time":"…","position":"3-1042","link":"64 hex digits"}
//
// A link is the SHA-256 of the link before (32 zero bytes at the beginning) and of the line without
// its field link and without its newline. So a line that was changed, dropped or inserted is
// noticed when the ledger is read. Lines that are missing at the end are noticed by the number
// and link that [Ledger.Head] returned before.
//
// It is safe for concurrent use.
type Ledger struct {
	path string

	mu   sync.Mutex
	f    *os.File // nil if it is only read
	size int64    // of the whole lines
	head Head
}

// OpenLedger opens the ledger in a data directory, or makes it. A last line that a killed process
// has not finished is cut off: nothing was erased by it.
func OpenLedger(dir string) (_ *Ledger, err error) {
	l := &Ledger{path: filepath.Join(dir, LedgerName)}
	if l.f, err = os.OpenFile(l.path, os.O_CREATE|os.O_RDWR, fileMode); err != nil {
		return nil, fmt.Errorf("opening the erasure ledger: %w", err)
	}
	if err = l.begin(); err != nil {
		return nil, errors.Join(err, l.f.Close())
	}
	return l, nil
}

func (l *Ledger) begin() error {
	last, size, whole, err := lastLine(l.f)
	if err != nil {
		return fmt.Errorf("reading the erasure ledger: %w", err)
	}
	l.size = whole
	if l.head, err = headOf(last); err != nil {
		return fmt.Errorf("%s: %w", l.path, err)
	}
	if size > whole {
		if err := l.f.Truncate(whole); err != nil {
			return fmt.Errorf("cutting off an unfinished line of the erasure ledger: %w", err)
		}
	}
	return errors.Join(l.f.Sync(), syncDirectory(filepath.Dir(l.path)))
}

// ReadLedger opens a ledger for reading and checks all of it. A file that ends within a line is
// refused: it may have been copied while a line was written.
func ReadLedger(path string) (*Ledger, error) {
	l := &Ledger{path: path}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no erasure ledger: %w", err)
	}
	for _, err := range l.All(context.Background()) {
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Append adds an erasure. It is durable when Append returns nil.
func (l *Ledger) Append(_ context.Context, e Erasure) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return ErrReadOnlyLedger
	}
	text, head, err := l.head.append(nil, e)
	if err != nil {
		return err
	}
	if _, err = l.f.WriteAt(text, l.size); err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("writing the erasure ledger: %w", err) // the next line overwrites what was written
	}
	l.size, l.head = l.size+int64(len(text)), head
	return nil
}

// Head returns where the ledger ends. For a ledger that is only read, that is as of the last time
// that it was read to its end.
func (l *Ledger) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// All returns all erasures in order. It checks the chain, and ends with an error where the ledger
// is damaged.
func (l *Ledger) All(ctx context.Context) iter.Seq2[Erasure, error] {
	return func(yield func(Erasure, error) bool) {
		if err := l.read(ctx, func(e Erasure) bool { return yield(e, nil) }); err != nil {
			yield(Erasure{}, fmt.Errorf("%s: %w", l.path, err))
		}
	}
}

func (l *Ledger) read(ctx context.Context, do func(Erasure) bool) error {
	f, err := os.Open(l.path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	l.mu.Lock()
	writing, size := l.f != nil, l.size
	l.mu.Unlock()
	var from io.Reader = f
	if writing {
		from = io.LimitReader(f, size)
	}
	lines, head := bufio.NewReader(from), Head{}
	for {
		text, err := lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && len(text) == 0:
			l.mu.Lock()
			defer l.mu.Unlock()
			if !writing {
				l.head = head
			}
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("line %d is not finished: copy the ledger again: %w", head.Lines+1, ErrDamagedLedger)
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		var e Erasure
		if e, head, err = head.next(bytes.TrimSuffix(text, []byte("\n"))); err != nil {
			return err
		}
		if !do(e) {
			return nil
		}
	}
}

// Close closes the ledger.
func (l *Ledger) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
