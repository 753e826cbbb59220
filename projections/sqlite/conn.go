package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrNotFound reports that there is no such row.
var ErrNotFound = errors.New("not found")

// Conn is one connection with the statements that it has prepared. It belongs to
// one goroutine at a time.
type Conn struct {
	sql        *sql.Conn
	statements map[string]*sql.Stmt // by their text
	notify     func(error)          // called with damage; nil: nobody wants to know
}

func (c *Conn) close() error {
	var errs []error
	for _, statement := range c.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, c.sql.Close())...)
}

// prepared returns the statement, and prepares it if the connection has not done so
// before.
func (c *Conn) prepared(text string) (*sql.Stmt, error) {
	if statement := c.statements[text]; statement != nil {
		return statement, nil
	}
	statement, err := c.sql.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, c.noted(fmt.Errorf("preparing %s: %w", text, err))
	}
	c.statements[text] = statement
	return statement, nil
}

// Texts returns the texts of all statements that the connection has prepared,
// sorted.
func (c *Conn) Texts() []string { return slices.Sorted(maps.Keys(c.statements)) }

// Exec runs a statement and returns how many rows it changed.
func (c *Conn) Exec(text string, args ...any) (int64, error) {
	statement, err := c.prepared(text)
	if err != nil {
		return 0, err
	}
	result, err := statement.Exec(args...)
	if err != nil {
		return 0, c.noted(err)
	}
	return result.RowsAffected()
}

// Script runs statements that are needed only once.
func (c *Conn) Script(text string) error {
	_, err := c.sql.ExecContext(context.Background(), text)
	return c.noted(err)
}

// Change is [Conn.Exec] for statements that change one row by its key. It returns
// [ErrNotFound] if there is no such row.
func (c *Conn) Change(text string, args ...any) error {
	n, err := c.Exec(text, args...)
	if err == nil && n != 1 {
		err = ErrNotFound
	}
	return err
}

// Query runs a statement that returns any number of rows. When the context ends, the
// statement is interrupted, and the rows' error is the context's.
func (c *Conn) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	statement, err := c.prepared(text)
	if err != nil {
		return nil, err
	}
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return nil, c.noted(err)
	}
	return &Rows{rows, c}, nil
}

// Each runs a statement like [Conn.Query], scans every row into dest and calls f after
// each.
func (c *Conn) Each(ctx context.Context, dest []any, f func(), text string, args ...any) error {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		f()
	}
	return rows.Err()
}

// Row reads the one row that a statement returns, or [ErrNotFound] if it returns
// none. It is meant for point reads, which nothing interrupts.
func (c *Conn) Row(dest []any, text string, args ...any) error {
	return c.RowContext(context.Background(), dest, text, args...)
}

// RowContext is [Conn.Row] for statements that may look at many rows, such as those
// that count. The end of the context interrupts it.
func (c *Conn) RowContext(ctx context.Context, dest []any, text string, args ...any) error {
	statement, err := c.prepared(text)
	if err != nil {
		return err
	}
	err = statement.QueryRowContext(ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return c.noted(err)
}

// Together runs f in one transaction, so that everything it reads is as it was at one
// moment.
func (c *Conn) Together(f func() error) error {
	if _, err := c.Exec("BEGIN"); err != nil {
		return err
	}
	err := f()
	_, end := c.Exec("COMMIT")
	if end != nil { // the connection is used again, and must not be inside a transaction then
		_, undone := c.Exec("ROLLBACK")
		end = errors.Join(end, undone)
	}
	return errors.Join(err, end)
}
