package native

import (
	"strconv"

	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// ListQuery holds the parameters that every list takes.
type ListQuery struct {
	PageSize int    `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
	Cursor   string `query:"cursor" bounds:"cursor" maxLength:"6000" doc:"The next_cursor of the page before. It keeps the list's filters."`
}

// CursorField returns the field that holds the cursor.
func (q *ListQuery) CursorField() *string { return &q.Cursor }

func (q ListQuery) page() projections.Page {
	return projections.Page{Size: q.PageSize, After: projections.Cursor(q.Cursor)}
}

// CountQuery is the parameter of lists that can be counted.
type CountQuery struct {
	Count bool `query:"count" doc:"Also return how many items the whole list has, as count. Only with the first page of a list."`
}

// counted returns the page that the request asks for, with the request for a count if
// there is one.
func (q ListQuery) counted(c CountQuery) (projections.Page, error) {
	p := q.page()
	if p.Count = c.Count; p.Count && q.Cursor != "" { // a cursor includes the filters
		return p, transport.InvalidField("query.count", transport.CodeInvalidValue, "count is answered with the first page, and not with a cursor")
	}
	return p, nil
}

// List is one page of a list.
type List[T any] struct {
	Items      []T     `json:"items" bounds:"page" nullable:"false"`
	NextCursor *string `json:"next_cursor" bounds:"cursor" doc:"The cursor of the next page; null at the end of the list. A page of a list with a filter can have fewer items than asked for, even none, and still have one."`
	Count      *int    `json:"count,omitzero" bounds:"count" doc:"With count=true: how many items the whole list has." example:"1042"`

	// appendItems appends the items instead of Items. A page is written from the rows that
	// were read, so that the shown form of only one item is in memory.
	appendItems func(b []byte) []byte
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (l *List[T]) AppendJSON(b []byte) []byte {
	b = append(b, `{"items":`...)
	if l.appendItems != nil {
		b = l.appendItems(b)
	} else {
		b = appendList(b, l.Items, appendShown)
	}
	b = append(b, `,"next_cursor":`...)
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

// appendShown appends an item of a list.
func appendShown[T any](b []byte, item *T) []byte {
	b, _ = transport.AppendJSON(b, item) // our own types always encode
	return b
}

// Listing is the answer to a query for a list.
type Listing[T any] struct{ Body *List[T] }

// listing returns the answer with a page of rows. The function show returns what the wire
// shows of a row.
func listing[Row, T any](c *transport.Call, rows projections.List[Row], err error, show func(*Row) T) (*Listing[T], error) {
	if err != nil {
		return nil, err
	}
	list := &List[T]{appendItems: func(b []byte) []byte {
		shown := new(T)
		return appendList(b, rows.Items, func(b []byte, row *Row) []byte {
			*shown = show(row)
			return appendShown(b, shown)
		})
	}}
	if next := string(c.Continued(rows.Next)); next != "" {
		list.NextCursor = &next
	}
	return &Listing[T]{list}, nil
}

// countedListing is [listing] for a page that may ask for a count.
func countedListing[Row, T any](c *transport.Call, p projections.Page, rows projections.List[Row], err error, show func(*Row) T) (*Listing[T], error) {
	out, err := listing(c, rows, err, show)
	if err == nil && p.Count {
		out.Body.Count = &rows.Count
	}
	return out, err
}
