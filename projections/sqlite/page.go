package sqlite

import "context"

// The sizes of pages.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// Page says which part of a list is wanted.
type Page struct {
	Size  int    // the most items it may have; 0 means [DefaultPageSize], more than [MaxPageSize] means that
	After Cursor // where the page before ended; empty: the beginning of the list
	Count bool   // whether the whole list is counted, too; only some lists can be
}

// List is one page of a list.
type List[T any] struct {
	Items []T    // never nil
	Next  Cursor // continues the list; empty: this was its end
	Count int    // the number of items in the whole list, if [Page.Count] asked for it
}

// Limit is the most items that the page may have.
func (p Page) Limit() int {
	switch {
	case p.Size <= 0:
		return DefaultPageSize
	case p.Size > MaxPageSize:
		return MaxPageSize
	default:
		return p.Size
	}
}

// Row is what the rows of a statement are scanned into, one after the other.
type Row[T any] interface {
	Dest() []any  // where the columns go; every row overwrites all of them
	Item() T      // the item that the row describes
	Place() Place // the item's place in the order of the list
}

// ReadPage reads one page of a list that continues at the bookmark. The last
// parameter of the statement is the most rows that it may return, and is added here.
func ReadPage[T any, F comparable](ctx context.Context, c *Conn, from Bookmark[F], limit int, r Row[T], text string, args ...any) (List[T], error) {
	list := List[T]{Items: make([]T, 0, limit)}
	rows, err := c.Query(ctx, text, append(args, limit+1)...) // one more tells whether there is a next page
	if err != nil {
		return list, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	if err := rows.into(r.Dest()); err != nil {
		return list, err
	}
	for rows.Next() {
		if len(list.Items) == limit {
			if list.Next, err = from.Cursor(r.Place()); err != nil {
				return list, err
			}
			break
		}
		if err := rows.scan(); err != nil {
			return list, err
		}
		list.Items = append(list.Items, r.Item())
	}
	return list, rows.Err()
}
