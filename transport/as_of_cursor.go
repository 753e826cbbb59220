package transport

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

// The cursors of a list as of a moment are those of the list, with the moment before them.
// No other cursor begins like that: they are Base64 of a JSON object.
var momentPattern = regexp.MustCompile(`^([pt])([0-9]{1,4})-([0-9]{1,19})-([0-9]{1,15})_([A-Za-z0-9_-]+)$`)

// cutMoment takes the moment out of a cursor. It returns nil for any other text.
func cutMoment(cursor string) (from *past, rest string) {
	found := momentPattern.FindStringSubmatch(cursor)
	if found == nil {
		return nil, cursor
	}
	partition, _ := strconv.Atoi(found[2])
	number, err := strconv.ParseUint(found[3], 10, 64)
	ms, failed := strconv.ParseInt(found[4], 10, 64)
	if err != nil || failed != nil {
		return nil, cursor
	}
	byTime := found[1] == "t"
	return &past{
		position: wire.Position{Partition: partition, Number: number}, placed: !byTime || number > 0,
		time: time.UnixMilli(ms).UTC(), byTime: byTime, fromCursor: true,
	}, found[5]
}

// Continued returns the cursor that a list gives out in place of the one from the read models.
// It names the moment that the list was read as of, if there is one.
func (c *Call) Continued(next projections.Cursor) projections.Cursor {
	if c.past == nil || next == "" {
		return next
	}
	kind := "p"
	if c.past.byTime {
		kind = "t"
	}
	at := c.past.position
	if len(c.past.read) == 1 {
		at = c.past.read[0].position
	}
	return projections.Cursor(fmt.Sprintf("%s%s-%d_%s", kind, at, c.past.time.UnixMilli(), next))
}
