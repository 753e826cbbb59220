package subscription

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// claimFor is how long a node that has noted a new place may take to make the consumer before
// another one does.
const claimFor = 2 * time.Second

// Ensure makes the consumer as the spec wants it. It makes a consumer that was lost again from
// the noted place, and does nothing if the consumer is right already. The error wraps
// [ErrSuperseded] or [ErrDeleted] if the spec is out of date. Any other error may pass.
func (s *Subscriptions) Ensure(ctx context.Context, spec Spec) error {
	_, _, err := s.ensure(ctx, spec)
	return err
}

// ensure is Ensure. It returns the consumer and the note.
func (s *Subscriptions) ensure(ctx context.Context, spec Spec) (jetstream.Consumer, note, error) {
	var seen uint64 // the note of another node that is making the consumer
	var since time.Time
	for {
		consumer, n, err := s.follow(ctx, spec, seen != 0 && time.Since(since) > claimFor)
		if !errors.Is(err, errNoted) {
			return consumer, n, err
		}
		if n.sequence != seen {
			seen, since = n.sequence, time.Now()
		}
		if err := wait(ctx, onceMore); err != nil {
			return nil, note{}, err
		}
	}
}

// follow makes one attempt at what Ensure does. The error wraps errNoted if another node is at
// it. If it has taken too long, this one takes over.
func (s *Subscriptions) follow(ctx context.Context, spec Spec, takeOver bool) (jetstream.Consumer, note, error) {
	n, err := s.note(ctx, spec.ID)
	switch {
	case err != nil:
		return nil, n, err
	case n.Deleted: // another node may have been about to make the consumer
		return nil, n, errors.Join(fmt.Errorf("subscription %s: %w", spec.ID, ErrDeleted), s.removeAll(ctx, spec, n))
	case n.Epoch > spec.epoch() && spec.Kind == domain.SubscriptionWebhook: // this one may have made its consumer too late
		err = fmt.Errorf("subscription %s at version %d: %w", spec.ID, spec.Version, ErrSuperseded)
		return nil, n, errors.Join(err, s.remove(ctx, spec, spec.consumerName()))
	case n.Version > spec.Version || n.Epoch > spec.epoch():
		return nil, n, fmt.Errorf("subscription %s at version %d: %w", spec.ID, spec.Version, ErrSuperseded)
	}
	consumer, err := s.consumer(ctx, spec)
	if err != nil {
		return nil, n, err
	}
	if consumer != nil && epochOf(consumer.CachedInfo()) == spec.epoch() {
		n, err = s.settle(ctx, spec, n, consumer.CachedInfo())
		return consumer, n, err
	}
	if n.Making && n.Epoch == spec.epoch() && !takeOver {
		return nil, n, errNoted
	}
	if n, err = s.claim(ctx, spec, n, consumer); err != nil {
		return nil, n, err
	}
	for _, epoch := range n.Former {
		if err := s.remove(ctx, spec, spec.consumerAt(epoch)); err != nil {
			return nil, n, err
		}
	}
	if consumer != nil { // for another epoch, of kind NATS
		if err := s.remove(ctx, spec, spec.consumerName()); err != nil {
			return nil, n, err
		}
	}
	consumer, err = s.make(ctx, spec, n.Position)
	if errors.Is(err, jetstream.ErrConsumerExists) { // this node was so slow that another one has taken over
		err = errNoted
	}
	if err != nil {
		return nil, n, err
	}
	n.Making, n.Former = false, nil
	n, err = s.write(ctx, spec.ID, n)
	return consumer, n, err
}

// claim notes the place for the spec, and that this node makes the consumer. Two nodes must not
// do that at the same time, because a server that deletes a consumer may delete the files of the
// next one with the same name. The consumer is the one with the name that the spec's consumer will
// have, or nil.
func (s *Subscriptions) claim(ctx context.Context, spec Spec, n note, consumer jetstream.Consumer) (_ note, err error) {
	if n.Epoch < spec.epoch() {
		if former := spec.consumerAt(n.Epoch); n.Epoch != 0 && former != spec.consumerName() {
			if consumer, err = s.open(ctx, spec, former); err != nil {
				return n, err
			}
			n.Former = append(n.Former, n.Epoch)
		}
		if n.Position, err = s.place(ctx, spec, n, consumer); err != nil {
			return n, err
		}
	}
	n.Version, n.Epoch, n.Set, n.Making = spec.Version, spec.epoch(), max(n.Set, spec.Set), true
	return s.write(ctx, spec.ID, n)
}

