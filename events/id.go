package events

import (
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
)

// eventIDs makes ids that ascend in the order of the log, from whatever process:
// it starts from the last one there.
type eventIDs struct{ last domain.EventID }

// next answers an id of that time, or, should the last one be of that time or
// later, the one that follows it.
func (g *eventIDs) next(at time.Time) domain.EventID {
	ms := ulid.Timestamp(at)
	if ms > g.last.Time() {
		_ = g.last.SetTime(ms)       // errs in the year 10889
		_, _ = rand.Read(g.last[6:]) // never errs
		return g.last
	}
	for i := len(g.last) - 1; i >= 0; i-- {
		g.last[i]++
		if g.last[i] != 0 {
			break
		}
	}
	return g.last
}
