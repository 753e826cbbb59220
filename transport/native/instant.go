package native

import (
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// instant is a place in an organization's history, and the time by which what ends by the
// clock is judged there.
type instant struct {
	wire.Position
	at time.Time
}

// instantOf returns the moment that a text in a body names: a position of the organization, a
// time or a day. Without a text it is now. The parameter as_of is read elsewhere; see
// [transport.AsOf].
func instantOf(c *transport.Call, org domain.OrganizationID, pointer, text string) (instant, error) {
	now := instant{wire.Position{Partition: c.Log().Partition(org)}, c.Now()}
	if text == "" {
		now.Number = c.Models().Applied(now.Partition)
		return now, nil
	}
	if looksLikePosition(text) {
		at, err := positionOf(c, org, pointer, text)
		if err == nil {
			err = c.CheckMoment(pointer, at)
		}
		if err != nil {
			return instant{}, err
		}
		then, err := c.Log().TimeAt(c, at)
		return instant{at, then}, err
	}
	then, err := transport.ParseTime(text)
	if err != nil {
		return instant{}, transport.InvalidField(pointer, transport.CodeInvalidValue, "a position like 3-1042, a time like 2026-03-05T23:09:47Z or a day like 2026-03-05 is expected")
	}
	if then.After(now.at) {
		return instant{}, transport.InvalidField(pointer, transport.CodeAsOfInFuture, "the moment has not come yet; leave it out for now")
	}
	if err := c.AwaitVisible(now.Partition); err != nil {
		return instant{}, err
	}
	now.at = milliseconds(then)
	now.Number, err = c.Log().NumberAt(c, now.Partition, now.at.Add(time.Millisecond))
	return now, err
}

// asOf returns the read models as of the moment. The error is [projections.ErrNotFound] if the
// organization did not exist then.
func asOf(c *transport.Call, org domain.OrganizationID, m instant) (*projections.Queries, error) {
	if m.Number == 0 {
		return nil, projections.ErrNotFound
	}
	q, err := c.Models().AsOf(c, m.Position)
	if err == nil {
		_, err = q.Organization(org)
	}
	return q, err
}
