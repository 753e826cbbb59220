package projections

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

var (
	// ErrBadCursor says that a cursor was not made by this list with this filter.
	ErrBadCursor = errors.New("the cursor does not belong to this list")

	// errNoCursor is it of a text that is no cursor at all.
	errNoCursor = fmt.Errorf("%w: no list has given it out; send the next_cursor of the page before, or none to begin", ErrBadCursor)

	// ErrUnknownOrder says that a list cannot be put in that order.
	ErrUnknownOrder = errors.New("there is no such order")
)

// The sizes of pages.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// Page says which part of a list is wanted.
type Page struct {
	Size  int    // how many items at most; 0 is [DefaultPageSize], more than [MaxPageSize] is that
	After Cursor // where the page before ended; empty: the start
}

// Cursor is a place in a list. It is opaque, keeps the filter of its list, and
// stays good over rebuilds.
type Cursor string

// List is one page of a list.
type List[T any] struct {
	Items []T    // never nil
	Next  Cursor // continues the list; empty: this was its end
}

// place is what a [Cursor] says: which list, of what, with which filter, and where
// the last item shown stands in the order.
type place[Filter comparable] struct {
	List   string `json:"l"`
	Of     int64  `json:"o,omitzero"`
	Filter Filter `json:"f,omitzero"`
	Last   mark   `json:"k"`
}

// noFilter is the filter of lists that have none.
type noFilter struct{}

func (p Page) size() int {
	switch {
	case p.Size <= 0:
		return DefaultPageSize
	case p.Size > MaxPageSize:
		return MaxPageSize
	default:
		return p.Size
	}
}

// start answers where the page begins: at the cursor, which brings its own
// filter, or at the start of the list.
func start[F comparable](p Page, list string, of int64, filter F) (place[F], error) {
	first := place[F]{List: list, Of: of, Filter: filter}
	if p.After == "" {
		return first, nil
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(string(p.After))
	if err != nil {
		return first, errNoCursor
	}
	var at place[F]
	if err := json.Unmarshal(text, &at, json.RejectUnknownMembers(true)); err != nil {
		return first, errNoCursor
	}
	var none F
	switch {
	case at.List != list || at.Of != of:
		return first, fmt.Errorf("%w: it is one of another list", ErrBadCursor)
	case filter != none && filter != at.Filter:
		return first, fmt.Errorf("%w: it was made with another filter", ErrBadCursor)
	}
	return at, nil
}

// after is the cursor behind an item.
func (p place[F]) after(last mark) (Cursor, error) {
	p.Last = last
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return Cursor(base64.RawURLEncoding.EncodeToString(text)), nil
}
