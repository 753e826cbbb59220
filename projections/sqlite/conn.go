package sqlite

// #include "statement.h"
import "C"

import (
	"context"
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
	db         *C.sqlite3
	statements map[string]*statement // by their text
	notify     func(error)           // called with damage; nil: nobody wants to know

	// They are used again by every statement.
	arguments []byte
	row       []byte
	targets   []target
	values    Values
	rows      []*Rows // that are not in use
}

// prepared returns the statement, and prepares it if the connection has not done so
// before.
func (c *Conn) prepared(text string) (*statement, error) {
	if s := c.statements[text]; s != nil {
		return s, nil
	}
	s, err := c.prepare(text)
	if err != nil {
		return nil, c.noted(fmt.Errorf("preparing %s: %w", text, err))
	}
	c.statements[text] = s
	return s, nil
}

// Texts returns the texts of all statements that the connection has prepared,
// sorted.
func (c *Conn) Texts() []string { return slices.Sorted(maps.Keys(c.statements)) }

// begin prepares the statement and runs it, as [statement.run] does.
func (c *Conn) begin(h how, most int, text string, args []any, buffer *[]byte) (*statement, error) {
	s, err := c.prepared(text)
	if err != nil {
		return nil, err
	}
	if c.arguments, err = appendArguments(c.arguments[:0], args); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return s, s.run(begin|h, most, c.arguments, len(args), buffer)
}

// Exec runs a statement and returns how many rows it changed. Arguments are int, int64,
// bool, string and []byte, or nil for null.
func (c *Conn) Exec(text string, args ...any) (int64, error) {
	s, err := c.begin(finish, 0, text, args, &c.row)
	if err != nil {
		return 0, c.noted(err)
	}
	return int64(s.outcome.changes), nil
}

// Script runs statements that are needed only once.
func (c *Conn) Script(text string) error { return c.noted(c.script(text)) }

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
	r := c.takeRows(ctx)
	err := r.within(func() (err error) {
		r.statement, err = c.begin(0, maxRows, text, args, &r.buffer)
		return err
	})
	if err != nil {
		c.giveRows(r)
		return nil, c.noted(err)
	}
	r.fetched()
	return r, nil
}

// Each runs a statement like [Conn.Query], scans every row into dest and calls f after
// each.
func (c *Conn) Each(ctx context.Context, dest []any, f func(), text string, args ...any) error {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	if err := rows.into(dest); err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.scan(); err != nil {
			return err
		}
		f()
	}
	return rows.Err()
}

// Row reads the one row that a statement returns, or [ErrNotFound] if it returns
// none. It is meant for point reads, which nothing interrupts.
func (c *Conn) Row(dest []any, text string, args ...any) error {
	s, err := c.begin(finish, 1, text, args, &c.row)
	if err != nil {
		return c.noted(err)
	}
	return c.noted(c.scanRow(s, dest))
}

// RowContext is [Conn.Row] for statements that may look at many rows, such as those
// that count. The end of the context interrupts it.
func (c *Conn) RowContext(ctx context.Context, dest []any, text string, args ...any) error {
	var s *statement
	err := c.within(ctx, func() (err error) {
		s, err = c.begin(finish, 1, text, args, &c.row)
		return err
	})
	if err != nil {
		return c.noted(err)
	}
	return c.noted(c.scanRow(s, dest))
}

// scanRow scans the row that the statement has written.
func (c *Conn) scanRow(s *statement, dest []any) error {
	if s.outcome.rows == 0 {
		return ErrNotFound
	}
	var err error
	if c.targets, err = appendTargets(c.targets[:0], dest); err != nil {
		return err
	}
	c.values = Values{block: c.row[:s.outcome.used]}
	err = c.values.scan(c.targets)
	clear(c.targets)
	return err
}

// within calls f, which runs a statement. When the context ends, the statement is
// interrupted, and the error is the context's.
func (c *Conn) within(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Done() == nil {
		return f()
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		c.interrupt()
	})
	err := f()
	if !stop() {
		<-interrupted // so that it does not interrupt the next statement
		var failed Error
		if errors.As(err, &failed) && failed.primary() == codeInterrupt {
			return ctx.Err()
		}
	}
	return err
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
