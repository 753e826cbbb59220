package subscription

import (
	"context"
	"errors"
	"time"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
)

// Place is how far a subscription has come, and how it is doing.
type Place struct {
	Position uint64    // everything up to it that is wanted has been delivered and acknowledged
	Lag      uint64    // how many wanted events are behind it
	Oldest   time.Time // of the first of them; zero if there is none, or if this node cannot show it yet
	Health   Health
}

// Place returns the place of a subscription. If the consumer has been lost, or does not follow
// the spec yet, Place makes it first. The error wraps [ErrDeleted] if the subscription has been
// deleted.
func (s *Subscriptions) Place(ctx context.Context, spec Spec) (Place, error) {
	n, err := s.note(ctx, spec.ID)
	if err != nil {
		return Place{}, err
	}
	// A node whose read model lags behind can tell the place all the same.
	consumer, err := s.open(ctx, spec, spec.consumerAt(max(n.Epoch, spec.epoch())))
	if err != nil {
		return Place{}, err
	}
	if n.Deleted || consumer == nil || epochOf(consumer.CachedInfo()) < max(n.Epoch, spec.epoch()) {
		if _, n, err = s.ensure(ctx, spec); err != nil {
			return Place{}, err
		}
		if consumer, err = s.consumer(ctx, spec); err != nil {
			return Place{}, err
		}
		if consumer == nil {
			return Place{}, errors.New("the consumer of the subscription has been deleted")
		}
	}
	info := consumer.CachedInfo()
	p := Place{Position: info.AckFloor.Stream, Lag: info.NumPending + uint64(info.NumAckPending), Health: n.healthOf(spec)} //nolint:gosec // not negative
	if p.Lag > 0 {
		if e, _, err := s.next(ctx, spec.Filter(), p.Position); err == nil && e.Number != 0 {
			if entry, _, err := wire.Decode(e.Stored); err == nil {
				p.Oldest = entry.Time
			}
		}
	}
	return p, nil
}

// Next returns the first event after the subscription's place that it wants. It reports false if
// there is none that this node can show.
func (s *Subscriptions) Next(ctx context.Context, spec Spec) (feed.Event, bool, error) {
	p, err := s.Place(ctx, spec)
	if err != nil {
		return feed.Event{}, false, err
	}
	e, _, err := s.next(ctx, spec.Filter(), p.Position)
	return e, e.Number != 0, err
}

// next returns the first visible event after the number that the filter wants, and the number
// before it. If there is none, it returns an event without a number, and the number up to which
// it has looked.
func (s *Subscriptions) next(ctx context.Context, f feed.Filter, after uint64) (feed.Event, uint64, error) {
	for {
		found, upto, err := s.options.Events(ctx, f, after, 1)
		if err != nil {
			return feed.Event{}, after, err
		}
		if len(found) > 0 {
			return found[0], found[0].Number - 1, nil
		}
		if upto == after {
			return feed.Event{}, after, nil
		}
		after = upto
	}
}
