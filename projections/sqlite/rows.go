package sqlite

import "context"

// maxRows is the most rows that one call reads.
const maxRows = 1 << 10

// Rows are the rows that a statement returns.
type Rows struct {
	conn      *Conn
	ctx       context.Context //nolint:containedctx // of Query, until Close
	statement *statement
	buffer    []byte   // filled with rows
	left      Values   // what was not scanned yet
	count     int      // the rows in it
	skip      bool     // the first of them was passed by Next and not scanned
	targets   []target // where the rows go
	err       error
}

// takeRows returns rows that nobody uses.
func (c *Conn) takeRows(ctx context.Context) *Rows {
	if n := len(c.rows); n > 0 {
		r := c.rows[n-1]
		c.rows = c.rows[:n-1]
		*r = Rows{conn: c, ctx: ctx, buffer: r.buffer, targets: r.targets}
		return r
	}
	return &Rows{conn: c, ctx: ctx, buffer: make([]byte, largeBuffer)}
}

func (c *Conn) giveRows(r *Rows) {
	r.ctx, r.statement = nil, nil
	clear(r.targets)
	r.targets = r.targets[:0]
	c.rows = append(c.rows, r)
}

// within is [Conn.within] with the rows' context.
func (r *Rows) within(f func() error) error { return r.conn.within(r.ctx, f) }

// fetched notes what a call has read.
func (r *Rows) fetched() {
	o := &r.statement.outcome
	r.left, r.count = Values{block: r.buffer[:o.used]}, int(o.rows)
}

// Next goes to the next row and reports whether there is one.
func (r *Rows) Next() bool {
	if r.skip {
		for range r.Columns() {
			r.left.next()
		}
		r.skip = false
	}
	if r.count == 0 {
		if r.err != nil || r.statement == nil || r.statement.outcome.ended != 0 {
			return false
		}
		r.err = r.within(func() error { return r.statement.run(resume, maxRows, nil, 0, &r.buffer) })
		if r.err != nil {
			return false
		}
		if r.fetched(); r.count == 0 {
			return false
		}
	}
	r.count--
	r.skip = true
	return true
}

// Scan copies the columns of the row, once. A column of another type than any row has is
// damage.
func (r *Rows) Scan(dest ...any) error {
	if err := r.into(dest); err != nil {
		return err
	}
	return r.scan()
}

// into sets where [Rows.scan] copies the columns of every row.
func (r *Rows) into(dest []any) (err error) {
	r.targets, err = appendTargets(r.targets[:0], dest)
	return err
}

func (r *Rows) scan() error {
	r.skip = false
	return r.conn.noted(r.left.scan(r.targets))
}

// Columns returns how many columns a row has.
func (r *Rows) Columns() int { return r.statement.columns() }

// Err returns the error that has ended the rows, if any.
func (r *Rows) Err() error { return r.conn.noted(r.err) }

// Close ends the statement. The rows must not be used afterwards.
func (r *Rows) Close() error {
	if r.statement == nil {
		return nil
	}
	if r.statement.outcome.ended == 0 {
		r.statement.end()
	}
	r.conn.giveRows(r)
	return nil
}
