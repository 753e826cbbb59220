package projections

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Rebuild builds the read models from the log, up to its tips. It builds them in a new
// file, which replaces the old one once it is complete. So even after a failure there
// are either the old read models, the new ones, or none.
//
// Rebuild must not be called while the read models are open. If progress is not nil, it
// is called with the number of events that are done and the number of all events. A file
// that is damaged or not Muster's is moved aside first ([SetAside]). Read models that know more
// than the log holds are left alone: the error wraps [store.ErrTruncated].
func Rebuild(ctx context.Context, log *events.Log, o Options, progress func(done, of uint64)) error {
	if err := agree(ctx, log, o); err != nil {
		return err
	}
	defer debug.FreeOSMemory() // what a rebuild needs is needed only once
	return rebuild(o, replayOf(ctx, log, progress))
}

func replayOf(ctx context.Context, log *events.Log, progress func(done, of uint64)) replay {
	return func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		return log.Replay(ctx, after, progress, apply)
	}
}

// replay calls apply with every message after the checkpoints, in order, and returns
// when there are no more.
type replay func(after []wire.Checkpoint, apply func([]wire.Message) error) error

// rebuild builds the read models in a new file, which then replaces the old one. The
// read models must not be open.
func rebuild(o Options, replay replay) error {
	err := examine(o.file(), o.Partitions)
	if err == nil {
		err = checkFile(o.file())
	}
	if err != nil && !errors.Is(err, ErrNeedsRebuild) {
		return err
	}
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrForeignFile) {
		if err := SetAside(o); err != nil {
			return err
		}
	}
	file := o.unfinished()
	if err := build(file, o.Partitions, replay); err != nil {
		return err
	}
	// The old file is deleted together with the files that SQLite keeps beside it.
	// Otherwise SQLite would take those for the new file's. After a crash between the
	// two steps there are no read models, and the next start rebuilds them.
	if err := sqlite.Delete(o.file()); err != nil {
		return err
	}
	if err := os.Rename(file, o.file()); err != nil {
		return err
	}
	// The history is rebuilt too, later and in the background.
	return errors.Join(sqlite.Delete(filepath.Join(o.Dir, HistoryFile)), flush(o.Dir))
}

// build builds the read models in the file.
func build(file string, partitions int, replay replay) error {
	b, err := newBuilder(file, partitions)
	if err != nil {
		return err
	}
	if err := replay(b.checkpoints, b.apply); err != nil {
		return errors.Join(err, b.discard())
	}
	return b.finish()
}

// builderPragmas are for a file that is thrown away unless it is completed. So it needs
// no journal, and nothing is flushed before it is complete.
var builderPragmas = fmt.Sprintf(`PRAGMA page_size = %d; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
	PRAGMA secure_delete = ON; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -98304; PRAGMA temp_store = MEMORY;`, pageSize)

// pageSize is how many bytes a page of the file has. Most pages that a command changes are
// changed in one place only, but they are written as a whole. With 2 KB instead of SQLite's
// 4 KB a command writes 40 % less. With 1 KB, long rows and index entries would need several
// pages.
const pageSize = 2048

// builderTransaction is the least number of events that a builder applies in one
// transaction.
const builderTransaction = 50_000

// builder fills a new file.
type builder struct {
	*projector
	name    string
	file    *sqlite.File
	writing bool // a transaction has begun
	since   int  // events applied in it
}

// newBuilder makes the file with empty tables. An existing file with that name is
// deleted.
func newBuilder(name string, partitions int) (*builder, error) {
	if partitions < 1 || partitions > MaxPartitions {
		return nil, fmt.Errorf("%d partitions: 1 to %d are possible", partitions, MaxPartitions)
	}
	if err := sqlite.Delete(name); err != nil {
		return nil, err
	}
	file, err := sqlite.Open(name, sqlite.Creating, 1, builderPragmas)
	if err != nil {
		return nil, err
	}
	b, c := &builder{name: name, file: file}, conn{Conn: file.Conns[0]}
	err = c.create(partitions, false)
	if err == nil {
		b.projector, err = newProjector(c, partitions)
	}
	if err == nil {
		b.building = true
	}
	if err != nil {
		return nil, errors.Join(err, b.discard())
	}
	return b, nil
}

// create makes the tables and the rows that exist before the first event, those of the history
// with versions.
func (c conn) create(partitions int, versions bool) error {
	if err := c.Script(fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d;`, applicationID, schemaNumber) + tables); err != nil {
		return err
	}
	if versions {
		text, err := c.tablesOfVersions()
		if err == nil {
			err = c.Script(text)
		}
		if err != nil {
			return err
		}
	}
	for partition := range partitions {
		if _, err := c.Exec(`INSERT INTO checkpoints (partition, message, number, hash, id) VALUES (?, 0, 0, zeroblob(32), zeroblob(16))`,
			partition); err != nil {
			return err
		}
	}
	return c.writeBuiltInRoles()
}

// apply is [ReadModels.Apply] for a file that nobody reads yet. It commits only once
// enough events have been applied.
func (b *builder) apply(messages []wire.Message) error {
	if err := b.begin(); err != nil {
		return err
	}
	for i := range messages {
		m := &messages[i]
		if err := b.message(m); err != nil {
			return err
		}
		b.checkpoints[m.Partition] = m.Checkpoint()
		b.since += len(m.Entries)
	}
	if b.since >= builderTransaction {
		return b.commit()
	}
	return nil
}

// begin begins a transaction if there is none.
func (b *builder) begin() error {
	if b.writing {
		return nil
	}
	_, err := b.Exec("BEGIN")
	b.writing = err == nil
	return err
}

// eraseAllDone erases from the results of commands what was noted.
func (b *builder) eraseAllDone() error {
	if len(b.toErase) == 0 {
		return nil
	}
	if err := b.begin(); err != nil {
		return err
	}
	return b.projector.eraseAllDone()
}

func (b *builder) commit() error {
	if !b.writing {
		return nil
	}
	b.writing, b.since = false, 0
	for _, checkpoint := range b.checkpoints {
		if checkpoint.Message == 0 {
			continue
		}
		if err := b.writeCheckpoint(checkpoint); err != nil {
			return err
		}
	}
	_, err := b.Exec("COMMIT")
	return err
}

// finish makes the indexes, closes the file and flushes it to the disk. Sorting the rows takes
// the memory that the pages have taken before.
func (b *builder) finish() error {
	if err := errors.Join(b.eraseAllDone(), b.commit(), b.Script(`PRAGMA cache_size = -16384; PRAGMA shrink_memory`), b.Script(indexes)); err != nil {
		return errors.Join(err, b.discard())
	}
	if err := b.file.Close(); err != nil {
		return errors.Join(err, sqlite.Delete(b.name))
	}
	return flush(b.name)
}

// discard closes the file and deletes it.
func (b *builder) discard() error {
	return errors.Join(b.file.Close(), sqlite.Delete(b.name))
}

// flush writes a file, or a directory's list of names, to the disk.
func flush(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
