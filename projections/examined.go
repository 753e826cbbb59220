package projections

import (
	"context"
	"errors"

	"github.com/muster-dev/muster/projections/sqlite"
)

// A list with a filter skips rows. If the filter matches few of many rows, a page would look
// at all of them. So a page looks at a window of rows, and ends there even if it is not full.
// Then it has a cursor at the end of the window.

// maxExamined is how many rows the page of a list with a filter looks at.
const maxExamined = 5000

// examined is the part of a list that a page may look at.
type examined struct {
	end   sqlite.Place // the last place
	whole bool         // there is nothing behind it
}

// everything is the part of a list without a filter.
func everything(order Order) examined { return examined{order.last(), true} }

// examinedOf returns a window of that many rows. It runs a statement that returns the place of
// the last of them. The statement returns no row if the list has fewer.
func (c conn) examinedOf(ctx context.Context, order Order, rows int, end *sqlite.Place, dest []any, text string, args ...any) (examined, error) {
	err := c.RowContext(ctx, dest, text, append(args, rows-1)...)
	if errors.Is(err, ErrNotFound) {
		return everything(order), nil
	}
	return examined{*end, false}, err
}

// upTo gives the page a cursor at the end of what was looked at, if it has none and there
// is more.
func upTo[T any, F comparable](e examined, list List[T], from sqlite.Bookmark[F]) (List[T], error) {
	var err error
	if list.Next == "" && !e.whole {
		list.Next, err = from.Cursor(e.end)
	}
	return list, err
}

// search is [Queries.listTogether] for a list that may have a filter or be counted. Those
// have half of the connections for lists, so that the other lists always find one.
func (q *Queries) search(ctx context.Context, searches bool, f func(conn) error) error {
	if searches {
		select {
		case q.searches <- struct{}{}:
			defer func() { <-q.searches }()
		case <-q.closed:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return q.listTogether(ctx, f)
}
