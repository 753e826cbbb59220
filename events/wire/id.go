package wire

import (
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
)

// EventIDs makes the ids of a partition's events. The ids ascend in the order of the log,
// even if several processes make them, because each id continues from the last one in
// the log.
type EventIDs struct {
	Last domain.EventID // the id that was made last, or that of the log's last event
}

// Next returns an id for the time. If the previous id has the same time or a later
// one, the id is the previous one plus 1.
func (g *EventIDs) Next(at time.Time) domain.EventID {
	ms := ulid.Timestamp(at)
	if ms > g.Last.Time() {
		_ = g.Last.SetTime(ms)       // fails only from the year 10889 on
		_, _ = rand.Read(g.Last[6:]) // never fails
		return g.Last
	}
	for i := len(g.Last) - 1; i >= 0; i-- {
		g.Last[i]++
		if g.Last[i] != 0 {
			break
		}
	}
	return g.Last
}
