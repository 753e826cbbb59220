package projections

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/mattn/go-sqlite3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// File is the name of the read models' file within the data directory. SQLite
// keeps two more beside it, with -wal and -shm behind the name.
const File = "read-models.db"

var (
	// ErrNotFound says that there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrNeedsRebuild says that there are no read models that this program can go
	// on with; it is wrapped with the reason. [Rebuild] makes them.
	ErrNeedsRebuild = errors.New("the read models must be rebuilt")
	// ErrForeignFile says that the file is not one of Muster's: nothing will be
	// written over it.
	ErrForeignFile = errors.New("the file does not hold Muster's read models")
	// ErrClosed says that the read models have been closed.
	ErrClosed = errors.New("the read models are closed")
)

// Options say where the read models are.
type Options struct {
	Dir        string // the data directory
	Partitions int    // of the log
	Logger     *slog.Logger
	Metrics    prometheus.Registerer // nil: none
}

func (o Options) file() string { return filepath.Join(o.Dir, File) }

// ReadModels are the SQLite tables that the log folds to. All methods can be
// called at the same time.
type ReadModels struct {
	metrics *metrics

	// The writer: Apply and nobody else.
	writing   sync.Mutex
	projector *projector
	current   []events.Checkpoint // as of the last commit

	// The readers: a query takes a connection and brings it back.
	reader  *sql.DB
	readers chan *conn
	all     []*conn

	partitions []progress // what the last commit has applied
	end        nextEnd    // as of the last commit
	closed     chan struct{}
	close      func() error
}

const (
	// Cache sizes are in KiB when negative. The live writer flushes its WAL only
	// at commits, and moves it into the file late: 1.6 times the rows a second.
	writerPragmas = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 20000;
		PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;`
	readerPragmas = `PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;`
)

// Open opens the read models for reading and for [ReadModels.Apply]. It answers
// [ErrNeedsRebuild] when there are none, or none that this program understands.
func Open(o Options) (*ReadModels, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := examine(o.file(), o.Partitions); err != nil {
		return nil, err
	}
	writer, conns, err := connect(o.file(), "rw", 1, writerPragmas)
	if err != nil {
		return nil, err
	}
	n := min(max(2, runtime.NumCPU()), 4)
	reader, readers, err := connect(o.file(), "ro", n, readerPragmas)
	if err != nil {
		return nil, errors.Join(err, closeAll(writer, conns))
	}
	m := &ReadModels{
		metrics: newMetrics(),
		reader:  reader, all: readers, readers: make(chan *conn, n),
		closed: make(chan struct{}),
	}
	m.close = sync.OnceValue(func() error {
		close(m.closed)
		m.end.close()
		for range m.all {
			<-m.readers // whoever has one brings it back first
		}
		m.writing.Lock()
		defer m.writing.Unlock()
		return errors.Join(closeAll(m.reader, m.all), closeAll(writer, conns))
	})
	for _, c := range readers {
		m.readers <- c
	}
	if m.projector, err = newProjector(conns[0], o.Partitions); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	if m.projector.end, err = m.projector.nextEnd(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.end.move(m.projector.end)
	m.current = slices.Clone(m.projector.checkpoints)
	m.partitions = make([]progress, o.Partitions)
	for i := range m.partitions {
		m.partitions[i].applied.Store(m.current[i].Number)
	}
	if err := m.metrics.register(o.Metrics); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	o.Logger.Debug("read models opened", slog.String("file", o.file()), slog.Int("readers", n))
	return m, nil
}

// Close waits for the queries under way, ends all waiting with [ErrClosed], and
// closes the file.
func (m *ReadModels) Close() error { return m.close() }

// Checkpoints answers how far each partition has been applied, in the order of
// the partitions.
func (m *ReadModels) Checkpoints() []events.Checkpoint {
	m.writing.Lock()
	defer m.writing.Unlock()
	return slices.Clone(m.current)
}

// read runs f with a reading connection of its own.
func (m *ReadModels) read(f func(*conn) error) error {
	select {
	case c := <-m.readers:
		defer func() { m.readers <- c }()
		return f(c)
	case <-m.closed:
		return ErrClosed
	}
}

// examine answers why the file cannot be used as it is; nil when it can.
func examine(file string, partitions int) error {
	if partitions < 1 || partitions > MaxPartitions {
		return fmt.Errorf("%d partitions: 1 to %d are possible", partitions, MaxPartitions)
	}
	switch info, err := os.Stat(file); {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%w: there is no file %s", ErrNeedsRebuild, file)
	case err != nil:
		return err
	case info.Size() == 0:
		return fmt.Errorf("%w: %s is empty", ErrNeedsRebuild, file)
	}
	db, conns, err := connect(file, "ro", 1, "")
	if foreign := (sqlite3.Error{}); errors.As(err, &foreign) && foreign.Code == sqlite3.ErrNotADB {
		return fmt.Errorf("%w: %w", ErrForeignFile, err)
	}
	if err != nil {
		return err
	}
	err = examineOpen(conns[0], file, partitions)
	return errors.Join(err, closeAll(db, conns))
}

func examineOpen(c *conn, file string, partitions int) error {
	var application, schema, held int
	if err := c.row([]any{&application}, "PRAGMA application_id"); err != nil {
		return err
	}
	if application != applicationID {
		return fmt.Errorf("%s: %w", file, ErrForeignFile)
	}
	if err := c.row([]any{&schema}, "PRAGMA user_version"); err != nil {
		return err
	}
	if schema != schemaNumber {
		return fmt.Errorf("%w: %s has schema %d, this program's is %d", ErrNeedsRebuild, file, schema, schemaNumber)
	}
	if err := c.row([]any{&held}, "SELECT count(*) FROM checkpoints"); err != nil {
		return err
	}
	if held != partitions {
		return fmt.Errorf("%w: %s was made of %d partitions, the log has %d", ErrNeedsRebuild, file, held, partitions)
	}
	return nil
}

// part answers a loaded part as the interface, and none as nil.
func part[P domain.Part](p P, err error) (domain.Part, error) {
	switch {
	case err == nil:
		return p, nil
	case errors.Is(err, ErrNotFound):
		return nil, nil
	default:
		return nil, err
	}
}
