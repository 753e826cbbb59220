package subscription

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// Sweep deletes what is left of subscriptions that were deleted while no node could see to it, and
// consumers whose place another one has taken. The lookup returns the spec of a subscription and
// whether it has been deleted. Nothing is done about one that it returns an error for. What is
// read grows with the number of consumers.
func (s *Subscriptions) Sweep(ctx context.Context, lookup func(domain.SubscriptionID) (spec Spec, deleted bool, err error)) error {
	var errs []error
	for partition := range s.store.Partitions {
		names, err := s.consumerNames(ctx, partition)
		errs = append(errs, err)
		for _, name := range names {
			id, epoch, ok := consumerOf(name)
			if !ok {
				continue
			}
			if spec, deleted, err := lookup(id); err == nil {
				errs = append(errs, s.sweep(ctx, spec, name, epoch, deleted))
			}
		}
	}
	return errors.Join(errs...)
}

// sweep deletes the consumer for the epoch unless it is still of use.
func (s *Subscriptions) sweep(ctx context.Context, spec Spec, name string, epoch uint64, deleted bool) error {
	if deleted {
		return errors.Join(s.Delete(ctx, spec), s.remove(ctx, spec, name))
	}
	if name == spec.consumerName() || epoch > spec.epoch() {
		return nil
	}
	// As long as no node has followed the spec, the place of the older consumer is needed.
	n, err := s.note(ctx, spec.ID)
	if err != nil || n.Epoch <= epoch {
		return err
	}
	return s.remove(ctx, spec, name)
}

// consumerNames returns the names of all consumers of a partition's feed, in no particular order.
func (s *Subscriptions) consumerNames(ctx context.Context, partition int) (names []string, err error) {
	stream, err := s.js.Stream(ctx, store.FeedStream(partition))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", store.FeedStream(partition), err)
	}
	list := stream.ConsumerNames(ctx)
	for name := range list.Name() {
		names = append(names, name)
	}
	if err := list.Err(); err != nil && err != jetstream.ErrEndOfData { //nolint:errorlint // it is returned itself
		return names, fmt.Errorf("listing the consumers of %s: %w", store.FeedStream(partition), err)
	}
	return names, nil
}
