package projections

import (
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/muster-dev/muster/events"
)

// builderPragmas are for a file that is thrown away unless it becomes whole: it
// needs no journal, and nothing is flushed before its end.
const builderPragmas = `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
	PRAGMA cache_size = -131072; PRAGMA temp_store = MEMORY;`

// builderTransaction is how many events at least a builder applies in one
// transaction.
const builderTransaction = 50_000

// builder fills a new file.
type builder struct {
	*projector
	file  string
	db    *sql.DB
	open  bool // a transaction is
	since int  // events applied in it
}

// newBuilder makes the file with empty tables; one that is there is removed.
func newBuilder(file string, partitions int) (*builder, error) {
	if partitions < 1 || partitions > MaxPartitions {
		return nil, fmt.Errorf("%d partitions: 1 to %d are possible", partitions, MaxPartitions)
	}
	if err := remove(file); err != nil {
		return nil, err
	}
	db, conns, err := connect(file, "rwc", 1, builderPragmas)
	if err != nil {
		return nil, err
	}
	b := &builder{file: file, db: db}
	err = b.create(conns[0], partitions)
	if err == nil {
		b.projector, err = newProjector(conns[0], partitions)
	}
	if err != nil {
		return nil, errors.Join(err, closeAll(db, conns), remove(file))
	}
	return b, nil
}

func (b *builder) create(c *conn, partitions int) error {
	if err := c.script(fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d;`, applicationID, schemaNumber) + tables); err != nil {
		return err
	}
	for partition := range partitions {
		if _, err := c.exec(`INSERT INTO checkpoints (partition, message, number, hash, id) VALUES (?, 0, 0, zeroblob(32), zeroblob(16))`,
			partition); err != nil {
			return err
		}
	}
	return writeBuiltInRoles(c)
}

// apply is [ReadModels.Apply] for a file that nobody reads yet: it commits when
// enough has come together.
func (b *builder) apply(batches []events.Batch) error {
	if !b.open {
		if _, err := b.exec("BEGIN"); err != nil {
			return err
		}
		b.open = true
	}
	n, err := b.project(batches)
	if err != nil {
		return err
	}
	if b.since += n; b.since >= builderTransaction {
		return b.commit()
	}
	return nil
}

func (b *builder) commit() error {
	if !b.open {
		return nil
	}
	b.open, b.since = false, 0
	_, err := b.exec("COMMIT")
	return err
}

// finish makes the indexes and leaves a closed file that survives a power cut.
func (b *builder) finish() error {
	if err := errors.Join(b.commit(), b.script(indexes)); err != nil {
		return errors.Join(err, b.discard())
	}
	if err := closeAll(b.db, []*conn{b.conn}); err != nil {
		return errors.Join(err, remove(b.file))
	}
	return flush(b.file)
}

// discard closes the file and removes it.
func (b *builder) discard() error {
	return errors.Join(closeAll(b.db, []*conn{b.conn}), remove(b.file))
}

// flush brings a file, or what a directory lists, onto the disk.
func flush(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// remove removes a database with what SQLite keeps beside it, where there is one.
func remove(file string) error {
	for _, name := range []string{file, file + "-wal", file + "-shm", file + "-journal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
