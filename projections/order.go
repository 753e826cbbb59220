package projections

import (
	"fmt"
	"math"
	"strings"

	"github.com/muster-dev/muster/domain"
)

// Order is what a list is ordered by, as in order_by; empty is [OrderCreated].
type Order string

// The orders of lists, as far as a list has them. Whoever has no profile comes
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

// down reports whether the order is one from the last to the first.
func (o Order) down() bool { return strings.HasPrefix(string(o), "-") }

func (o Order) unknown() error { return fmt.Errorf("%q: %w", o, ErrUnknownOrder) }

// mark is where an item stands in the order of its list: what it is ordered by,
// and at the end a key, so that no two stand at the same place.
type mark struct {
	Text string   `json:"t,omitzero"`
	N    [3]int64 `json:"n"`
}

// lowest and highest are before and behind everything there can be. No text in
// UTF-8 has the highest one's byte.
var (
	lowest  = mark{N: [3]int64{math.MinInt64, math.MinInt64, math.MinInt64}}
	highest = mark{"\xff", [3]int64{math.MaxInt64, math.MaxInt64, math.MaxInt64}}
)

// first is the place before all items.
func (o Order) first() mark {
	if o.down() {
		return highest
	}
	return lowest
}

// last is the place behind all items.
func (o Order) last() mark {
	if o.down() {
		return lowest
	}
	return highest
}

// personOrder is what statements say for an order by something of a person p.
type personOrder struct {
	of      func(domain.ProfileFacts) string
	column  string // which holds it
	after   string // compares with the place that the page begins behind
	until   string // compares with the place where it must end
	orderBy string
}

// personOrders are the orders of lists of people, or of what belongs to people.
var personOrders = map[Order]personOrder{
	OrderEmail:     {foldEmail, "p.folded_email", ">", "<=", "ORDER BY p.folded_email, p.key"},
	OrderEmailDown: {foldEmail, "p.folded_email", "<", ">=", "ORDER BY p.folded_email DESC, p.key DESC"},
	OrderName:      {foldName, "p.folded_name", ">", "<=", "ORDER BY p.folded_name, p.key"},
	OrderNameDown:  {foldName, "p.folded_name", "<", ">=", "ORDER BY p.folded_name DESC, p.key DESC"},
}
