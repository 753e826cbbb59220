package feed

import (
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// Event is an event as subscribers get it.
type Event struct {
	Number uint64 // in the organization's partition
	Type   string
	Shown  []byte // the CloudEvent, without line breaks
}

// item is an event together with the facts that it can be found by.
type item struct {
	Event
	about domain.About
	id    domain.EventID
	time  time.Time
}

func itemOf(e *wire.Entry) item {
	return item{Event{e.Number, e.Event.EventType(), e.Shown}, e.Event.Concerns(), e.ID, e.Time}
}