// consumer returns the consumer for the spec with what JetStream says of it, or nil if there is
// none. That of a client of NATS may be one for another epoch.
func (s *Subscriptions) consumer(ctx context.Context, spec Spec) (jetstream.Consumer, error) {
	return s.open(ctx, spec, spec.consumerName())
}

// open returns the subscription's consumer with the name, or nil if there is none.
func (s *Subscriptions) open(ctx context.Context, spec Spec, name string) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	consumer, err := s.js.Consumer(ctx, spec.stream(), name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("opening the consumer of subscription %s: %w", spec.ID, err)
	}
	return consumer, nil
}

// settle notes the spec's numbers, and pauses the consumer of a client of NATS or lets it go
// on.
func (s *Subscriptions) settle(ctx context.Context, spec Spec, n note, info *jetstream.ConsumerInfo) (note, error) {
	if n.Making || n.Version < spec.Version || n.Epoch < spec.epoch() {
		n.Position = max(n.Position, info.AckFloor.Stream)
		n.Version, n.Epoch, n.Set, n.Making = spec.Version, spec.epoch(), max(n.Set, spec.Set), false
		n.Former = nil // a consumer is made after they have been deleted
		var err error
		if n, err = s.write(ctx, spec.ID, n); err != nil {
			return n, err
		}
	}
	if spec.Kind != domain.SubscriptionNATS || info.Paused == spec.Paused {
		return n, nil
	}
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	var err error
	if spec.Paused {
		_, err = s.js.PauseConsumer(ctx, spec.stream(), spec.consumerName(), never)
	} else {
		_, err = s.js.ResumeConsumer(ctx, spec.stream(), spec.consumerName())
	}
	if err != nil {
		return n, fmt.Errorf("pausing or resuming subscription %s: %w", spec.ID, err)
	}
	return n, nil
}

// removeAll deletes all consumers of the subscription that the spec and the note tell of.
func (s *Subscriptions) removeAll(ctx context.Context, spec Spec, n note) error {
	names := []string{spec.consumerName()}
	for _, epoch := range append(n.Former, n.Epoch) {
		names = append(names, spec.consumerAt(epoch))
	}
	slices.Sort(names)
	var errs []error
	for _, name := range slices.Compact(names) {
		errs = append(errs, s.remove(ctx, spec, name))
	}
	return errors.Join(errs...)
}

// remove deletes the subscription's consumer with the name, if it is there.
func (s *Subscriptions) remove(ctx context.Context, spec Spec, name string) error {
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	err := s.js.DeleteConsumer(ctx, spec.stream(), name)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("deleting the consumer of subscription %s: %w", spec.ID, err)
	}
	return nil
}

// make makes the consumer.
func (s *Subscriptions) make(ctx context.Context, spec Spec, position uint64) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	consumer, err := s.js.CreateConsumer(ctx, spec.stream(), spec.config(position, s.options.AckWait))
	if err != nil {
		return nil, fmt.Errorf("making the consumer of subscription %s: %w", spec.ID, err)
	}
	return consumer, nil
}

// Delete deletes the consumers and the attempts of a subscription, for good: what a node with an
// older spec calls afterwards fails with [ErrDeleted]. A note of some bytes stays for that. All
// nodes may call Delete, and more than once.
func (s *Subscriptions) Delete(ctx context.Context, spec Spec) error {
	n, err := s.change(ctx, spec.ID, func(n *note) bool {
		if n.Deleted {
			return false
		}
		*n = note{Version: max(n.Version, spec.Version), Epoch: n.Epoch, Former: n.Former, Deleted: true, sequence: n.sequence}
		return true
	})
	if err != nil {
		return err
	}
	if err := s.removeAll(ctx, spec, n); err != nil {
		return err
	}
	return s.forgetAttempts(ctx, spec.ID)
}
