package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// ErrExists reports that a copy cannot be made where something is already.
var ErrExists = errors.New("something is there already, and a copy replaces nothing: name a directory that does not exist")

// Options say what is copied, and where to.
type Options struct {
	// From is the log that is copied. It is only read. No service may run on a data
	// directory, and none should write on a server: what is written meanwhile is not copied.
	From store.Options
	// To is the data directory that is made.
	To     string
	Logger *slog.Logger
	// Progress is called with what is being done, and returns what is called with how many events of
	// how many are done; nil for none.
	Progress func(what string) (show func(done, of uint64), end func())
}

// Result is what was copied.
type Result struct {
	Events   uint64 // of all partitions
	Sealed   uint64 // profiles that were in the clear
	People   int    // whose profiles these are, counted in each organization
	Requests uint64 // hashes of requests that were hashed again
}

// unfinished is behind the name of a copy that has not been compared yet.
const unfinished = ".unfinished"

// Copy makes the copy. When it returns nil the copy is on disk, and was compared with the log. The error
// wraps [ErrExists] if there is something in its place.
func Copy(ctx context.Context, o Options) (r Result, err error) {
	if o.Progress == nil {
		o.Progress = func(string) (func(uint64, uint64), func()) { return func(uint64, uint64) {}, func() {} }
	}
	work := filepath.Clean(o.To) + unfinished
	for path, hint := range map[string]string{o.To: "", work: ": it was left by a copy that was interrupted, and can be deleted"} {
		if _, err := os.Lstat(path); err == nil {
			return r, fmt.Errorf("%s: %w%s", path, ErrExists, hint)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
	}
	if store.Within(o.To, o.From.Dir) {
		return r, fmt.Errorf("%s is in the data directory %s: name a directory outside of it", o.To, o.From.Dir)
	}
	from, err := openLog(ctx, o.From)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	if err := os.MkdirAll(filepath.Dir(work), 0o750); err != nil {
		return r, err
	}
	if err := os.Mkdir(work, 0o750); err != nil {
		return r, err
	}
	if err := store.MarkUnfinished(work); err != nil {
		return r, err
	}
	if r, err = o.fill(ctx, from, work); err != nil {
		return r, fmt.Errorf("%w (what was copied is in %s, and can be deleted)", err, work)
	}
	if err := store.MarkFinished(work); err != nil {
		return r, err
	}
	if err := os.Rename(work, filepath.Clean(o.To)); err != nil {
		return r, err
	}
	return r, syncDirectory(filepath.Dir(work))
}

// fill makes the copy in the directory, and compares it.
func (o Options) fill(ctx context.Context, from *log, work string) (Result, error) {
	if err := copyFiles(o.From.Dir, work); err != nil {
		return Result{}, err
	}
	if o.From.URL != "" {
		if err := from.copyLedger(ctx, work); err != nil {
			return Result{}, err
		}
	}
	to, err := openLog(ctx, store.Options{Dir: work, Partitions: len(from.Partitions), Unfinished: true, Logger: o.Logger})
	if err != nil {
		return Result{}, err
	}
	c := copier{from: from, to: to, keys: make(map[person]personal.KeyID), progress: o.Progress}
	if err := errors.Join(c.run(ctx), to.close()); err != nil {
		return c.result, err
	}
	// The copy is read as it is on disk, and by nothing that has written it.
	if to, err = openLog(ctx, store.Options{Dir: work, ReadOnly: true, Unfinished: true, Logger: o.Logger}); err != nil {
		return c.result, err
	}
	c.to = to
	return c.result, errors.Join(c.compare(ctx), to.close())
}

// log is a log with the keys of the profiles in it.
type log struct {
	*store.Store
	people *personal.Keys
	ends   []wire.Checkpoint // of the partitions
}

func openLog(ctx context.Context, o store.Options) (_ *log, err error) {
	l := &log{}
	if l.Store, err = store.Open(ctx, o); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	keys := personal.Options{Dir: o.Dir, ReadOnly: o.ReadOnly, Logger: o.Logger}
	if o.URL != "" {
		keys.Servers = &personal.Servers{JS: l.JS, Beside: l.Beside}
	}
	if l.people, err = personal.Open(ctx, keys); err != nil {
		return nil, err
	}
	for _, p := range l.Partitions {
		end, err := p.Tip(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w; muster audit verify says more", err)
		}
		l.ends = append(l.ends, end)
	}
	return l, nil
}

func (l *log) close() error {
	var err error
	if l.people != nil {
		err = l.people.Close()
	}
	return errors.Join(err, l.Close())
}

// events returns how many events the log has.
func (l *log) events() (n uint64) {
	for _, end := range l.ends {
		n += end.Number
	}
	return n
}

// each calls use with every event, partition by partition.
func (l *log) each(ctx context.Context, use func(partition int, e *wire.Entry) error) error {
	for i, p := range l.Partitions {
		if l.ends[i].Message == 0 {
			continue
		}
		start := wire.Checkpoint{Position: wire.Position{Partition: p.Number}}
		err := p.Stored(ctx, start, l.ends[i], func(_ wire.Envelope, m wire.Message) error {
			for n := range m.Entries {
				if err := use(p.Number, &m.Entries[n]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copyLedger writes the erasure ledger of servers into the directory of the copy. Servers on which
// no version has run that seals have none.
func (l *log) copyLedger(ctx context.Context, to string) (err error) {
	ledger, err := personal.OpenLedgerStream(ctx, personal.Servers{JS: l.JS, Beside: l.Beside}, true)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	var text bytes.Buffer
	if err := ledger.Export(ctx, &text); err != nil {
		return err
	}
	return store.WriteFile(filepath.Join(to, personal.LedgerName), text.Bytes(), 0o600)
}

// copyFiles copies the files of a data directory that the copy needs from the beginning.
func copyFiles(from, to string) error {
	if from == "" {
		return nil
	}
	for _, name := range []string{"root-token", "nats-token", personal.LedgerName} {
		content, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := store.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
