package sqlite

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"

	"github.com/go-json-experiment/json"
)

var (
	// ErrBadCursor reports that a cursor is not one of this list with this filter.
	ErrBadCursor = errors.New("the cursor does not belong to this list")

	// errNoCursor is the [ErrBadCursor] of a text that is no cursor at all.
	errNoCursor = fmt.Errorf("%w: no list has given it out; send the next_cursor of the page before, or none to begin", ErrBadCursor)
)

// Cursor says where a list continues. It is opaque, contains the filter of its list,
// and stays valid when the tables are rebuilt.
type Cursor string

// Place is where an item is in the order of its list: the values that the list is
// ordered by, and a key at the end, so that no two items have the same place.
type Place struct {
	Text string   `json:"t,omitzero"`
	N    [3]int64 `json:"n"`
}

// Lowest and Highest are the places before and behind all others. No text in UTF-8
// has the byte of the highest.
var (
	Lowest  = Place{N: [3]int64{math.MinInt64, math.MinInt64, math.MinInt64}}
	Highest = Place{"\xff", [3]int64{math.MaxInt64, math.MaxInt64, math.MaxInt64}}
)

// Bookmark is what a [Cursor] says: which list, of what, with which filter, and the
// place of the last item that was shown.
type Bookmark[Filter comparable] struct {
	List   string `json:"l"`
	Of     int64  `json:"o,omitzero"`
	Filter Filter `json:"f,omitzero"`
	Last   Place  `json:"k"`
}

// NoFilter is the filter of lists that have none.
type NoFilter struct{}

// ReadCursor returns the bookmark that the page continues at. Without a cursor that
// is the beginning of the list, with the zero place. A cursor brings its own filter:
// the given one must be the same or the zero value. The error is [ErrBadCursor].
func ReadCursor[F comparable](p Page, list string, of int64, filter F) (Bookmark[F], error) {
	first := Bookmark[F]{List: list, Of: of, Filter: filter}
	if p.After == "" {
		return first, nil
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(string(p.After))
	if err != nil {
		return first, errNoCursor
	}
	var from Bookmark[F]
	if err := json.Unmarshal(text, &from, json.RejectUnknownMembers(true)); err != nil {
		return first, errNoCursor
	}
	var none F
	switch {
	case from.List != list || from.Of != of:
		return first, fmt.Errorf("%w: it is one of another list", ErrBadCursor)
	case filter != none && filter != from.Filter:
		return first, fmt.Errorf("%w: it was made with another filter", ErrBadCursor)
	}
	return from, nil
}

// FilterOf returns the filter that [ReadCursor] will return, without checking the cursor:
// the cursor's, or the given one.
func FilterOf[F comparable](p Page, filter F) F {
	var from Bookmark[F]
	text, err := base64.RawURLEncoding.Strict().DecodeString(string(p.After))
	if p.After == "" || err != nil || json.Unmarshal(text, &from) != nil {
		return filter
	}
	return from.Filter
}

// Cursor returns the cursor that continues the list after the place.
func (b Bookmark[F]) Cursor(last Place) (Cursor, error) {
	b.Last = last
	text, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	return Cursor(base64.RawURLEncoding.EncodeToString(text)), nil
}
