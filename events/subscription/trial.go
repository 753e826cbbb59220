package subscription

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
)

// trial is an event that was handed out, and what is tried with it.
type trial struct {
	m       jetstream.Msg
	number  uint64 // of the event
	id      domain.EventID
	attempt int
	at      time.Time
	events  []feed.Event // with those that are delivered together with it
	last    uint64       // number of the last one; before the events are known, of the last one that they may have, or 0
}

// record returns what is kept of the trial.
func (t *trial) record(partition int, o Outcome) Attempt {
	a := NewAttempt(t.at, o)
	a.Position = &wire.Position{Partition: partition, Number: t.number}
	a.EventID, a.Type, a.Attempt = t.id, t.events[0].Type, t.attempt
	if t.last != t.number {
		a.Last = &wire.Position{Partition: partition, Number: t.last}
	}
	return a
}
