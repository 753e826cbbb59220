package subscription

import (
	"context"
	"errors"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// mostChanges bounds how many changes of an organization's subscriptions are read to find the
// first one of a subscription that no node has followed.
const mostChanges = 32

// place returns the position after which the consumer for the spec begins. The former consumer is
// the one for the note's epoch, or nil if there is none.
func (s *Subscriptions) place(ctx context.Context, spec Spec, n note, former jetstream.Consumer) (uint64, error) {
	if n.Set < spec.Set {
		return max(spec.Start, 1) - 1, nil
	}
	if former == nil || epochOf(former.CachedInfo()) != n.Epoch {
		return n.Position, nil // the note has been written since the consumer was made
	}
	info := former.CachedInfo()
	position := max(n.Position, info.AckFloor.Stream)
	if spec.Epoch <= n.Epoch {
		return position, nil // it has only been resumed
	}
	change, err := s.firstChange(ctx, spec, n, subjectsOf(info))
	if err != nil || change <= position {
		return position, err
	}
	// If nothing is undelivered, the change applies to what comes after it.
	for _, subject := range subjectsOf(info) {
		m, err := s.store.NextFeedMessage(ctx, spec.Partition, subject, position+1)
		if errors.Is(err, store.ErrNoMessage) || err == nil && m.Sequence >= change {
			continue
		}
		return position, err
	}
	return change - 1, nil
}

// firstChange returns the number of the first event after which the subscription has wanted other
// events than those with the subjects. There may have been several, of which no node has followed
// any. It returns 0 if there is none, or if what is in the feed does not tell.
func (s *Subscriptions) firstChange(ctx context.Context, spec Spec, n note, subjects []string) (uint64, error) {
	updates := Spec{Organization: spec.Organization, Types: []string{domain.SubscriptionUpdated{}.EventType()}}.Subjects()[0]
	number := n.Version
	for range mostChanges {
		m, err := s.store.NextFeedMessage(ctx, spec.Partition, updates, number+1)
		if errors.Is(err, store.ErrNoMessage) || err == nil && m.Sequence > spec.Epoch {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		entry, _, err := wire.Decode(m.Data)
		if err != nil {
			return 0, nil //nolint:nilerr // a newer version has written it
		}
		number = m.Sequence
		e, ok := entry.Event.(domain.SubscriptionUpdated)
		if !ok || e.ID != spec.ID {
			continue
		}
		wants := Spec{Organization: spec.Organization, Types: e.Types, Workspace: e.SubscriptionTerms.Workspace}
		if !slices.Equal(wants.Subjects(), subjects) {
			return number, nil
		}
	}
	return 0, nil
}
