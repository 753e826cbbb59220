package projections

import (
	"errors"
	"fmt"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

var (
	// ErrNotFound reports that there is no such row.
	ErrNotFound = sqlite.ErrNotFound
	// ErrBadCursor reports that a cursor is not one of this list with this filter.
	ErrBadCursor = sqlite.ErrBadCursor
	// ErrUnknownOrder reports that a list does not have that order.
	ErrUnknownOrder = errors.New("there is no such order")
)

// The sizes of pages.
const (
	DefaultPageSize = sqlite.DefaultPageSize
	MaxPageSize     = sqlite.MaxPageSize
)

// Page says which part of a list is wanted. Only [ReadModels.Members] and
// [ReadModels.AccessList] can also count the whole list.
type Page = sqlite.Page

// Cursor says where a list continues. It is opaque, contains the filter of its list,
// and stays valid when the read models are rebuilt.
type Cursor = sqlite.Cursor

// List is one page of a list.
type List[T any] = sqlite.List[T]

// Order is what a list is ordered by, as in order_by. Empty is [OrderCreated].
type Order string

// The orders of lists; not every list has all of them. People without a profile come
// before all others by e-mail address and by name.
const (
	OrderCreated   Order = "created_at"  // the oldest first
	OrderNewest    Order = "-created_at" // the newest first
	OrderEmail     Order = "email"
	OrderEmailDown Order = "-email"
	OrderName      Order = "name" // the first name before the last, as it is shown
	OrderNameDown  Order = "-name"
	OrderRole      Order = "role" // the lowest level first
	OrderRoleDown  Order = "-role"
)

// down reports whether the order runs from the last to the first.
func (o Order) down() bool { return strings.HasPrefix(string(o), "-") }

// unknown returns the error for a list that does not have the order.
func (o Order) unknown() error { return fmt.Errorf("%q: %w", o, ErrUnknownOrder) }

// first returns the place before all items.
func (o Order) first() sqlite.Place {
	if o.down() {
		return sqlite.Highest
	}
	return sqlite.Lowest
}

// last returns the place after all items.
func (o Order) last() sqlite.Place {
	if o.down() {
		return sqlite.Lowest
	}
	return sqlite.Highest
}

// personOrder is the part of a statement that orders people p, or rows that belong to
// them, by a column of the people.
type personOrder struct {
	of      func(domain.ProfileFacts) string // the value of the column
	column  string
	after   string // compares with the place after which the page begins
	until   string // compares with the place where a window ends
	orderBy string
}

var personOrders = map[Order]personOrder{
	OrderEmail:     {foldEmail, "p.folded_email", ">", "<=", "ORDER BY p.folded_email, p.key"},
	OrderEmailDown: {foldEmail, "p.folded_email", "<", ">=", "ORDER BY p.folded_email DESC, p.key DESC"},
	OrderName:      {foldName, "p.folded_name", ">", "<=", "ORDER BY p.folded_name, p.key"},
	OrderNameDown:  {foldName, "p.folded_name", "<", ">=", "ORDER BY p.folded_name DESC, p.key DESC"},
}

// personPlace returns the place of a person in the order.
func personPlace(order Order, key int64, facts domain.ProfileFacts) sqlite.Place {
	place := sqlite.Place{N: [3]int64{key}}
	if o, ok := personOrders[order]; ok {
		place.Text = o.of(facts)
	}
	return place
}
