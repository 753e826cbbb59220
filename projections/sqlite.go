package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

// conn is one connection with the statements that it has prepared. It belongs to
// one goroutine at a time.
//
// No statement gets a context that can end: that costs a quarter of a point
// read's speed, and every statement here is bounded by its page or its key.
type conn struct {
	*sql.Conn
	statements map[string]*sql.Stmt // by their text
}

// connect opens n connections to a file. The pragmas are run on each. A file that it
// makes or writes is for its owner alone, and so is what SQLite puts beside it: there
// are e-mail addresses in it.
func connect(file, mode string, n int, pragmas string) (*sql.DB, []*conn, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, nil, err
	}
	if mode != "ro" {
		if err := keepPrivate(path, mode); err != nil {
			return nil, nil, err
		}
	}
	// A connection is never used by two goroutines at once: it needs no mutex.
	query := url.Values{"mode": {mode}, "_mutex": {"no"}, "_busy_timeout": {"10000"}}
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	var conns []*conn
	for range n {
		c, err := db.Conn(context.Background())
		if err == nil {
			_, err = c.ExecContext(context.Background(), pragmas)
		}
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), closeAll(db, conns))
		}
		conns = append(conns, &conn{c, make(map[string]*sql.Stmt)})
	}
	return db, conns, nil
}

// keepPrivate sees to it that nobody but its owner reads the file, which it makes
// when it is missing and may be made.
func keepPrivate(path, mode string) error {
	flags := os.O_RDWR
	if mode == "rwc" {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		err = errors.Join(f.Chmod(0o600), f.Close())
	}
	if err != nil {
		return fmt.Errorf("opening the read models: %w", err)
	}
	return nil
}

// closeAll closes connections and the pool that they are from.
func closeAll(db *sql.DB, conns []*conn) error {
	errs := make([]error, 0, len(conns)+1)
	for _, c := range conns {
		for _, statement := range c.statements {
			errs = append(errs, statement.Close())
		}
		errs = append(errs, c.Close())
	}
	return errors.Join(append(errs, db.Close())...)
}

// prepare answers the statement, which is prepared once.
//
// Parameters of queries have a plus before them. SQLite looks at the values of
// bare ones when it plans a join, and marks the statement to be planned again for
// others; as the driver clears the values after every use, that would be every
// time, and cost more than the query itself. What has an operator before it is not
// looked at.
func (c *conn) prepare(text string) (*sql.Stmt, error) {
	if statement := c.statements[text]; statement != nil {
		return statement, nil
	}
	statement, err := c.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, fmt.Errorf("preparing %s: %w", text, err)
	}
	c.statements[text] = statement
	return statement, nil
}

// exec runs a statement and answers how many rows it changed.
func (c *conn) exec(text string, args ...any) (int64, error) {
	statement, err := c.prepare(text)
	if err != nil {
		return 0, err
	}
	result, err := statement.Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// script runs statements that are needed once.
func (c *conn) script(text string) error {
	_, err := c.ExecContext(context.Background(), text)
	return err
}

// change is exec for statements that change one row by its key; it is an error
// when there is no such row.
func (c *conn) change(text string, args ...any) error {
	n, err := c.exec(text, args...)
	if err == nil && n != 1 {
		err = ErrNotFound
	}
	return err
}

// query runs a statement that answers any number of rows.
func (c *conn) query(text string, args ...any) (*sql.Rows, error) {
	statement, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	return statement.Query(args...)
}

// row reads the one row that a statement answers; [ErrNotFound] when there is
// none.
func (c *conn) row(dest []any, text string, args ...any) error {
	statement, err := c.prepare(text)
	if err != nil {
		return err
	}
	err = statement.QueryRow(args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// together runs f in one transaction, so that all that it reads is of one
// moment.
func (c *conn) together(f func() error) error {
	if _, err := c.exec("BEGIN"); err != nil {
		return err
	}
	err := f()
	_, end := c.exec("COMMIT")
	return errors.Join(err, end)
}

// page reads one page of a list: rows of the statement, whose last parameter is
// how many it may answer at most.
func page[T any, F comparable](c *conn, at place[F], size int, r listRow[T], text string, args ...any) (List[T], error) {
	list := List[T]{Items: make([]T, 0, size)}
	rows, err := c.query(text, append(args, size+1)...) // one more, to see whether there is a next page
	if err != nil {
		return list, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	dest := r.dest()
	for rows.Next() {
		if len(list.Items) == size {
			if list.Next, err = at.after(r.place()); err != nil {
				return list, err
			}
			break
		}
		if err := rows.Scan(dest...); err != nil {
			return list, err
		}
		list.Items = append(list.Items, r.item())
	}
	return list, rows.Err()
}

// listRow is where a statement's rows are scanned into, one after the other.
type listRow[T any] interface {
	dest() []any // where the columns go; each is overwritten by every row
	item() T     // what the row says
	place() mark // where in the list's order it stands
}
