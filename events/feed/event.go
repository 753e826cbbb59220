package feed

import (
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// Event is an event as the feed has it.
type Event struct {
	Number uint64 // in the organization's partition
	Type   string
	Stored []byte // the CloudEvent, without line breaks; a profile in it may be sealed
}

// item is an event together with the facts that it can be found by.
type item struct {
	Event
	about domain.About
	id    domain.EventID
	time  time.Time
}

func itemOf(e *wire.Entry) item {
	return item{Event{e.Number, e.Event.EventType(), e.Stored}, e.Event.Concerns(), e.ID, e.Time}
}
