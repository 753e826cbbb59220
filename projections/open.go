package projections

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/projections/sqlite"
)

// File is the name of the read models' file in the data directory. SQLite keeps two
// more beside it, whose names end with -wal and -shm.
const File = "read-models.db"

// Options say where the read models are.
type Options struct {
	Dir        string // the data directory
	Partitions int    // of the log
	Logger     *slog.Logger
	Metrics    prometheus.Registerer // nil: none
}

func (o Options) file() string { return filepath.Join(o.Dir, File) }

var (
	// ErrNeedsRebuild reports that there are no read models that this program can
	// use. It is wrapped with the reason. [Rebuild] makes them.
	ErrNeedsRebuild = errors.New("the read models must be rebuilt")
	// ErrForeignFile reports that the file is not one of Muster's. It is never
	// overwritten.
	ErrForeignFile = errors.New("the file does not hold Muster's read models")
)

const (
	// Cache sizes are in KiB when negative. A late checkpoint, which moves the WAL
	// into the file, makes the writer 1.6 times as fast.
	writerPragmas = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 20000;
		PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;`
	readerPragmas = `PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;`
)

// readers returns the size of each of the two pools: a connection for every processor,
// but at least 2 and at most 4. A connection costs up to 16 MB of cache.
func readers() int { return min(max(2, runtime.NumCPU()), 4) }

// Open opens the read models for reading and for [ReadModels.Apply]. It returns
// [ErrNeedsRebuild] if there are none, or if this program cannot use them.
func Open(o Options) (*ReadModels, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := examine(o.file(), o.Partitions); err != nil {
		return nil, err
	}
	m, err := openFiles(o.file())
	if err != nil {
		return nil, err
	}
	if err := m.prepare(o); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	o.Logger.Debug("read models opened", slog.String("file", o.file()), slog.Int("readers", 2*readers()))
	return m, nil
}

// examine returns why the file cannot be used as it is, or nil if it can.
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
	f, err := sqlite.Open(file, sqlite.ReadOnly, 1, "")
	if sqlite.IsForeign(err) {
		return fmt.Errorf("%w: %w", ErrForeignFile, err)
	}
	if err != nil {
		return err
	}
	err = examineOpen(f.Conns[0], file, partitions)
	return errors.Join(err, f.Close())
}

func examineOpen(c *sqlite.Conn, file string, partitions int) error {
	var application, schema, held int
	if err := c.Row([]any{&application}, "PRAGMA application_id"); err != nil {
		return err
	}
	if application != applicationID {
		return fmt.Errorf("%s: %w", file, ErrForeignFile)
	}
	if err := c.Row([]any{&schema}, "PRAGMA user_version"); err != nil {
		return err
	}
	if schema != schemaNumber {
		return fmt.Errorf("%w: %s has schema %d, this program's is %d", ErrNeedsRebuild, file, schema, schemaNumber)
	}
	if err := c.Row([]any{&held}, "SELECT count(*) FROM checkpoints"); err != nil {
		return err
	}
	if held != partitions {
		return fmt.Errorf("%w: %s was made of %d partitions, the log has %d", ErrNeedsRebuild, file, held, partitions)
	}
	return nil
}

// openFiles opens the connections.
func openFiles(file string) (*ReadModels, error) {
	writer, err := sqlite.Open(file, sqlite.Writing, 1, writerPragmas)
	if err != nil {
		return nil, err
	}
	points, err := sqlite.Open(file, sqlite.ReadOnly, readers(), readerPragmas)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	lists, err := sqlite.Open(file, sqlite.ReadOnly, readers(), readerPragmas)
	if err != nil {
		return nil, errors.Join(err, points.Close(), writer.Close())
	}
	m := &ReadModels{
		metrics: newMetrics(), sources: grantSources,
		writer: writer, points: sqlite.NewPool(points), lists: sqlite.NewPool(lists),
		closed: make(chan struct{}),
	}
	m.close = sync.OnceValue(func() error {
		close(m.closed)
		m.end.close()
		m.offboarding.close()
		err := errors.Join(m.points.Close(), m.lists.Close())
		m.writing.Lock()
		defer m.writing.Unlock()
		return errors.Join(err, m.writer.Close())
	})
	return m, nil
}

// prepare reads how much of the log the read models have applied.
func (m *ReadModels) prepare(o Options) (err error) {
	if m.projector, err = newProjector(conn{m.writer.Conns[0]}, o.Partitions); err != nil {
		return err
	}
	if m.projector.end, err = m.projector.nextEnd(); err != nil {
		return err
	}
	if m.projector.offboarding, err = m.projector.nextOffboarding(); err != nil {
		return err
	}
	m.end.move(m.projector.end)
	m.offboarding.move(m.projector.offboarding)
	m.current = slices.Clone(m.projector.checkpoints)
	m.partitions = make([]progress, o.Partitions)
	for i := range m.partitions {
		m.partitions[i].applied.Store(m.current[i].Number)
	}
	return m.metrics.register(o.Metrics)
}
