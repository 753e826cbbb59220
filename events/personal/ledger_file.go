package personal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// LedgerName is the name of the ledger in the data directory.
const LedgerName = "erasure-ledger"

// ErrReadOnlyLedger reports that the ledger was opened for reading only.
var ErrReadOnlyLedger = errors.New("the erasure ledger was opened for reading only")

// ledgerFile is a ledger in a file.
type ledgerFile struct {
	path string

	mu   sync.Mutex
	f    *os.File // nil if it is only read
	size int64    // of the finished lines
	end  Head
}

// OpenLedger opens the ledger in a data directory, or makes it. A last line that a killed process
// has not finished is cut off: nothing was erased by it.
func OpenLedger(dir string) (*Ledger, error) {
	l := &ledgerFile{path: filepath.Join(dir, LedgerName)}
	var err error
	if l.f, err = os.OpenFile(l.path, os.O_CREATE|os.O_RDWR, fileMode); err != nil {
		return nil, fmt.Errorf("opening the erasure ledger: %w", err)
	}
	if err := l.begin(); err != nil {
		return nil, fmt.Errorf("opening the erasure ledger: %s: %w", l.path, errors.Join(err, l.f.Close()))
	}
	return &Ledger{shelf: l}, nil
}

func (l *ledgerFile) begin() error {
	last, size, finished, err := lastLine(l.f)
	if err != nil {
		return err
	}
	l.size = finished
	if l.end, err = headOf(last); err != nil {
		return err
	}
	if size > finished {
		if err := l.f.Truncate(finished); err != nil {
			return fmt.Errorf("cutting off an unfinished line: %w", err)
		}
	}
	return errors.Join(l.f.Sync(), syncDirectory(filepath.Dir(l.path)))
}

// ReadLedger opens a file with a ledger for reading, and checks all of it. A file that ends within
// a line is refused: it may have been copied while the line was written.
func ReadLedger(path string) (*Ledger, error) {
	l := &Ledger{shelf: &ledgerFile{path: path}}
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

func (l *ledgerFile) append(_ context.Context, after Head, e Erasure) (Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.f == nil:
		return after, ErrReadOnlyLedger
	case l.end != after:
		return after, errMoved
	}
	text, end, err := l.end.append(nil, e)
	if err == nil {
		err = l.f.Truncate(l.size) // an attempt that failed may have left a longer line
	}
	if err == nil {
		_, err = l.f.WriteAt(append(text, '\n'), l.size)
	}
	if err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		return after, err
	}
	l.size, l.end = l.size+int64(len(text))+1, end
	return end, nil
}

func (l *ledgerFile) head(context.Context) (Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		return l.end, nil
	}
	f, err := os.Open(l.path)
	if err != nil {
		return Head{}, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	last, _, _, err := lastLine(f)
	if err != nil {
		return Head{}, err
	}
	return headOf(last)
}

func (l *ledgerFile) each(ctx context.Context, after uint64, do func(text []byte) (bool, error)) error {
	f, err := os.Open(l.path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var from io.Reader = f
	l.mu.Lock()
	if l.f != nil { // lines may be written meanwhile
		from = io.LimitReader(f, l.size)
	}
	l.mu.Unlock()
	err = eachLine(ctx, from, func(text []byte) (bool, error) {
		if after > 0 {
			after--
			return true, nil
		}
		return do(text)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", l.path, err)
	}
	return nil
}

// eachLine calls f with each line of a ledger, until f returns false.
func eachLine(ctx context.Context, from io.Reader, do func(text []byte) (bool, error)) error {
	lines := bufio.NewReader(from)
	for {
		text, err := lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && len(text) == 0:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the file ends within a line: copy it again: %w", ErrDamagedLedger)
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if more, err := do(bytes.TrimSuffix(text, []byte("\n"))); err != nil || !more {
			return err
		}
	}
}

func (l *ledgerFile) close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
