package transport

import (
	"strconv"

	"github.com/muster-dev/muster/projections"
)

// ListQuery is what every list takes.
type ListQuery struct {
	PageSize int    `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
	Cursor   string `query:"cursor" maxLength:"6000" doc:"The next_cursor of the page before. It keeps the list's filters."`
}

func (q ListQuery) page() projections.Page {
	return projections.Page{Size: q.PageSize, After: projections.Cursor(q.Cursor)}
}

// CountQuery is what lists take that can be counted.
type CountQuery struct {
	Count bool `query:"count" doc:"Answer also how many items the whole list has, as count. Only with a list's first page."`
}

// counted adds to a page how many items the whole list has, when that was asked
// for.
func counted[T any](q CountQuery, l ListQuery, page *Listing[T], err error, count func() (int, error)) (*Listing[T], error) {
	switch {
	case q.Count && l.Cursor != "": // its filters are in the cursor
		return nil, invalid(FieldProblem{"query.count", codeInvalidValue, "count is answered with the first page, and not with a cursor"})
	case err != nil || !q.Count:
		return page, err
	}
	n, err := count()
	if err != nil {
		return nil, err
	}
	page.Body.Count = &n
	return page, nil
}

// List is one page of a list.
type List[T any] struct {
	Items      []T     `json:"items" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"The cursor of the next page; null at the end of the list."`
	Count      *int    `json:"count,omitzero" doc:"With count=true: how many items the whole list has." example:"1042"`
}

func (l *List[T]) appendJSON(b []byte) []byte {
	b = append(b, `{"items":[`...)
	for i := range l.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = encode(b, &l.Items[i]) // our own types always encode
	}
	b = append(b, `],"next_cursor":`...)
	if l.NextCursor == nil {
		b = append(b, "null"...)
	} else {
		b = appendText(b, *l.NextCursor)
	}
	if l.Count != nil {
		b = strconv.AppendInt(append(b, `,"count":`...), int64(*l.Count), 10)
	}
	return append(b, '}')
}

// Listing is the answer to a query for a list.
type Listing[T any] struct{ Body *List[T] }

// listing answers a page of rows, each turned into what the wire shows of it.
func listing[Row, T any](rows projections.List[Row], err error, show func(*Row) T) (*Listing[T], error) {
	if err != nil {
		return nil, err
	}
	items := make([]T, len(rows.Items))
	for i := range rows.Items {
		items[i] = show(&rows.Items[i])
	}
	next := string(rows.Next)
	return &Listing[T]{&List[T]{Items: items, NextCursor: orNull(&next)}}, nil
}
