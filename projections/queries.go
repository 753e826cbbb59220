package projections

import (
	"context"

	"github.com/muster-dev/muster/projections/sqlite"
)

// Queries are what can be asked of the tables, as of now or as of a position in the past
// ([ReadModels.AsOf]). All methods may be called at the same time.
type Queries struct {
	sources *sourceTable // where grants come from
	facts   *facts       // what readers need not read again
	rosters *rosters     // what checks need not read again; nil: as of the past

	// Readers take a connection from a pool and give it back. Lists have a separate
	// pool. However many lists are being read, point reads and token look-ups still find
	// a connection.
	points, lists *sqlite.Pool
	searches      chan struct{} // has an element for every list with a filter that is being read

	asOf   uint64           // the number of the event that they see last; 0: they see what is there now
	before func(conn) error // is called with a connection before it is used; nil: nothing is to be done
	intact func() error     // returns why the tables must not be read, if they must not
	closed <-chan struct{}
}

// read runs f, which reads single rows by their keys, with a connection from the pool for
// point reads.
func (q *Queries) read(f func(conn) error) error {
	return q.with(context.Background(), q.points, f)
}

// list runs f, which reads or counts a list, with a connection from the pool for lists.
// The context bounds the wait for the connection. f must bound its statements by it.
func (q *Queries) list(ctx context.Context, f func(conn) error) error {
	return q.with(ctx, q.lists, f)
}

func (q *Queries) with(ctx context.Context, pool *sqlite.Pool, f func(conn) error) error {
	if err := q.intact(); err != nil {
		return err
	}
	taken, err := pool.Take(ctx)
	if err != nil {
		return err
	}
	defer pool.Give(taken)
	c := conn{taken, q.facts, q.asOf}
	if q.before != nil {
		if err := q.before(c); err != nil {
			return err
		}
	}
	return f(c)
}

// listTogether is [Queries.list] for an f that runs several statements. All of them
// read the tables as they were at one moment.
func (q *Queries) listTogether(ctx context.Context, f func(conn) error) error {
	return q.list(ctx, func(c conn) error {
		return c.Together(func() error { return f(c) })
	})
}
