package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-dev/muster/projections/sqlite/checksum"
)

// ErrDamaged reports that a database file is not what SQLite has written.
var ErrDamaged = errors.New("the database file is damaged")

// damage returns the error, wrapped with [ErrDamaged] if SQLite reports damage by it.
func damage(err error) error {
	var failed Error
	if err == nil || errors.Is(err, ErrDamaged) || !errors.As(err, &failed) {
		return err
	}
	switch {
	case failed.primary() == codeCorrupt, failed.primary() == codeNotADB, failed.Code == codeChecksum:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	default:
		return err
	}
}

// damageOf is [damage] for the error of a connection's first statement, which reads the
// schema. SQLite shortens the error to "I/O error" there, so the file tells which it is.
func damageOf(path string, err error) error {
	var failed Error
	if errors.As(err, &failed) && failed.Code == codeIO {
		if pages, _ := CheckPages(path); len(pages) > 0 {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return damage(err)
}

// NotifyDamage makes the connections call f whenever a statement fails with [ErrDamaged].
// It must be called before the connections are used.
func (f *File) NotifyDamage(notify func(error)) {
	for _, c := range f.Conns {
		c.notify = notify
	}
}

// noted returns the error of a statement. It passes damage on.
func (c *Conn) noted(err error) error {
	if err == nil {
		return nil
	}
	err = damage(err)
	if c.notify != nil && errors.Is(err, ErrDamaged) {
		c.notify(err)
	}
	return err
}

// Check looks for damage in a table and its indexes: pages with a wrong checksum, pages
// that are not where they belong, and rows that an index does not have. It returns what
// it finds. For "sqlite_schema" it also checks the list of free pages.
func (c *Conn) Check(ctx context.Context, table string) (found []string, err error) {
	return c.check(ctx, `PRAGMA integrity_check("`+table+`")`)
}

// QuickCheck is [Conn.Check] for the whole file, except that it does not compare the rows
// with the indexes. It takes a tenth of the time.
func (c *Conn) QuickCheck(ctx context.Context) (found []string, err error) {
	return c.check(ctx, `PRAGMA quick_check`)
}

func (c *Conn) check(ctx context.Context, pragma string) (found []string, err error) {
	var line string
	err = c.Each(ctx, []any{Text(&line)}, func() {
		if line != "ok" {
			found = append(found, line)
		}
	}, pragma)
	if errors.Is(err, ErrDamaged) {
		found, err = append(found, err.Error()), nil
	}
	return found, err
}

// partial is an index, with the condition of its rows; empty: it has all rows.
type partial struct{ table, index, condition string }

// indexes returns all indexes that are declared by a statement of their own.
func (c *Conn) indexes(ctx context.Context) (all []partial, err error) {
	var i partial
	err = c.Each(ctx, []any{Text(&i.table), Text(&i.index), Text(&i.condition)}, func() { all = append(all, i) },
		`SELECT tbl_name, name, CASE instr(sql, ' WHERE ') WHEN 0 THEN '' ELSE substr(sql, instr(sql, ' WHERE ')) END
			FROM sqlite_schema WHERE type = 'index' ORDER BY name`)
	return all, err
}

// CheckIndexes finds what [Conn.Check] does not notice: the first page of an index is one of
// a table, or an index of some rows has others besides.
func (c *Conn) CheckIndexes(ctx context.Context) (found []string, err error) {
	all, err := c.indexes(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		wrong, err := c.checkIndex(ctx, i)
		if errors.Is(err, ErrDamaged) {
			wrong, err = err.Error(), nil
		}
		if err != nil {
			return nil, err
		}
		if wrong != "" {
			found = append(found, "index "+i.index+": "+wrong)
		}
	}
	return found, nil
}

func (c *Conn) checkIndex(ctx context.Context, i partial) (wrong string, err error) {
	var in, of int64
	if i.condition == "" {
		err := c.RowContext(ctx, []any{Number(&in)}, `SELECT 1 FROM "`+i.table+`" INDEXED BY "`+i.index+`" LIMIT 1`)
		if errors.Is(err, ErrNotFound) {
			err = nil
		}
		return "", err
	}
	// One statement, because rows may come and go between two.
	const count = `(SELECT count(*) FROM `
	err = c.RowContext(ctx, []any{Number(&in), Number(&of)},
		`SELECT `+count+`"`+i.table+`" INDEXED BY "`+i.index+`"`+i.condition+`), `+count+`"`+i.table+`" NOT INDEXED`+i.condition+`)`)
	if err != nil {
		return "", err
	}
	if in != of {
		return fmt.Sprintf("it has %d rows of %d", in, of), nil
	}
	return "", nil
}

// CheckPages returns the pages of a database file that have wrong checksums, as texts. It
// reads only the file itself, and not the WAL.
func CheckPages(file string) ([]string, error) {
	wrong, err := checksum.Verify(file)
	var found []string
	for _, page := range wrong {
		found = append(found, page.String())
	}
	return found, err
}

// HasChecksums reports whether all pages of the file have checksums.
func HasChecksums(file string) (bool, error) { return checksum.In(file) }

// FirstWholePage returns the number of the first page of a database file that has its checksum,
// or 0 if there is none. It also finds pages of a file whose header is damaged.
func FirstWholePage(file string, size int) (int64, error) { return checksum.FirstRight(file, size) }
