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
	"time"

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
	// CheckPause is how long the check for damage waits before it begins again. 0 is 10
	// minutes, or a minute for a file that is checked within 50 ms.
	CheckPause time.Duration
}

// logger returns the logger, which is never nil.
func (o Options) logger() *slog.Logger {
	if o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Logger
}

func (o Options) file() string { return filepath.Join(o.Dir, File) }

// unfinished returns the name of the file that a rebuild makes.
func (o Options) unfinished() string { return o.file() + ".new" }

var (
	// ErrNeedsRebuild reports that there are no read models that this program can
	// use. It is wrapped with the reason. [Rebuild] makes them.
	ErrNeedsRebuild = errors.New("the read models must be rebuilt")
	// ErrForeignFile reports that the file is not one of Muster's. A rebuild never
	// overwrites it, but moves it aside ([SetAside]).
	ErrForeignFile = errors.New("the file does not hold Muster's read models")
)

const (
	// How much of the file a connection may hold in memory: in KiB, because it is negative.
	writerCache = `PRAGMA cache_size = -65536;`
	readerCache = `PRAGMA cache_size = -8192;`
	restCache   = `PRAGMA cache_size = -1024;` // what [ReadModels.FreeMemory] leaves of it

	// The [mover] says when there are checkpoints. If
	// somebody else writes to the file, what applies fails soon, so that the log learns of it
	// and tries again.
	writerPragmas = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
		PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA busy_timeout = ` + busyTimeout + `;` + writerCache
	readerPragmas = `PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;` + readerCache
)

// readers returns the size of each of the two pools: a connection for every processor,
// but at least 2 and at most 4. A connection costs up to 8 MB of cache.
func readers() int { return min(max(2, runtime.NumCPU()), 4) }

// Open opens the read models for reading, and for [ReadModels.Apply] and [ReadModels.Commit]. It returns
// [ErrNeedsRebuild] if there are none, or if this program cannot use them. That is around
// [ErrDamaged] if they are damaged. A small file is checked for damage before Open returns,
// a larger one afterwards; see [ReadModels.Damaged].
func Open(o Options) (*ReadModels, error) {
	// What an interrupted rebuild has left has personal data, and nobody would erase it there.
	if err := sqlite.Delete(o.unfinished()); err != nil {
		return nil, err
	}
	if err := examine(o.file(), o.Partitions); err != nil {
		return nil, err
	}
	m, err := open(o)
	return m, needsRebuild(err)
}

// open opens read models that this program can use, unless they turn out to be damaged.
func open(o Options) (*ReadModels, error) {
	m, err := openFiles(o.file())
	if err != nil {
		return nil, err
	}
	err = m.check(o)
	if err == nil {
		err = m.prepare(o)
	}
	if err == nil {
		err = m.metrics.register(o.Metrics)
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	o.logger().Debug("read models opened", slog.String("file", o.file()), slog.Int("readers", 2*readers()))
	return m, nil
}

// examine returns why the file, which must not be open, cannot be used as it is, or nil if
// it can.
func examine(file string, partitions int) error {
	if err := examineOutside(file, partitions); err != nil {
		return err
	}
	if err := sqlite.FlushWAL(file); err != nil {
		return err
	}
	return examineInside(file, sqlite.ReadOnly, partitions)
}

// examineOutside looks at the file and its WAL without opening a database.
func examineOutside(file string, partitions int) error {
	if partitions < 1 || partitions > MaxPartitions {
		return fmt.Errorf("%d partitions: 1 to %d are possible", partitions, MaxPartitions)
	}
	switch ours, err := isOurs(file); {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%w: there is no file %s", ErrNeedsRebuild, file)
	case err != nil:
		return err
	case !ours:
		return fmt.Errorf("%w: %s: %w", ErrNeedsRebuild, file, ErrForeignFile)
	}
	return needsRebuild(sqlite.CheckWAL(file))
}

// examineInside looks at what the tables say of themselves.
func examineInside(file string, mode sqlite.Mode, partitions int) error {
	// Closing any descriptor of a file drops the locks of the whole process. So this comes
	// before SQLite has any.
	checksums, err := sqlite.HasChecksums(file)
	if err != nil {
		return err
	}
	open := sqlite.OpenWhole
	if mode != sqlite.ReadOnly {
		open = func(file string) (*sqlite.File, error) { return sqlite.Open(file, mode, 1, "") }
	}
	f, err := open(file)
	if err != nil {
		return needsRebuild(err)
	}
	err = examineOpen(f.Conns[0], file, partitions)
	if err == nil && !checksums {
		err = fmt.Errorf("%w: %s does not have checksums in whole pages", ErrDamaged, file)
	}
	return needsRebuild(errors.Join(err, f.Close()))
}

// needsRebuild wraps damage with [ErrNeedsRebuild].
func needsRebuild(err error) error {
	if errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: %w", ErrNeedsRebuild, err)
	}
	return err
}

func examineOpen(c *sqlite.Conn, file string, partitions int) error {
	var schema, held, first, last int
	if err := c.Row([]any{&schema}, "PRAGMA user_version"); err != nil {
		return err
	}
	if schema != schemaNumber {
		return fmt.Errorf("%w: %s has schema %d, this program's is %d", ErrNeedsRebuild, file, schema, schemaNumber)
	}
	if err := c.Row([]any{&held, &first, &last}, "SELECT count(*), coalesce(min(partition), 0), coalesce(max(partition), -1) FROM checkpoints"); err != nil {
		return err
	}
	if first != 0 || last != held-1 { // the rows of another table, on a page that has changed places
		return fmt.Errorf("%w: %s has %d checkpoints, of partitions %d to %d", ErrDamaged, file, held, first, last)
	}
	if held != partitions {
		return fmt.Errorf("%w: %s was made of %d partitions, the log has %d", ErrNeedsRebuild, file, held, partitions)
	}
	return nil
}

// openFiles opens the connections.
func openFiles(file string) (*ReadModels, error) {
	writer, err := sqlite.Open(file, sqlite.Writing, 2, writerPragmas)
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
	closed := make(chan struct{})
	m := &ReadModels{
		Queries: &Queries{
			sources: grantSources, facts: newFacts(), rosters: newRosters(),
			points: sqlite.NewPool(points), lists: sqlite.NewPool(lists), searches: make(chan struct{}, readers()/2), closed: closed,
		},
		metrics: newMetrics(), absence: newAbsence(mostAbsence), writer: writer, writing: newTurns(), wanted: make(chan struct{}, 1),
		closed: closed, damaged: make(chan struct{}), stopCheck: func() {},
	}
	m.intact = m.Damage
	for _, f := range []*sqlite.File{writer, points, lists} {
		f.NotifyDamage(m.report)
	}
	m.close = sync.OnceValue(m.closeFiles)
	return m, nil
}

func (m *ReadModels) closeFiles() error {
	close(m.closed)
	m.stopCheck()
	if m.checked != nil {
		<-m.checked
	}
	m.absence.close()
	m.end.close()
	m.offboarding.close()
	m.erasure.close()
	m.subscriptions.close()
	err := errors.Join(m.points.Close(), m.lists.Close())
	if m.history != nil {
		err = errors.Join(err, m.history.close())
	}
	m.writing.Lock()
	defer m.writing.Unlock()
	if m.projector != nil && !m.projector.lost && m.Damage() == nil {
		_ = m.projector.commit(m.current) // the log still has what is not committed
	}
	if m.mover == nil {
		return errors.Join(err, m.writer.Close())
	}
	<-m.mover.ended
	m.mover.moving.Lock() // waits for whoever moves; later ones see that the read models are closed
	defer m.mover.moving.Unlock()
	return errors.Join(err, m.writer.Close(), m.mover.wal.Close())
}

// prepare reads how much of the log the read models have applied, and begins to move the WAL.
func (m *ReadModels) prepare(o Options) (err error) {
	if m.projector, err = newProjector(conn{Conn: m.writer.Conns[0]}, o.Partitions); err != nil {
		return err
	}
	m.projector.absence, m.projector.rosters = m.absence, m.rosters
	if m.projector.end, err = m.projector.nextEnd(); err != nil {
		return err
	}
	if m.projector.offboarding, err = m.projector.nextOffboarding(); err != nil {
		return err
	}
	m.end.move(m.projector.end)
	m.offboarding.move(m.projector.offboarding)
	if m.projector.erasure, err = m.projector.nextErasure(); err != nil {
		return err
	}
	m.erasure.move(m.projector.erasure)
	// A process that was killed may have left the WAL with what had been overwritten in the file.
	// If it cannot be moved now, that is tried after the first commit.
	m.projector.erased = true
	_ = m.projector.wipe(0)
	m.current = slices.Clone(m.projector.checkpoints)
	m.partitions = make([]partition, o.Partitions)
	for i := range m.partitions {
		m.partitions[i].committed.reach(m.current[i].Number)
		m.partitions[i].loadable.reach(m.current[i].Number)
	}
	pages, err := boundWAL(m.writer.Conns[0], o.file())
	if err != nil {
		return err
	}
	if m.mover, err = newMover(m.writer.Conns[1], o.file(), pages, m.closed); err != nil {
		return err
	}
	m.history = openHistory(o)
	for i := range m.history.erasures {
		m.history.add(m.current[i].Number)
		// A history that a process before has made may lack erasures that the read models have, and
		// one that is rebuilt is rebuilt with keys that are still to be destroyed.
		if m.history.partitions[i].number.Load() > 0 || !m.projector.erasure.IsZero() {
			m.history.erasures[i].Store(m.current[i].Number)
		}
	}
	go m.mover.run(o.logger())
	m.absence.start(m)
	return nil
}
