package projections

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/muster-dev/muster/projections/sqlite"
)

// SQLite verifies the checksum of each page that it reads, so nothing is decided on a page
// that has changed. A check finds damage before somebody needs the page, and also what
// checksums cannot show: pages that have changed places, and pages of another time.
const (
	// wholeFile is how large a file is at most that is checked completely before it is
	// used.
	wholeFile = 4 << 20
	// quickFile is how large a file is at most that is checked before it is used, except
	// that its rows and its indexes are compared afterwards. Both take about 0.15 s for a
	// file of that size.
	quickFile = 64 << 20
	// checkRest is how many times longer a check in the background rests than it works.
	checkRest = 19
	// checkerPragmas give a check a cache of its own, so that it drives no page out of
	// those of the readers.
	checkerPragmas = `PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;`
)

// checker checks a file of read models on a connection of its own.
type checker struct {
	file  *sqlite.File
	pause func(time.Duration) // is called between two statements with the time that the last one took
}

func newChecker(file string, mode sqlite.Mode) (*checker, error) {
	f, err := sqlite.Open(file, mode, 1, checkerPragmas)
	if err != nil {
		return nil, err
	}
	return &checker{f, func(time.Duration) {}}, nil
}

// quick checks everything except that the rows are those of the indexes. What it finds is
// [ErrDamaged].
func (c *checker) quick(ctx context.Context) error {
	return c.run(func(conn *sqlite.Conn) ([]string, error) { return conn.QuickCheck(ctx) }, "")
}

// whole checks everything, one table with its indexes after the other, so that no statement
// keeps the WAL from being used again for long. What it finds is [ErrDamaged].
func (c *checker) whole(ctx context.Context) error {
	if err := c.indexes(ctx); err != nil {
		return err
	}
	if err := c.table(ctx, "sqlite_schema"); err != nil {
		return err
	}
	var names []string
	var name string
	if err := c.file.Conns[0].Each(ctx, []any{sqlite.Text(&name)}, func() { names = append(names, name) },
		`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`); err != nil {
		return err
	}
	for _, name := range names {
		if err := c.table(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) table(ctx context.Context, name string) error {
	return c.run(func(conn *sqlite.Conn) ([]string, error) { return conn.Check(ctx, name) }, "table "+name+": ")
}

// all checks everything, and quick first, which finds most damage soon. What it finds is
// [ErrDamaged].
func (c *checker) all(ctx context.Context) error {
	if err := c.quick(ctx); err != nil {
		return err
	}
	return c.whole(ctx)
}

func (c *checker) indexes(ctx context.Context) error {
	return c.run(func(conn *sqlite.Conn) ([]string, error) { return conn.CheckIndexes(ctx) }, "")
}

func (c *checker) run(check func(*sqlite.Conn) ([]string, error), where string) error {
	const most = 3 // lines that the error contains
	begin := time.Now()
	found, err := check(c.file.Conns[0])
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %s%s", ErrDamaged, where, strings.Join(found[:min(len(found), most)], "; "))
	}
	c.pause(time.Since(begin))
	return nil
}

// checkFile checks a file that is not open. What it finds is [ErrDamaged].
func checkFile(file string) error {
	c, err := newChecker(file, sqlite.ReadOnly)
	if err != nil {
		return needsRebuild(err)
	}
	return needsRebuild(errors.Join(c.whole(context.Background()), c.file.Close()))
}

// check checks the tables, as far as the file is small enough. The rest is checked in the
// background, and everything again later ([background.checkAgain]). What is found there is
// reported.
func (m *ReadModels) check(o Options) error {
	info, err := os.Stat(o.file())
	if err != nil {
		return err
	}
	c, err := newChecker(o.file(), sqlite.ReadOnly)
	if err != nil {
		return err
	}
	first := (*checker).all
	var took time.Duration
	size := info.Size()
	switch {
	case size <= wholeFile:
		begun := time.Now()
		if err := errors.Join(c.whole(context.Background()), c.file.Close()); err != nil {
			return err
		}
		took = time.Since(begun)
	case size <= quickFile:
		if err := c.quick(context.Background()); err != nil {
			return errors.Join(err, c.file.Close())
		}
		first = (*checker).whole
	}
	ctx, stop := context.WithCancel(context.Background())
	m.checked, m.stopCheck = make(chan struct{}), stop
	b := &background{file: o.file(), damage: m.Damage, report: m.report}
	go func() {
		defer close(m.checked)
		if size > wholeFile {
			took = c.worked(ctx, func(c *checker) { b.found(ctx, o, first(c, ctx)) })
			_ = c.file.Close() // only read
		}
		b.checkAgain(ctx, o, took)
	}()
	return nil
}

// rest waits that long, or until the context ends.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
