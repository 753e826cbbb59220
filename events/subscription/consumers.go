package subscription

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// Consumers returns the subscriptions that have a consumer, in no particular order. What is read
// grows with their number.
func (s *Subscriptions) Consumers(ctx context.Context) (ids []domain.SubscriptionID, err error) {
	for partition := range s.store.Partitions {
		stream, err := s.js.Stream(ctx, store.FeedStream(partition))
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", store.FeedStream(partition), err)
		}
		names := stream.ConsumerNames(ctx)
		for name := range names.Name() {
			var id domain.SubscriptionID
			if text, ours := strings.CutPrefix(name, consumers); ours && id.UnmarshalText([]byte(text)) == nil {
				ids = append(ids, id)
			}
		}
		if err := names.Err(); err != nil && err != jetstream.ErrEndOfData { //nolint:errorlint // it is returned itself
			return nil, fmt.Errorf("listing the consumers of %s: %w", store.FeedStream(partition), err)
		}
	}
	return ids, nil
}
