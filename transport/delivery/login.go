package delivery

import (
	"context"
	"errors"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/credentials"
	"github.com/muster-dev/muster/projections"
)

// subscriber returns the lookup of those who come in to NATS. It waits until the read models show
// what this node has acknowledged, so that a secret works as soon as it was given out. What
// other nodes have acknowledged is waited for only before a login is refused.
func (d *Deliverer) subscriber(ctx context.Context) credentials.Lookup {
	find := func(user string) (none credentials.Subscriber, known bool, err error) {
		id, err := parseID(user)
		if err != nil {
			return none, false, nil //nolint:nilerr // no subscription has such an id
		}
		within, cancel := context.WithTimeout(ctx, retry)
		defer cancel()
		if err := d.Log.AwaitShown(within, events.AllEvents, domain.OrganizationID{}); err != nil {
			return none, false, err
		}
		s, err := d.Models.AnySubscription(id)
		switch {
		case errors.Is(err, projections.ErrNotFound):
			return none, false, nil
		case err != nil:
			return none, false, err
		case s.Kind != domain.SubscriptionNATS || !s.DeletedAt.IsZero():
			return none, false, nil
		}
		c := d.Connection(&s)
		return credentials.Subscriber{
			Stream: c.Stream, Consumer: c.Consumer, Secret: s.Secret, Former: s.Former, FormerUntil: s.FormerUntil,
		}, true, nil
	}
	catchUp := func() error {
		within, cancel := context.WithTimeout(ctx, retry)
		defer cancel()
		tips, err := d.Log.Tips(within)
		if err != nil {
			return err
		}
		for _, tip := range tips {
			if err := d.Models.WaitFor(within, tip); err != nil {
				return err
			}
		}
		return nil
	}
	return credentials.Lookup{Find: find, CatchUp: catchUp}
}

func parseID(text string) (id domain.SubscriptionID, err error) {
	err = id.UnmarshalText([]byte(text))
	return id, err
}
