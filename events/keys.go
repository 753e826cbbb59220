package events

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// openOwn opens the keys that belong to the log. New ones are made only for a log that never had
// any: it names none, and no profile in it is sealed. With others the error wraps
// [store.ErrOtherKeys].
func (p *profiles) openOwn(ctx context.Context, s *store.Store, o personal.Options) error {
	_, named, err := s.HomeID(ctx)
	if err != nil {
		return err
	}
	var sealed domain.PersonalKeyID
	if !named { // an older version wrote the log, or it is new or restored
		if sealed, err = firstSealed(ctx, s); err != nil {
			return err
		}
	}
	o.MustExist = named || !sealed.IsZero()
	p.keys, err = personal.Open(ctx, o)
	switch {
	case errors.Is(err, personal.ErrMissing):
		return fmt.Errorf("%w: %w", store.ErrOtherKeys, err)
	case err != nil:
		return fmt.Errorf("opening the keys of personal data: %w", err)
	}
	if !sealed.IsZero() {
		_, err := p.keys.Find(ctx, sealed)
		if errors.Is(err, personal.ErrUnknownKey) {
			return fmt.Errorf("%w: %w", store.ErrOtherKeys, err)
		}
		if err != nil && !errors.Is(err, personal.ErrErased) {
			return err
		}
	}
	return s.Home(ctx, p.keys.ID())
}

// firstSealed returns the key of the first sealed profile in the log, or zero if there is none.
func firstSealed(ctx context.Context, s *store.Store) (key domain.PersonalKeyID, err error) {
	found := errors.New("found")
	for _, p := range s.Partitions {
		tip, err := p.Tip(ctx)
		if err != nil {
			return key, err
		}
		if tip.Message == 0 {
			continue
		}
		err = p.Stored(ctx, wire.Checkpoint{Position: wire.Position{Partition: p.Number}}, tip, func(_ wire.Envelope, m wire.Message) error {
			for i := range m.Entries {
				if set, ok := m.Entries[i].Event.(domain.UserProfileSet); ok && !set.Sealed.Key.IsZero() {
					key = set.Sealed.Key
					return found
				}
			}
			return nil
		})
		if errors.Is(err, found) {
			return key, nil
		}
		if err != nil {
			return key, fmt.Errorf("looking for sealed profiles: %w", err)
		}
	}
	return key, nil
}

// known returns an error unless all keys are there or were destroyed. That a key is not there never
// means that its person is erased: it may be on another disk.
func (p *profiles) known(ctx context.Context, ids []personal.KeyID) error {
	for _, id := range ids {
		if _, err := p.keys.Find(ctx, id); err != nil && !errors.Is(err, personal.ErrErased) {
			return fmt.Errorf("destroying key %s: %w", id, err)
		}
	}
	return nil
}
