package transport

import (
	"fmt"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
)

// Moment returns the moment of an organization's history that a client names under the pointer,
// in the forms that the parameter as_of takes. Without a text it is now: what queries show at
// this time. It is for queries with moments of their own; see [AsOf] for all others.
func (c *Call) Moment(org domain.OrganizationID, pointer, text string) (m projections.Moment, err error) {
	partition := c.Log().Partition(org)
	if text == "" {
		m.Position = wire.Position{Partition: partition, Number: c.Models().Applied(partition)}
		m.Time = c.Now().UTC().Truncate(time.Millisecond)
		return m, nil
	}
	p, err := c.parseAsOf(pointer, text)
	if err == nil {
		m.Position, err = p.resolve(c, partition)
		m.Time = p.time
	}
	if err == nil && p.placed {
		_ = c.awaitTime(m.Time) // the event's, by the clock of another node; now must not be before it
	}
	return m, err
}

// MomentText returns a text that names the moment exactly: the position and the time by which
// what ends by the clock has ended, such as 3-1042@2026-03-05T23:09:47.281Z. A time alone is
// not exact: an event's time is set before the event can be read.
func MomentText(m projections.Moment) string {
	if m.Time.IsZero() { // before the first event
		return m.Position.String()
	}
	return m.Position.String() + "@" + m.Time.UTC().Format("2006-01-02T15:04:05.000Z")
}

// Names reports whether the text, which a client has sent under the pointer, names the moment.
func (c *Call) Names(m projections.Moment, pointer, text string) (bool, error) {
	given, err := c.parseAsOf(pointer, text)
	if err != nil {
		return false, err
	}
	return (&past{position: m.Position, placed: true, time: m.Time, byTime: given.byTime}).is(given), nil
}

// Continue waits until this node can show the moment that a list's cursor has brought. The
// error is around [projections.ErrBadCursor] if no list can have given it out.
func (c *Call) Continue(m projections.Moment) error {
	if !c.awaitTime(m.Time) {
		return fmt.Errorf("%w: no list has given it out", projections.ErrBadCursor)
	}
	_, err := (&past{position: m.Position, placed: true, time: m.Time, fromCursor: true}).resolve(c, m.Position.Partition)
	return err
}

// QueriesAt returns the read models as of the moment. It waits for the history, but not for
// long; see [Call.History]. The error is [projections.ErrNotFound] if the organization did not
// exist then.
func (c *Call) QueriesAt(org domain.OrganizationID, m projections.Moment) (*projections.Queries, error) {
	if m.Position.Number == 0 {
		return nil, projections.ErrNotFound
	}
	q, err := c.history(m.Position)
	if err == nil {
		_, err = q.Organization(org)
	}
	return q, err
}
