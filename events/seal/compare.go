package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/wire"
)

// ErrDiffers reports that a copy is not what it must be.
var ErrDiffers = errors.New("the copy differs from the log")

// compare reads both logs. The copy must have the same events, and no profile in the clear.
func (c *copier) compare(ctx context.Context) error {
	show, end := c.progress("comparing the copy with the log")
	defer end()
	next, stop := iter.Pull2(c.to.all(ctx))
	defer stop()
	done := uint64(0)
	err := c.from.each(ctx, func(partition int, want *wire.Entry) error {
		got, err, more := next()
		if err != nil {
			return err
		}
		at := wire.Position{Partition: partition, Number: want.Number}
		if !more || got.partition != partition {
			return fmt.Errorf("event %s is missing: %w", at, ErrDiffers)
		}
		if err := c.same(ctx, want, got.Entry); err != nil {
			return fmt.Errorf("event %s: %w", at, err)
		}
		done++
		show(done, c.from.events())
		return nil
	})
	if err != nil {
		return err
	}
	if _, err, more := next(); more || err != nil {
		return errors.Join(err, ErrDiffers)
	}
	return nil
}

// located is an event with its partition.
type located struct {
	*wire.Entry
	partition int
}

// all returns every event, partition by partition.
func (l *log) all(ctx context.Context) iter.Seq2[located, error] {
	return func(yield func(located, error) bool) {
		err := l.each(ctx, func(partition int, e *wire.Entry) error {
			if !yield(located{e, partition}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(located{}, err)
		}
	}
}

var errEnough = errors.New("the reader has what it wants")

// same returns an error unless an event of the copy is the one of the log, sealed.
func (c *copier) same(ctx context.Context, want, got *wire.Entry) error {
	w, g, changed := want.Recorded, got.Recorded, false
	if w.Request != (domain.Hash{}) {
		w.Request, changed = c.to.people.RequestHash(w.Request[:]), true
	}
	if set, ok := w.Event.(domain.UserProfileSet); ok && set.Sealed.Key.IsZero() {
		copied, ok := g.Event.(domain.UserProfileSet)
		if !ok || copied.Profile != (domain.ProfileFacts{}) || copied.Sealed.Key.IsZero() {
			return fmt.Errorf("%w: the profile is not sealed", ErrDiffers)
		}
		profile, err := c.opened(ctx, g.ID, copied)
		switch {
		case errors.Is(err, personal.ErrErased): // nobody can read it any more
		case err != nil:
			return fmt.Errorf("%w: the sealed profile cannot be opened: %w", ErrDiffers, err)
		case profile != set.Profile:
			return fmt.Errorf("%w: another profile is sealed", ErrDiffers)
		}
		set.Profile, set.Sealed = domain.ProfileFacts{}, copied.Sealed
		w.Event, changed = set, true
	}
	if !reflect.DeepEqual(w, g) || !changed && !bytes.Equal(want.Stored, got.Stored) {
		return ErrDiffers
	}
	return nil
}

func (c *copier) opened(ctx context.Context, id domain.EventID, set domain.UserProfileSet) (domain.ProfileFacts, error) {
	key, err := c.to.people.Find(ctx, set.Sealed.Key)
	if err != nil {
		return domain.ProfileFacts{}, err
	}
	sealed, err := base64.StdEncoding.DecodeString(set.Sealed.Text)
	if err != nil {
		return domain.ProfileFacts{}, err
	}
	plain, err := key.Open(personal.About{Organization: set.Organization, User: set.User, Event: id}, sealed)
	if err != nil {
		return domain.ProfileFacts{}, err
	}
	return wire.ParseProfile(plain)
}
