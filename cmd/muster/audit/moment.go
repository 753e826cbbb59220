package audit

import (
	"errors"
	"time"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// moment is a place in history, given by a position or a time. The zero moment is
// none.
type moment struct {
	position wire.Position
	time     time.Time
}

func parseMoment(text string) (m moment, err error) {
	if m.position, err = wire.ParsePosition(text); err == nil {
		if m.position.Number == 0 {
			return m, errors.New("the first position of a partition has the number 1")
		}
		return m, nil
	}
	if m.time, err = terminal.ParseTime(text); err == nil || errors.Is(err, terminal.ErrZeroTime) {
		return m, err
	}
	return m, errors.New("a position like 3-1042 is expected, or a time like 2026-03-05T23:09:47Z, or a day like 2026-03-05")
}

func (m moment) isZero() bool { return m == moment{} }

// clock returns the time at which the state of the moment is taken: the time of the last
// event for a position, and now for no moment, unless the last event is later than that.
func (m moment) clock(last, now time.Time) time.Time {
	switch {
	case !m.time.IsZero():
		return m.time
	case m.isZero() && now.After(last):
		return now
	}
	return last
}

// before reports whether the event is before the moment.
func (m moment) before(r *domain.Recorded) bool {
	if !m.time.IsZero() {
		return r.Time.Before(m.time)
	}
	return r.Number < m.position.Number
}

// after reports whether the event is after the moment.
func (m moment) after(r *domain.Recorded) bool {
	switch {
	case m.isZero():
		return false
	case !m.time.IsZero():
		return r.Time.After(m.time)
	}
	return r.Number > m.position.Number
}
